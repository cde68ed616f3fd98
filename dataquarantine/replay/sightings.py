"""Which items of a replay are on their topic already."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from dataquarantine.quarantine.topic_reader import TopicUnreadable
from dataquarantine.records import TopicPartition
from dataquarantine.replay.marks import ReplayMark, item_of, read_mark
from dataquarantine.settings import KafkaSettings
from dataquarantine.stream.kafka_client import client_options

POLL_MS = 5000


async def find_items(
    kafka: KafkaSettings, begin: Mapping[TopicPartition, int], wanted: Collection[str]
) -> dict[str, tuple[ReplayMark, str]]:
    """Read partitions from `begin` to where they end now; returns the items that are there.

    Raises: TopicUnreadable.
    """
    found: dict[str, tuple[ReplayMark, str]] = {}
    consumer = AIOKafkaConsumer(
        **client_options(kafka), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        for tp, offset in begin.items():
            await _read(consumer, KafkaTopicPartition(*tp), offset, wanted, found)
    except (KafkaError, OSError, TimeoutError) as exc:
        raise TopicUnreadable(", ".join({tp.topic for tp in begin}), type(exc).__name__) from exc
    finally:
        await consumer.stop()
    return found


async def _read(
    consumer: AIOKafkaConsumer,
    where: KafkaTopicPartition,
    offset: int,
    wanted: Collection[str],
    found: dict[str, tuple[ReplayMark, str]],
) -> None:
    consumer.assign([where])
    [end] = (await consumer.end_offsets([where])).values()
    if offset >= end:
        return
    consumer.seek(where, offset)
    while await consumer.position(where) < end:
        fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=1000)
        for record in fetched.get(where, ()):
            item = item_of(record.headers)
            if item in wanted and (mark := read_mark(record.headers)) is not None:
                found[str(item)] = (mark, f"{where.topic}/{where.partition}/{record.offset}")
