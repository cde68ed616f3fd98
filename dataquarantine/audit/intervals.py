"""Sets of offsets as few, long, disjoint ranges."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

#: From an offset up to and without another.
Span = tuple[int, int]


class Intervals:
    """Disjoint, ascending ranges; touching ones are joined."""

    def __init__(self) -> None:
        self._spans: list[Span] = []

    def __iter__(self) -> Iterator[Span]:
        return iter(self._spans)

    def __len__(self) -> int:
        """Count the offsets."""
        return sum(end - first for first, end in self._spans)

    def claim(self, first: int, end: int) -> list[Span]:
        """Add a range; returns the parts of it that were not there before.

        Cost: the logarithm of the number of spans, when ranges touch each other.
        """
        if first >= end:
            return []
        spans = self._spans
        low = bisect_left(spans, first, key=lambda span: span[1])
        high = low
        fresh: list[Span] = []
        at, joined_first, joined_end = first, first, end
        while high < len(spans) and spans[high][0] <= end:
            there_first, there_end = spans[high]
            if there_first > at:
                fresh.append((at, there_first))
            at = max(at, there_end)
            joined_first = min(joined_first, there_first)
            joined_end = max(joined_end, there_end)
            high += 1
        if at < end:
            fresh.append((at, end))
        spans[low:high] = [(joined_first, joined_end)]
        return fresh

    def missing(self, first: int, end: int) -> list[Span]:
        """List the parts of a range that are not there."""
        holes: list[Span] = []
        at = first
        for there_first, there_end in self._spans:
            if there_first >= end:
                break
            if there_first > at:
                holes.append((at, there_first))
            at = max(at, there_end)
        if at < end:
            holes.append((at, end))
        return holes
