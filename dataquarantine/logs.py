"""Keeping the log readable while something is down."""

from __future__ import annotations

import logging

from dataquarantine.clock import Clock, SystemClock

REPEAT_AFTER_S = 5.0


class Seldom(logging.Filter):
    """Lets each message text through once in five seconds; counts what it held back."""

    def __init__(self, repeat_after_s: float = REPEAT_AFTER_S, clock: Clock | None = None) -> None:
        super().__init__()
        self._clock = clock or SystemClock()
        self._repeat_after_s = repeat_after_s
        self._last: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        text = str(record.msg)
        now = self._clock.monotonic()
        if now - self._last.get(text, -self._repeat_after_s) < self._repeat_after_s:
            self._held[text] = self._held.get(text, 0) + 1
            return False
        self._last[text] = now
        if held := self._held.pop(text, 0):
            record.msg = f"{text} (and {held} times more)"
        return True


def quieten(prefix: str) -> None:
    """Log the same message of a package's loggers seldom.

    aiokafka logs every retry: some 150 lines a second while the broker is away.
    """
    seldom = Seldom()
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] == prefix]
    for name in names:
        logging.getLogger(name).addFilter(seldom)
