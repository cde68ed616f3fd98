"""Keeps windows and states: folds the ledger, obeys the control topic. One worker at a time."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta
from typing import Protocol

import msgspec

from dataquarantine.audit.entry import LedgerEntry, read_ledger
from dataquarantine.breaker import states
from dataquarantine.breaker.states import Breaker, Reset
from dataquarantine.breaker.window import ErrorWindow
from dataquarantine.clock import Clock
from dataquarantine.settings import BreakerSettings

logger = logging.getLogger(__name__)


class Rows(Protocol):
    """A table: rows of bytes by source topic."""

    def get(self, key: bytes) -> bytes | None:
        """Return a row, None when there is none."""

    def __setitem__(self, key: bytes, value: bytes) -> None: ...


class BreakerKeeper:
    """The one writer of both tables.

    A global table reads its own changelog back, so that for a moment it may hold an older row than
    the one just written. What the writer counts on is therefore kept beside the windows, which no
    changelog changes while the partition is held; `breakers` is what it tells the others.
    """

    def __init__(
        self,
        settings: BreakerSettings,
        sources: Collection[str],
        windows: Rows,
        breakers: Rows,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._sources = frozenset(sources)
        self._windows = windows
        self._breakers = breakers
        self._clock = clock
        self._decoder = msgspec.json.Decoder(ErrorWindow)

    def fold(self, value: bytes | None) -> None:
        """Count a record of the ledger, and open or close what that decides.

        What is older than two windows (a new group reads the ledger from its start) moves nothing.
        """
        entry = read_ledger(value)
        if not isinstance(entry, LedgerEntry) or entry.topic not in self._sources:
            return
        key = entry.topic.encode()
        row = self._windows.get(key)
        window = ErrorWindow() if row is None else self._decoder.decode(row)
        horizon = self._clock.now() - timedelta(seconds=2 * self._settings.window_s)
        if entry.at < horizon or not window.fold(entry, self._settings):
            return
        breaker = self._last_written(entry.topic)
        moved = states.tried(breaker, entry, self._settings, self._clock.now())
        if breaker.state is not states.BreakerState.CLOSED:
            window.clear()  # what a trial sees is judged by the trial
        elif window.trips(self._settings):
            reason = f"more than {self._settings.max_invalid_share:.0%} bad for a whole window"
            seen, bad = window.total_seen, window.total_bad
            counted = msgspec.structs.replace(breaker, seen=seen, bad=bad)
            moved = states.opened_by(counted, entry, reason, self._clock.now())
            window.clear()
        self._windows[key] = msgspec.json.encode(window)
        self._move(breaker, moved)

    def control(self, value: bytes | None) -> None:
        """Obey a record of the control topic."""
        command = states.read_control(value)
        if command is None or command.topic not in self._sources:
            return
        breaker = self._last_written(command.topic)
        if isinstance(command, Reset):
            self._move(breaker, states.half_opened(breaker, command))
            return
        self._move(breaker, states.tripped(breaker, command, self._clock.now()))

    def breaker(self, topic: str) -> Breaker:
        """Return the breaker of a source, as every worker knows it."""
        return states.read_breaker(topic, self._breakers.get(topic.encode()))

    def _last_written(self, topic: str) -> Breaker:
        row = self._windows.get(_own_key(topic))
        return self.breaker(topic) if row is None else states.read_breaker(topic, row)

    def _move(self, before: Breaker, after: Breaker) -> None:
        if after is before and self.breaker(after.topic) == after:
            return
        row = msgspec.json.encode(after)
        self._windows[_own_key(after.topic)] = row
        self._breakers[after.topic.encode()] = row
        if after.state is not before.state:
            logger.error(
                "The breaker of %s went from %s to %s: %s (%d of %d records bad)",
                *(after.topic, before.state, after.state, after.reason, after.bad, after.seen),
                extra={"action": "breaker_moved"},
            )


def _own_key(topic: str) -> bytes:
    """Name the writer's own copy of a breaker; no topic's name has a slash."""
    return f"breaker/{topic}".encode()
