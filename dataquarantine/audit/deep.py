"""Record by record: every source record is in the valid topic or among the dead letters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dataquarantine.audit.findings import Kind
from dataquarantine.audit.intervals import Intervals
from dataquarantine.audit.ranges import Proof
from dataquarantine.audit.stored import MOST_NAMED, Quarantine
from dataquarantine.audit.topics import Bounds
from dataquarantine.records import Record, TopicPartition

#: As the router writes it: `topic/partition/offset`.
SOURCE_HEADER = "__dq.src"

ReadAll = Callable[[str], AsyncIterator[list[Record]]]


@dataclass(slots=True)
class Marks:
    """One byte for each offset of a partition: how often it was found in an output, up to 2."""

    first_offset: int
    counts: bytearray
    expired_below: int = 0

    def mark(self, offset: int) -> None:
        place = offset - self.first_offset
        if 0 <= place < len(self.counts) and self.counts[place] < 2:
            self.counts[place] += 1

    def found(self, offset: int) -> int:
        return self.counts[offset - self.first_offset]


@dataclass(slots=True)
class DeepAudit:
    """Matches outputs to source records; memory is a byte for each source offset."""

    proofs: Mapping[TopicPartition, Proof]
    marks: dict[TopicPartition, Marks] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for tp, proof in self.proofs.items():
            size = proof.next_offset - proof.first_offset
            self.marks[tp] = Marks(proof.first_offset, bytearray(size))

    async def read_outputs(
        self, read: ReadAll, topics: Iterable[str], kept: Bounds, progress: Callable[[int], None]
    ) -> None:
        """Mark the source of every forwarded record.

        Where retention shortened a topic, what lies before its first kept source offset is expired.
        """
        for topic in topics:
            begun: set[tuple[int, TopicPartition]] = set()
            async for chunk in read(topic):
                partition = chunk[0].partition
                shortened = kept[TopicPartition(topic, partition)][0] > 0
                for record in chunk:
                    place, offset = _source(record)
                    marks = self.marks.get(place) if place is not None else None
                    if place is None or marks is None:
                        continue
                    marks.mark(offset)
                    if shortened and (partition, place) not in begun:
                        begun.add((partition, place))
                        marks.expired_below = max(marks.expired_below, offset)
                progress(len(chunk))

    def add_quarantine(self, quarantines: Mapping[TopicPartition, Quarantine]) -> None:
        """Mark the source of every dead letter and row."""
        for tp, quarantine in quarantines.items():
            if (marks := self.marks.get(tp)) is not None:
                for offset in quarantine.offsets:
                    marks.mark(offset)

    async def read_sources(
        self, read: ReadAll, topics: Iterable[str], progress: Callable[[int], None]
    ) -> None:
        """Look for every source record that must be in an output; tell the proofs."""
        for topic in topics:
            lost: dict[TopicPartition, list[int]] = {}
            async for chunk in read(topic):
                tp = TopicPartition(topic, chunk[0].partition)
                if (proof := self.proofs.get(tp)) is not None:
                    unmatched = self._unmatched(proof, chunk)
                    lost.setdefault(tp, []).extend(unmatched)
                progress(len(chunk))
            for tp, offsets in lost.items():
                self._report(self.proofs[tp], offsets)

    def count_twice(self, tp: TopicPartition) -> int:
        """Count the source offsets that were written more than once."""
        return self.marks[tp].counts.count(2)

    def _unmatched(self, proof: Proof, chunk: list[Record]) -> list[int]:
        marks = self.marks[proof.tp]
        first, end = chunk[0].offset, chunk[-1].offset + 1
        must = _within(proof.enforced, first, end)
        return [
            record.offset
            for record in chunk
            if any(low <= record.offset < high for low, high in must)
            and not marks.found(record.offset)
        ]

    def _report(self, proof: Proof, offsets: list[int]) -> None:
        below = self.marks[proof.tp].expired_below
        expired = [offset for offset in offsets if offset < below]
        lost = [offset for offset in offsets if offset >= below]
        if expired:
            proof.expired += len(expired)
            proof.report(
                Kind.EXPIRED,
                expired[0],
                expired[-1] + 1,
                len(expired),
                "retention of the outputs deleted what became of them",
            )
        proof.lost += len(lost)
        for offset in lost[:MOST_NAMED]:
            detail = "in the source topic, but neither forwarded nor quarantined"
            proof.report(Kind.LOST, offset, offset + 1, 1, detail)
        if rest := lost[MOST_NAMED:]:
            proof.report(Kind.LOST, rest[0], rest[-1] + 1, len(rest), f"{len(rest)} more")


def _within(intervals: Intervals, first: int, end: int) -> list[tuple[int, int]]:
    return [(low, high) for low, high in intervals if low < end and high > first]


def _source(record: Record) -> tuple[TopicPartition | None, int]:
    """Read where a forwarded record came from; None when its header is missing or not ours."""
    for name, value in record.headers:
        if name == SOURCE_HEADER and value is not None:
            topic, _, rest = value.decode("utf-8", "replace").rpartition("/")
            topic, _, partition = topic.rpartition("/")
            if partition.isdecimal() and rest.isdecimal():
                return TopicPartition(topic, int(partition)), int(rest)
    return None, -1
