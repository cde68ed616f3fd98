"""Backpressure: which partitions may be fetched from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from dataquarantine.records import TopicPartition

#: Why a dead letter topic is held: neither the stores nor the spool take its records.
SPOOL_FULL = "spool"


class Allowance:
    """What may be in flight for a group of topics, in bytes and chunks; one chunk always may."""

    def __init__(self, max_bytes: int, max_chunks: int) -> None:
        self.max_bytes = max_bytes
        self.max_chunks = max_chunks
        self.bytes = 0
        self.chunks = 0

    @property
    def is_spent(self) -> bool:
        return self.bytes >= self.max_bytes or self.chunks >= self.max_chunks

    def take(self, size_bytes: int) -> None:
        self.bytes += size_bytes
        self.chunks += 1

    def give_back(self, size_bytes: int) -> None:
        self.bytes -= size_bytes
        self.chunks -= 1


class Trial:
    """So many records of one partition may flow though their topic is held."""

    def __init__(self, partition: int, left: int) -> None:
        self.partition = partition
        self.left = left


class Pace:
    """How many records a second may be fetched from a topic; a large chunk is waited for after."""

    def __init__(self, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_s = per_s
        self._clock = clock
        self._free_at = clock()

    @property
    def is_due(self) -> bool:
        return self._clock() >= self._free_at

    def took(self, count: int) -> None:
        self._free_at = max(self._free_at, self._clock()) + count / self.per_s


class Gate:
    """Asked on every fetch and for every partition; never Faust's own pause set.

    Faust's recovery resumes every paused partition after a rebalance, so a pause that must last
    (breaker, full spool, operator) can't live there.
    """

    def __init__(self, allowances: Iterable[tuple[Iterable[str], Allowance]]) -> None:
        self.allowances = {t: allowance for topics, allowance in allowances for t in topics}
        self._held: dict[str, set[str]] = {}
        self._trials: dict[str, Trial] = {}
        self._paces: dict[str, Pace] = {}

    def __contains__(self, topic: str) -> bool:
        """Tell whether a topic arrives in chunks."""
        return topic in self.allowances

    def is_open(self, tp: TopicPartition) -> bool:
        """Tell whether records may be fetched from a partition now."""
        allowance = self.allowances.get(tp.topic)
        if allowance is None:
            return True
        if allowance.is_spent:
            return False
        if held := self._held.get(tp.topic):
            trial = self._trials.get(tp.topic)
            if trial is None or len(held) > 1:
                return False
            return trial.partition == tp.partition and trial.left > 0
        pace = self._paces.get(tp.topic)
        return pace is None or pace.is_due

    def took(self, tp: TopicPartition, count: int) -> None:
        """Count records that were fetched."""
        if (trial := self._trials.get(tp.topic)) is not None:
            trial.left -= count
        if (pace := self._paces.get(tp.topic)) is not None:
            pace.took(count)

    def except_for(self, topic: str, trial: Trial | None) -> None:
        """Let some records of a topic flow though a reason holds it; None: let none."""
        if trial is None:
            self._trials.pop(topic, None)
        else:
            self._trials[topic] = trial

    def slow_down(self, topic: str, pace: Pace | None) -> None:
        """Bound how fast a topic is read; None: as fast as it goes."""
        if pace is None:
            self._paces.pop(topic, None)
        else:
            self._paces[topic] = pace

    def pace(self, topic: str) -> Pace | None:
        """Return how fast a topic may be read; None: as fast as it goes."""
        return self._paces.get(topic)

    def hold(self, topic: str, reason: str) -> None:
        """Close a topic for a reason; it opens when its last reason is released."""
        self._held.setdefault(topic, set()).add(reason)

    def release(self, topic: str, reason: str) -> None:
        """Take a reason back."""
        self._held.get(topic, set()).discard(reason)

    def reasons(self, topic: str) -> frozenset[str]:
        """Name why a topic is held."""
        return frozenset(self._held.get(topic, ()))
