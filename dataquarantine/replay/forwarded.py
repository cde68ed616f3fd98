"""Which records of a replay partition an owner before this one has forwarded already."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from dataquarantine.quarantine.topic_reader import TopicUnreadable
from dataquarantine.records import Record, TopicPartition
from dataquarantine.replay.marks import read_mark
from dataquarantine.settings import KafkaSettings
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.kafka_client import client_options, isolation_level
from dataquarantine.stream.outputs import Outputs
from dataquarantine.stream.owner import PartitionOwner

logger = logging.getLogger(__name__)

POLL_MS = 5000
RETRY_S = 1.0
#: As the router writes it: `topic/partition/offset`.
SOURCE_HEADER = "__dq.src"


class Forwarded:
    """Looks once for each owner of a replay partition, before it forwards anything.

    A record tells from where on the valid topic may hold it: it was published after that. What a
    killed worker forwarded without committing it lies there, with its source in a header.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._found: dict[TopicPartition, tuple[PartitionOwner, set[int]]] = {}

    async def offsets(self, chunk: Chunk, valid: str) -> set[int]:
        """Tell which offsets of a partition are forwarded already; waits while the broker is away.

        Args: valid: where the partition's valid records go.
        """
        known = self._found.get(chunk.tp)
        if known is not None and known[0] is chunk.owner:
            return known[1]
        begin = _begin(chunk.records)
        if not begin:
            return set()
        places = {TopicPartition(valid, number): offset for number, offset in begin.items()}
        while not chunk.is_stale:
            try:
                found = await _read(self._kafka, chunk.tp, places)
            except TopicUnreadable as exc:
                logger.warning("Replays of %s wait: %s", chunk.tp, exc)
                await asyncio.sleep(RETRY_S)
                continue
            self._found[chunk.tp] = (chunk.owner, found)
            return found
        return set()


def without(outputs: Outputs, topic: str, offsets: set[int]) -> Outputs:
    """Leave out the rows of a topic whose source records lie at these offsets."""
    if not offsets:
        return outputs
    left = {
        tp: [row for row in rows if row[4].records[row[5]].offset not in offsets]
        if tp.topic == topic
        else rows
        for tp, rows in outputs.items()
    }
    return {tp: rows for tp, rows in left.items() if rows}


def _begin(records: Iterable[Record]) -> dict[int, int]:
    """Find the earliest offset of each valid partition that the records of a chunk tell."""
    begin: dict[int, int] = {}
    for record in records:
        mark = read_mark(record.headers)
        for partition, offset in mark.valid_ends.items() if mark is not None else ():
            begin[partition] = min(offset, begin.get(partition, offset))
    return begin


async def _read(
    kafka: KafkaSettings, source: TopicPartition, begin: Mapping[TopicPartition, int]
) -> set[int]:
    prefix = f"{source}/"
    found: set[int] = set()
    consumer = AIOKafkaConsumer(
        **client_options(kafka),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level=isolation_level(kafka),
    )
    try:
        await consumer.start()
        for tp, offset in begin.items():
            where = KafkaTopicPartition(*tp)
            consumer.assign([where])
            [end] = (await consumer.end_offsets([where])).values()
            consumer.seek(where, offset)
            while offset < end and await consumer.position(where) < end:
                fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=2000)
                for record in fetched.get(where, ()):
                    _note(record, prefix, found)
    except (KafkaError, OSError, TimeoutError) as exc:
        raise TopicUnreadable(str(source), type(exc).__name__) from exc
    finally:
        await consumer.stop()
    return found


def _note(record: Record, prefix: str, found: set[int]) -> None:
    for name, value in record.headers:
        if name == SOURCE_HEADER and value is not None:
            place = value.decode("utf-8", "replace")
            if place.startswith(prefix) and place[len(prefix) :].isdecimal():
                found.add(int(place[len(prefix) :]))
