"""What goes out for a chunk, and how a batch of it is packed for the broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from dataquarantine.records import Header, TopicPartition
from dataquarantine.stream.chunk import Chunk

#: A record to be produced: key, value, timestamp in ms, headers, then the chunk it comes from and
#: the position of its source record there. A plain tuple: a class of its own costs 0.3 us a record.
OutputRow = tuple[bytes | None, bytes | None, int, Sequence[Header], Chunk, int]

Outputs = Mapping[TopicPartition, Sequence[OutputRow]]


class BatchBuilder(Protocol):
    """aiokafka's batch under construction."""

    def extend(self, rows: Sequence[OutputRow]) -> int:
        """Append rows, in order, as long as they fit; the first of a batch always does.

        Returns: how many were taken.
        """

    def close(self) -> None:
        """End the batch."""


class Batch:
    """A closed or open batch for one partition, with its rows in case it must be built again."""

    __slots__ = ("builder", "rows")

    def __init__(self, builder: BatchBuilder) -> None:
        self.builder = builder
        self.rows: list[OutputRow] = []


class Packer:
    """Packs rows into batches as they arrive, so that the CPU work overlaps the produce before."""

    def __init__(self, new_builder: Any) -> None:
        self._new_builder = new_builder
        self.batches: dict[TopicPartition, list[Batch]] = {}

    def add(self, tp: TopicPartition, rows: Sequence[OutputRow]) -> None:
        """Append rows of one partition, in order.

        Cost: 0.8 us a record.
        """
        batches = self.batches.get(tp)
        if batches is None:
            batches = self.batches[tp] = [Batch(self._new_builder())]
        batch = batches[-1]
        taken = batch.builder.extend(rows)
        while taken < len(rows):
            batch.rows += rows[:taken]
            rows = rows[taken:]
            batch = Batch(self._new_builder())
            batches.append(batch)
            taken = batch.builder.extend(rows)
        batch.rows += rows

    def split(self, tp: TopicPartition) -> None:
        """Start a new batch for the next rows of a partition."""
        self.batches[tp].append(Batch(self._new_builder()))
