"""A chunk: the records of one partition that were fetched together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dataquarantine import tracing
from dataquarantine.records import Record, TopicPartition
from dataquarantine.stream.fetch_pause import FEW_RECORDS
from dataquarantine.validation.tally import Tally

if TYPE_CHECKING:
    from dataquarantine.stream.owner import PartitionOwner

#: What aiokafka and Python add to the bytes of a record, measured with tracemalloc.
RECORD_OVERHEAD_BYTES = 600


class Chunk:
    """N records of one partition, offsets ascending, gaps allowed (compaction, transactions).

    It belongs to the owner that admitted it: once the partition is revoked the chunk is stale,
    its work may be dropped at any point, and the next owner reads the records again.
    """

    __slots__ = (
        "finished",
        "next_offset",
        "owner",
        "records",
        "size_bytes",
        "span",
        "submitted",
        "tally",
    )

    def __init__(self, records: Sequence[Record], owner: PartitionOwner) -> None:
        self.records = records
        self.owner = owner
        self.next_offset = records[-1].offset + 1
        values = [r.value for r in records]
        self.size_bytes = sum(map(len, filter(None, values))) + len(values) * RECORD_OVERHEAD_BYTES
        self.submitted = False
        self.finished = False
        self.tally: Tally | None = None  # None: not judged
        self.span = tracing.begin(self)

    @property
    def tp(self) -> TopicPartition:
        return self.owner.tp

    @property
    def is_stale(self) -> bool:
        """Whether its partition was revoked, or is about to be and it is not on its way yet."""
        return self.owner.closed or (self.owner.ending and not self.submitted)

    def submit(self) -> None:
        """Say that its outputs are on their way, so that a revocation waits for them."""
        self.submitted = True

    def finish(self) -> None:
        """Say that every output is acknowledged; a stale chunk's word is ignored."""
        self.owner.finish(self)
        if self.span is not None:
            tracing.end(self.span, self)

    def __repr__(self) -> str:
        first = self.records[0].offset
        return f"<Chunk {self.tp} {first}..{self.next_offset - 1} ({len(self.records)} records)>"


def together(chunks: Sequence[Chunk]) -> Iterator[Sequence[Chunk]]:
    """Put the chunks of a fetch into messages: one per topic, where they hold few records.

    Faust takes some 0.5 ms for a message on its way through three agents, whatever it holds. A
    large chunk goes by itself, so that what it becomes is on its way before the next is judged.
    """
    if sum(len(chunk.records) for chunk in chunks) >= FEW_RECORDS:
        yield from ([chunk] for chunk in chunks)
        return
    topics: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        topics.setdefault(chunk.tp.topic, []).append(chunk)
    yield from topics.values()
