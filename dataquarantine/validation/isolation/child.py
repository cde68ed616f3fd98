"""The process that judges one record at a time under limits, and may die of it."""

from __future__ import annotations

import math
import pickle
import resource
import signal
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from dataquarantine.validation.isolation import protocol
from dataquarantine.validation.isolation.protocol import Judged, Limits


def main(requests: Connection, answers: Connection) -> None:
    """Answer every record until the parent hangs up."""
    start = protocol.decode_start(requests.recv_bytes())
    try:
        engine = pickle.loads(start.make_engine)()  # comes from the parent alone
    except Exception as exc:  # told to the parent, which raises it
        answers.send_bytes(protocol.encode(Judged(failure=f"{type(exc).__name__}: {exc}")))
        return
    _limit_memory(start.limits.memory_bytes)
    answers.send_bytes(protocol.encode(Judged()))
    while True:
        try:
            record = protocol.decode_record(requests.recv_bytes())
        except EOFError:
            return
        _limit_time(start.limits)
        judged = protocol.judged_of(engine.judge([record]))
        answers.send_bytes(protocol.encode(judged))
        signal.alarm(0)


def _limit_memory(more: int) -> None:
    """Limit the address space to what it is now and `more`; write no core, it would hold data."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    status = Path("/proc/self/statm")
    if status.exists():
        now = int(status.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + more, now + more))


def _limit_time(limits: Limits) -> None:
    """Let the kernel end the process when the next record takes too long."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(time.process_time()) + limits.cpu_s
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
    signal.alarm(limits.wall_s)


if __name__ == "__main__":
    main(Connection(int(sys.argv[1]), writable=False), Connection(int(sys.argv[2]), readable=False))
