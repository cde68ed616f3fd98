"""Work that takes processor time, done in a process of its own so that a worker's loop goes on."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from dataquarantine.errors import DataQuarantineError
from dataquarantine.subprocesses import environment

T = TypeVar("T")

#: A tenth of a core that the flow wants as well. With 5 (a quarter) the first seconds of a dry run
#: moved the flow's p99 by half as much again.
NICENESS = 10
TIMEOUT_S = 300.0
#: A process starves that has waited for a processor so many times as long as it had one, and
#: `PATIENCE_S` more: that is less than its niceness alone would get it.
STARVING = 10
PATIENCE_S = 5.0
#: For each second of work so many of rest; the stores that work for it are not niced.
REST = 3.0
LONGEST_REST_S = 0.3


def stand_back(pid: int) -> None:
    """Put the process that leads a session behind all that wants the processor too.

    On a desktop's Linux niceness counts only among the processes of a session, which all together
    get what every other session gets: there the session needs it too. Blocking for microseconds.
    """
    with suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
    with suppress(OSError):  # no such thing here
        Path(f"/proc/{pid}/autogroup").write_text(str(NICENESS), "ascii")


def give_way(pid: int) -> None:
    """Let a process have only what all others leave of the processors, where there is such a class.

    Niceness says who gets more, not who goes first: whoever wakes up waits until a nice process has
    had its turn, or for the processor that it sits on. Nothing without privileges undoes this, and
    where the processors are busy for long the process starves: see `starves`.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # it ended already, or a sandbox has no such class
            os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))


def starves(pid: int) -> bool:
    """Tell whether a process hardly gets a processor; False where the system does not say."""
    try:
        told = Path(f"/proc/{pid}/schedstat").read_text("ascii")
    except OSError:
        return False
    had_ns, waited_ns, _ = map(int, told.split())
    return waited_ns > STARVING * had_ns + PATIENCE_S * 1e9


class WorkFailed(DataQuarantineError):
    """The process ended without an answer."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the process that did this ended with code {code}; the log says why")


def rest_s(worked_s: float) -> float:
    """Say how long to rest after a piece of a long work, so that the flow hardly notices it."""
    return min(worked_s * REST, LONGEST_REST_S)


def run_beside(work: Callable[..., T], *arguments: Any) -> T:
    """Call a function of a module in a fresh process; what it raises is raised here.

    Blocking: call it in a thread. Raises: WorkFailed.
    """
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=pickle.dumps((work, arguments)),
        stdout=subprocess.PIPE,
        env=environment(),
        timeout=TIMEOUT_S,
        check=False,
        start_new_session=True,
    )
    if done.returncode:
        raise WorkFailed(done.returncode)
    result, refused = pickle.loads(done.stdout)  # of our own child
    if refused is not None:
        raise DataQuarantineError(refused)
    answer: T = result
    return answer


def main() -> None:
    """Do what stands on standard input, write the result to standard output."""
    stand_back(os.getpid())
    work, arguments = pickle.loads(sys.stdin.buffer.read())  # comes from the parent alone
    answer: tuple[Any, str | None]
    try:
        answer = work(*arguments), None
    except DataQuarantineError as exc:
        answer = None, str(exc)
    sys.stdout.buffer.write(pickle.dumps(answer))


if __name__ == "__main__":
    main()
