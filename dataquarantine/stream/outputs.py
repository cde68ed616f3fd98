"""What goes out for a chunk, and how a batch of it is packed for the broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol

from dataquarantine.records import Header, TopicPartition
from dataquarantine.stream.chunk import Chunk

#: A record to be produced: key, value, timestamp in ms, headers, then the chunk it comes from and
#: the position of its source record there. A plain tuple: a class of its own costs 0.3 us a record.
OutputRow = tuple[bytes | None, bytes | None, int, Sequence[Header], Chunk, int]

Outputs = Mapping[TopicPartition, Sequence[OutputRow]]

#: What is packed of a row: key, value, timestamp in ms, headers.
PackedRow = tuple[bytes | None, bytes | None, int, Sequence[Header]]

_chunk_of = itemgetter(4)
_position_of = itemgetter(5)


class BatchBuilder(Protocol):
    """aiokafka's batch under construction."""

    def extend(self, rows: Sequence[OutputRow]) -> int:
        """Append rows, in order, as long as they fit; the first of a batch always does.

        Returns: how many were taken.
        """

    def close(self) -> None:
        """End the batch."""

    def unpack(self) -> Sequence[PackedRow]:
        """End the batch and read back what it holds, in order."""


class Batch:
    """A closed or open batch for one partition, which can tell its rows if it must be built again.

    Only where they come from is kept. Rows that live until they are acknowledged have left the
    processor's cache by then, and to free them takes 6 % of a worker's time.
    """

    __slots__ = ("_sources", "builder")

    def __init__(self, builder: BatchBuilder) -> None:
        self.builder = builder
        self._sources: list[tuple[Chunk, list[int]]] = []

    def take(self, rows: Sequence[OutputRow]) -> int:
        """Pack rows of one chunk, as long as they fit; returns how many did."""
        taken = self.builder.extend(rows)
        if taken:
            self._sources.append((_chunk_of(rows[0]), list(map(_position_of, rows[:taken]))))
        return taken

    def rows(self) -> list[OutputRow]:
        """Read its rows back; nothing can be added after that."""
        sources = [(chunk, each) for chunk, positions in self._sources for each in positions]
        return [
            (*packed, *source)
            for packed, source in zip(self.builder.unpack(), sources, strict=True)
        ]


class Packer:
    """Packs rows into batches as they arrive, so that the CPU work overlaps the produce before."""

    def __init__(self, new_builder: Any) -> None:
        self._new_builder = new_builder
        self.batches: dict[TopicPartition, list[Batch]] = {}

    def add(self, tp: TopicPartition, rows: Sequence[OutputRow]) -> None:
        """Append rows of one partition and one chunk, in order."""
        batches = self.batches.get(tp)
        if batches is None:
            batches = self.batches[tp] = [Batch(self._new_builder())]
        taken = batches[-1].take(rows)
        while taken < len(rows):
            rows = rows[taken:]
            batches.append(Batch(self._new_builder()))
            taken = batches[-1].take(rows)

    def add_again(self, tp: TopicPartition, rows: Sequence[OutputRow]) -> None:
        """Append rows that were in a batch before, in order, whichever chunks they are of."""
        for _, of_chunk in groupby(rows, _chunk_of):
            self.add(tp, list(of_chunk))

    def split(self, tp: TopicPartition) -> None:
        """Start a new batch for the next rows of a partition."""
        self.batches[tp].append(Batch(self._new_builder()))
