"""What an audit asks the brokers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from dataquarantine.audit.entry import LedgerEntry, SignedSkip, read_ledger
from dataquarantine.quarantine.topic_reader import (
    TopicUnreadable,
    consumer_of,
    partition_numbers,
    read_all,
)
from dataquarantine.records import TopicPartition
from dataquarantine.settings import KafkaSettings
from dataquarantine.stream.kafka_client import client_options
from dataquarantine.stream.stable_offset import CommittedOffset
from dataquarantine.topics import LEDGER

#: First kept offset and end of each partition.
Bounds = dict[TopicPartition, tuple[int, int]]

_POLL_MS = 5000


async def bounds(kafka: KafkaSettings, topics: Sequence[str]) -> Bounds:
    """Tell what the brokers keep of topics; a topic that is not there has no partitions.

    Raises: TopicUnreadable.
    """
    async with consumer_of(kafka, ", ".join(topics)) as consumer:
        numbers = await partition_numbers(kafka)
        wanted = [KafkaTopicPartition(topic, n) for topic in topics for n in numbers.get(topic, ())]
        starts = await consumer.beginning_offsets(wanted)
        ends = await consumer.end_offsets(wanted)
    return {TopicPartition(*tp): (starts[tp], ends[tp]) for tp in wanted}


async def committed(kafka: KafkaSettings, topics: Sequence[str]) -> dict[TopicPartition, int]:
    """Tell where the gateway's group stands in some topics.

    Raises: TopicUnreadable.
    """
    return {tp: place.next_offset or 0 for tp, place in (await places(kafka, topics)).items()}


async def places(
    kafka: KafkaSettings, topics: Sequence[str]
) -> dict[TopicPartition, CommittedOffset]:
    """Tell where the gateway's group stands in some topics, with the notes it left there.

    Raises: TopicUnreadable.
    """
    admin = AIOKafkaAdminClient(**client_options(kafka))
    try:
        await admin.start()
        numbers = await partition_numbers(kafka)
        # Named one by one: Tansu does not answer for all of a group.
        wanted = [KafkaTopicPartition(topic, n) for topic in topics for n in numbers.get(topic, ())]
        found = await admin.list_consumer_group_offsets(kafka.group, partitions=wanted)
    except GroupCoordinatorNotAvailableError:
        return {}  # a cluster on which no group ever committed
    except (KafkaError, OSError) as exc:
        raise TopicUnreadable(f"offsets of group {kafka.group}", type(exc).__name__) from exc
    finally:
        await admin.close()
    return {
        TopicPartition(*tp): CommittedOffset(each.offset, each.metadata)
        for tp, each in found.items()
        if each.offset >= 0
    }


async def count_records(kafka: KafkaSettings, tp: TopicPartition, first: int, end: int) -> int:
    """Count the records of a range of offsets; compaction and transactions leave fewer.

    Raises: TopicUnreadable.
    """
    where = KafkaTopicPartition(*tp)
    count = 0
    async with consumer_of(kafka, tp.topic) as consumer:
        consumer.assign([where])
        [kept] = (await consumer.beginning_offsets([where])).values()
        if kept >= end:
            return 0
        consumer.seek(where, max(first, kept))
        while await consumer.position(where) < end:
            fetched = await consumer.getmany(timeout_ms=_POLL_MS, max_records=2000)
            records = fetched.get(where, [])
            if not records:
                break
            count += sum(record.offset < end for record in records)
    return count


async def read_entries(
    kafka: KafkaSettings,
) -> AsyncIterator[list[LedgerEntry | SignedSkip | None]]:
    """Read the ledger, in chunks; None stands for what can't be read.

    Raises: TopicUnreadable.
    """
    async for chunk in read_all(kafka, LEDGER):
        yield [read_ledger(record.value) for record in chunk]


async def sign_skip(kafka: KafkaSettings, skip: SignedSkip) -> None:
    """Put a skip into the ledger.

    Raises: TopicUnreadable.
    """
    producer = AIOKafkaProducer(**client_options(kafka), acks="all")
    try:
        await producer.start()
        await producer.send_and_wait(
            LEDGER, msgspec.json.encode(skip), key=str(skip.tp).encode(), partition=0
        )
    except (KafkaError, OSError) as exc:
        raise TopicUnreadable(LEDGER, type(exc).__name__) from exc
    finally:
        await producer.stop()
