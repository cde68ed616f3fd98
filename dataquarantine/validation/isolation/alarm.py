"""Ending a process whose judge hangs."""

from __future__ import annotations

import faulthandler
import signal

#: Judging a chunk takes milliseconds; after so long it hangs, and the loop with its heartbeats too.
HANG_S = 60.0


class HangAlarm:
    """A context in which this process may stay for `limit_s` at most; reusable, not nested.

    SIGALRM ends it then, after the stack without values was written to stderr: nothing else gets
    through to a blocked loop. Whoever supervises the process starts it again, and the journal says
    what was being judged. Another timer of the process goes on afterwards.
    Cost: 1 us.
    """

    def __init__(self, limit_s: float = HANG_S) -> None:
        self._limit_s = limit_s
        self._before = (0.0, 0.0)
        self._registered = False

    def __enter__(self) -> None:
        if not self._registered:
            faulthandler.register(signal.SIGALRM, chain=True)
            self._registered = True
        self._before = signal.setitimer(signal.ITIMER_REAL, self._limit_s)

    def __exit__(self, *exc: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, *self._before)
