"""Reads the dead letter topic without joining a group."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from dataquarantine.errors import DataQuarantineError
from dataquarantine.records import Record
from dataquarantine.settings import KafkaSettings
from dataquarantine.stream.kafka_client import client_options, isolation_level

READ_TIMEOUT_MS = 5000
LOOK_PAST_END_MS = 200
CHUNK_RECORDS = 1000


class TopicUnreadable(DataQuarantineError):
    """A topic can't be read; says why."""

    def __init__(self, topic: str, reason: str) -> None:
        super().__init__(
            f"topic {topic} can't be read: {reason}; "
            "start the broker or set DQ_KAFKA__BOOTSTRAP_SERVERS"
        )


async def read_one(kafka: KafkaSettings, topic: str, partition: int, offset: int) -> Record | None:
    """Read one record; None when retention or compaction took it.

    Raises: TopicUnreadable.
    """
    where = TopicPartition(topic, partition)
    async with consumer_of(kafka, topic, reset="none") as consumer:
        consumer.assign([where])
        consumer.seek(where, offset)
        try:
            fetched = await consumer.getmany(timeout_ms=READ_TIMEOUT_MS, max_records=1)
        except OffsetOutOfRangeError:
            return None
    record: Record | None = next(iter(fetched.get(where, ())), None)
    return record if record is not None and record.offset == offset else None


async def read_all(kafka: KafkaSettings, topic: str) -> AsyncIterator[list[Record]]:
    """Read a topic from its beginning to about where it ends now, in chunks of one partition each.

    May go past that end, but not on to records of after the call.

    Raises: TopicUnreadable.
    """
    began_ms = int(time.time() * 1000)
    async with consumer_of(kafka, topic, reset="none") as consumer:
        for number in (await partition_numbers(kafka)).get(topic, ()):
            where = TopicPartition(topic, number)
            consumer.assign([where])
            [end] = (await consumer.end_offsets([where])).values()
            [start] = (await consumer.beginning_offsets([where])).values()
            consumer.seek(where, start)
            # Tansu names an end before the last batch is over, so the end alone is no sign.
            reached = ended = start >= end
            while not (reached and ended):
                wait_ms = LOOK_PAST_END_MS if reached else READ_TIMEOUT_MS
                fetched = await consumer.getmany(timeout_ms=wait_ms, max_records=CHUNK_RECORDS)
                if chunk := fetched.get(where, []):
                    yield chunk
                ended = not chunk or chunk[-1].timestamp > began_ms
                reached = await consumer.position(where) >= end


async def partition_numbers(kafka: KafkaSettings) -> dict[str, list[int]]:
    """List the partitions of every topic; a consumer knows only those of its own subscription.

    Raises: KafkaError, OSError.
    """
    admin = AIOKafkaAdminClient(**client_options(kafka))
    try:
        await admin.start()
        topics = await admin.describe_topics()
    finally:
        await admin.close()
    return {each["topic"]: sorted(p["partition"] for p in each["partitions"]) for each in topics}


async def retention_ms(kafka: KafkaSettings, topics: Sequence[str]) -> int | None:
    """Tell the longest retention of topics; None when the broker doesn't say or keeps for ever."""
    admin = AIOKafkaAdminClient(**client_options(kafka))
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
    try:
        await admin.start()
        answers = await admin.describe_configs(resources)
    except (KafkaError, OSError):
        return None
    finally:
        await admin.close()
    found = [
        int(entry[1])
        for answer in answers
        for resource in answer.resources
        for entry in resource[4]
        if entry[0] == "retention.ms"
    ]
    return max(found) if found and min(found) >= 0 else None


@asynccontextmanager
async def consumer_of(
    kafka: KafkaSettings, topic: str, *, reset: str = "earliest"
) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a consumer without a group.

    Args: topic: what to call it in an error. reset: where to go when an offset is gone, or `none`.
    Raises: TopicUnreadable, for what happens inside too.
    """
    consumer = AIOKafkaConsumer(
        **client_options(kafka),
        enable_auto_commit=False,
        auto_offset_reset=reset,
        isolation_level=isolation_level(kafka),
    )
    try:
        await consumer.start()
        yield consumer
    except (KafkaError, OSError, TimeoutError) as exc:
        raise TopicUnreadable(topic, type(exc).__name__) from exc
    finally:
        await consumer.stop()
