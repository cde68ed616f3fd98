"""A program that runs beside us: started under a guard, ready by condition, never left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dataquarantine.dev import guard
from dataquarantine.errors import DataQuarantineError

READY_TIMEOUT_S = 60.0
POLL_S = 0.05


class ServiceFailed(DataQuarantineError):
    """A program of the development environment did not start or ended by itself."""

    def __init__(self, name: str, reason: str, log: Path) -> None:
        self.name = name
        self.log = log
        last = log.read_text("utf-8", "replace").splitlines()[-5:] if log.exists() else []
        super().__init__("\n  ".join([f"{name} {reason}; its log is {log}", *last]))


class Service:
    """One program under a guard; its output goes to `log`.

    Ends with this process however that ends, by `stop_signal` first, then by force.
    """

    def __init__(
        self, name: str, log: Path, *, stop_signal: signal.Signals = signal.SIGTERM, user: str = ""
    ) -> None:
        self.name = name
        self.log = log
        self.stop_signal = stop_signal
        self.user = user
        self.process: subprocess.Popen[bytes] | None = None

    def start(
        self,
        command: Sequence[str],
        *,
        ready: Callable[[], bool],
        env: Mapping[str, str] | None = None,
        timeout_s: float = READY_TIMEOUT_S,
    ) -> None:
        """Start the program and wait until `ready` says so.

        Raises: ServiceFailed when the program ends first or the time is up; nothing runs then.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        guarded = [sys.executable, "-ES", guard.__file__, self.stop_signal.name, self.user]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*guarded, *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=env,
                # Away from the terminal's group: Ctrl-C reaches us, and we stop in order.
                start_new_session=True,
            )
        self._wait(ready, timeout_s)

    def _wait(self, ready: Callable[[], bool], timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not ready():
            if not self.running:
                raise ServiceFailed(self.name, "ended while starting", self.log)
            if time.monotonic() > deadline:
                self.stop()
                raise ServiceFailed(self.name, f"was not ready in {timeout_s:g} s", self.log)
            time.sleep(POLL_S)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """End the program in order and wait for it; nothing happens when it does not run."""
        if self.process is None:
            return
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(timeout=guard.GRACE_S + 5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """End the program at once (-9), as a crash would; its guard goes with it."""
        if self.process is None:
            return
        pid = self.process.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split():
            os.kill(int(child), signal.SIGKILL)
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait()
        self.process = None


def free_port(preferred: int | None = None) -> int:
    """Return the preferred loopback port when nobody listens there, else a free one."""
    for candidate in (preferred or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")


def answers(url: str) -> bool:
    """Tell whether a page answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except OSError:  # refusals (4xx, 5xx) are OSErrors too
        return False
