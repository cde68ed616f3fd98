"""Figures of the whole cluster, folded from the ledger."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dataquarantine.audit.entry import LedgerEntry, read_ledger
from dataquarantine.records import TopicPartition

KEPT_S = 3600
STEP_S = 5
WINDOW_S = 60
POINTS = 72
MOST_CODES = 10

COUNTED = (*("seen", "valid", "invalid", "error", "remediated", "tombstone_forwarded", "unjudged"),)


@dataclass(slots=True)
class Step:
    """What the ledger has of five seconds."""

    number: int
    counts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)


class LedgerFigures:
    """Sums of the last hour, in steps; a range that is read again counts once.

    Args: sources: the topics that count; other gateways of the cluster share the ledger.
    """

    def __init__(self, sources: Collection[str]) -> None:
        self._sources = frozenset(sources)
        self._folded: dict[TopicPartition, int] = {}
        self._steps: deque[Step] = deque()
        self.moved_at: dict[TopicPartition, datetime] = {}

    def fold(self, value: bytes | None) -> None:
        """Count a record of the ledger."""
        entry = read_ledger(value)
        if not isinstance(entry, LedgerEntry) or entry.topic not in self._sources:
            return
        self.moved_at[entry.tp] = entry.at
        if entry.next_offset <= self._folded.get(entry.tp, -1):
            return
        self._folded[entry.tp] = entry.next_offset
        step = self._step(int(entry.at.timestamp()) // STEP_S)
        for name in COUNTED:
            step.counts[name] += getattr(entry, name)
        step.codes.update(entry.codes)

    def forget(self, now: datetime) -> None:
        """Drop what is older than an hour."""
        oldest = (int(now.timestamp()) - KEPT_S) // STEP_S
        while self._steps and self._steps[0].number < oldest:
            self._steps.popleft()

    def totals(self) -> dict[str, int]:
        """Sum up everything that is kept."""
        return {name: sum(step.counts[name] for step in self._steps) for name in COUNTED}

    def rates(self, now: datetime) -> dict[str, float]:
        """Tell records a second over the last minute."""
        first = (int(now.timestamp()) - WINDOW_S) // STEP_S
        recent = [step for step in self._steps if step.number >= first]
        names = ("valid", "invalid", "error", "remediated")
        return {n: round(sum(s.counts[n] for s in recent) / WINDOW_S, 2) for n in names}

    def series(self, now: datetime) -> list[dict[str, object]]:
        """Tell records a second step by step, oldest first; the present step is not over."""
        last = int(now.timestamp()) // STEP_S
        by_number = {step.number: step.counts for step in self._steps}
        return [
            {
                "at": datetime.fromtimestamp(number * STEP_S, UTC),
                **{
                    name: by_number.get(number, Counter())[name] / STEP_S
                    for name in ("valid", "invalid", "error")
                },
            }
            for number in range(last - POINTS, last)
        ]

    def codes(self) -> list[dict[str, object]]:
        """Tell why records did not pass, the most frequent first."""
        total: Counter[str] = Counter()
        for step in self._steps:
            total.update(step.codes)
        return [{"code": code, "count": n} for code, n in total.most_common(MOST_CODES)]

    def _step(self, number: int) -> Step:
        """Find a step; an entry that comes late (another worker's clock) may be of an older one."""
        for step in reversed(self._steps):
            if step.number == number:
                return step
            if step.number < number:
                break
        made = Step(number)
        at = len(self._steps)
        while at and self._steps[at - 1].number > number:
            at -= 1
        self._steps.insert(at, made)
        return made


class LatencyFigures:
    """This worker's latency over the last minute, from its own histogram's growth."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, list[float]]] = deque()

    def observe(
        self, at_s: float, bounds: Sequence[float], cumulative: Sequence[float]
    ) -> dict[str, object] | None:
        """Take the histogram as it is now; None while nothing was measured.

        Args: bounds: upper ends in seconds, the last infinite. cumulative: observations up to each.
        """
        if not cumulative:
            return None  # a histogram has no bounds until its first observation
        while self._seen and self._seen[0][0] < at_s - WINDOW_S:
            self._seen.popleft()
        before = self._seen[0][1] if self._seen else [0.0] * len(cumulative)
        if not self._seen or at_s - self._seen[-1][0] >= 1:
            self._seen.append((at_s, list(cumulative)))
        grown = [now - then for now, then in zip(cumulative, before, strict=True)]
        if not grown[-1]:
            grown = list(cumulative)  # nothing in the last minute: what there was before
        if not grown[-1]:
            return None
        single = [b - a for a, b in zip([0.0, *grown], grown, strict=False)]
        return {
            "scope": "worker",
            "buckets": [
                {"le_ms": None if bound == float("inf") else bound * 1000, "count": int(count)}
                for bound, count in zip(bounds, single, strict=True)
            ],
            **{f"p{share}_ms": _quantile(share / 100, bounds, grown) for share in (50, 95, 99)},
        }


def _quantile(share: float, bounds: Sequence[float], cumulative: Sequence[float]) -> float | None:
    """Estimate a quantile in milliseconds; None when it lies above the last bound."""
    wanted, below, start = share * cumulative[-1], 0.0, 0.0
    for bound, upto in zip(bounds, cumulative, strict=True):
        if upto >= wanted:
            if bound == float("inf"):
                return None
            inside = (wanted - below) / (upto - below) if upto > below else 1.0
            return round((start + (bound - start) * inside) * 1000, 3)
        below, start = upto, bound
    return None
