"""What goes out for a chunk, and how a batch of it is packed for the broker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from dataquarantine.records import Header, TopicPartition
from dataquarantine.stream.chunk import Chunk


class OutputRow(NamedTuple):
    """A record to be produced, and the source record it came from (position in its chunk)."""

    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    headers: Sequence[Header]
    chunk: Chunk
    source_index: int


Outputs = Mapping[TopicPartition, Sequence[OutputRow]]


class BatchBuilder(Protocol):
    """aiokafka's batch under construction."""

    def append(
        self,
        *,
        timestamp: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[Header],
    ) -> Any:
        """Add a record; None when it does not fit any more."""

    def close(self) -> None:
        """End the batch."""


class Batch:
    """A closed or open batch for one partition, with its rows in case it must be built again."""

    __slots__ = ("builder", "rows")

    def __init__(self, builder: BatchBuilder) -> None:
        self.builder = builder
        self.rows: list[OutputRow] = []

    def add(self, row: OutputRow) -> bool:
        """Add a row; False when the batch is full. The first row always fits."""
        added = self.builder.append(
            timestamp=row.timestamp_ms, key=row.key, value=row.value, headers=row.headers
        )
        if added is None:
            return False
        self.rows.append(row)
        return True


class Packer:
    """Packs rows into batches as they arrive, so that the CPU work overlaps the produce before."""

    def __init__(self, new_builder: Any) -> None:
        self._new_builder = new_builder
        self.batches: dict[TopicPartition, list[Batch]] = {}

    def add(self, tp: TopicPartition, rows: Iterable[OutputRow]) -> None:
        """Append rows of one partition, in order."""
        batches = self.batches.get(tp)
        if batches is None:
            batches = self.batches[tp] = [Batch(self._new_builder())]
        last = batches[-1]
        for row in rows:
            if not last.add(row):
                last = Batch(self._new_builder())
                batches.append(last)
                last.add(row)

    def split(self, tp: TopicPartition) -> None:
        """Start a new batch for the next rows of a partition."""
        self.batches[tp].append(Batch(self._new_builder()))
