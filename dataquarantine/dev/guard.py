"""Run one program and end it when whoever started us is gone, however that happened.

Used as `python guard.py SIGNAL USER COMMAND...` with a pipe as standard input. The starter holds
the other end open; the kernel closes it when the starter is gone, even by kill -9. Standard library
only, so it starts fast.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import select
import signal
import subprocess
import sys
from collections.abc import Callable

GRACE_S = 10.0
PR_SET_PDEATHSIG = 1
POLL_S = 0.2


def main(arguments: list[str]) -> int:
    """Run the command as `user` (empty: our own); on a closed stdin send `SIGNAL`, then kill."""
    how, user, *command = signal.Signals[arguments[0]], arguments[1], *arguments[2:]
    asked = _stop_requests()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        user=user or None,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
        # This process has one thread, so code between fork and exec is safe here.
        preexec_fn=_die_with_parent(how),
    )
    while process.poll() is None:
        if asked or _starter_is_gone():
            return _end(process, how)
    return process.returncode


def _stop_requests() -> list[int]:
    """Collect the signals that ask us to stop; a terminal sends them to the whole group."""
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: asked.append(received))
    return asked


def _starter_is_gone() -> bool:
    ready, _, _ = select.select([sys.stdin.fileno()], [], [], POLL_S)
    return bool(ready) and os.read(sys.stdin.fileno(), 1) == b""


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> int:
    process.send_signal(how)
    try:
        return process.wait(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def _die_with_parent(how: signal.Signals) -> Callable[[], None] | None:
    """Let the kernel signal the program when this guard is killed; Linux only."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, how.value, 0, 0, 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
