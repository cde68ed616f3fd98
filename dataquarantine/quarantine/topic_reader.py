"""Reads the dead letter topic without joining a group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from dataquarantine.errors import DataQuarantineError
from dataquarantine.records import Record
from dataquarantine.settings import KafkaSettings
from dataquarantine.stream.kafka_client import client_options

READ_TIMEOUT_S = 10.0
_CHUNK_RECORDS = 1000


class TopicUnreadable(DataQuarantineError):
    """A topic can't be read; says why."""

    def __init__(self, topic: str, reason: str) -> None:
        super().__init__(f"topic {topic} can't be read: {reason}; is the broker up?")


async def read_one(kafka: KafkaSettings, topic: str, partition: int, offset: int) -> Record | None:
    """Read one record; None when retention or compaction took it.

    Raises: TopicUnreadable.
    """
    where = TopicPartition(topic, partition)
    async with _consumer(kafka, topic) as consumer:
        consumer.assign([where])
        consumer.seek(where, offset)
        ends = await consumer.end_offsets([where])
        if offset >= ends[where]:
            return None
        try:
            record: Record = await asyncio.wait_for(consumer.getone(), READ_TIMEOUT_S)
        except OffsetOutOfRangeError:
            return None
    return record if record.offset == offset else None


async def read_all(kafka: KafkaSettings, topic: str) -> AsyncIterator[list[Record]]:
    """Read a topic from its beginning to where it ends now, in chunks of one partition each.

    Raises: TopicUnreadable.
    """
    async with _consumer(kafka, topic) as consumer:
        await consumer.topics()
        for number in sorted(consumer.partitions_for_topic(topic) or ()):
            where = TopicPartition(topic, number)
            consumer.assign([where])
            [end] = (await consumer.end_offsets([where])).values()
            [position] = (await consumer.beginning_offsets([where])).values()
            consumer.seek(where, position)
            while position < end:
                fetched = await consumer.getmany(timeout_ms=1000, max_records=_CHUNK_RECORDS)
                chunk: list[Record] = [r for r in fetched.get(where, ()) if r.offset < end]
                position = await consumer.position(where)
                if chunk:
                    yield chunk


@asynccontextmanager
async def _consumer(kafka: KafkaSettings, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        **client_options(kafka), enable_auto_commit=False, auto_offset_reset="none"
    )
    try:
        await consumer.start()
        yield consumer
    except (KafkaError, OSError, TimeoutError) as exc:
        raise TopicUnreadable(topic, type(exc).__name__) from exc
    finally:
        await consumer.stop()
