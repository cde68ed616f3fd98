"""Backpressure: which partitions may be fetched from."""

from __future__ import annotations

from collections.abc import Iterable

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


class Gate:
    """Asked on every fetch and for every partition; never Faust's own pause set.

    Faust's recovery resumes every paused partition after a rebalance, so a pause that must last
    (breaker, full spool, operator) can't live there.
    """

    def __init__(self, allowances: Iterable[tuple[Iterable[str], Allowance]]) -> None:
        self.allowances = {t: allowance for topics, allowance in allowances for t in topics}
        self._held: dict[str, set[str]] = {}
        self._on_trial: dict[str, int] = {}

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
        held = self._held.get(tp.topic)
        return not held or (len(held) == 1 and self._on_trial.get(tp.topic) == tp.partition)

    def except_for(self, topic: str, partition: int | None) -> None:
        """Let one partition of a topic flow though a reason holds the topic; None: let none."""
        if partition is None:
            self._on_trial.pop(topic, None)
        else:
            self._on_trial[topic] = partition

    def hold(self, topic: str, reason: str) -> None:
        """Close a topic for a reason; it opens when its last reason is released."""
        self._held.setdefault(topic, set()).add(reason)

    def release(self, topic: str, reason: str) -> None:
        """Take a reason back."""
        self._held.get(topic, set()).discard(reason)

    def reasons(self, topic: str) -> frozenset[str]:
        """Name why a topic is held."""
        return frozenset(self._held.get(topic, ()))
