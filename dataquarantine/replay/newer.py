"""Whether keys to be replayed have newer valid records, which a replay would come after."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from dataquarantine.audit.topics import bounds
from dataquarantine.quarantine.topic_reader import TopicUnreadable
from dataquarantine.records import TopicPartition
from dataquarantine.replay.beside import rest_s
from dataquarantine.settings import KafkaSettings
from dataquarantine.stream.kafka_client import client_options

#: Topics that hold more are not read for this: the answer is unknown then.
MAX_RECORDS = 200_000
POLL_MS = 5000

#: A valid topic and a key on it.
Place = tuple[str, bytes]


async def count_newer(kafka: KafkaSettings, latest: Mapping[Place, int]) -> int | None:
    """Count keys with a valid record that is newer than the one to be replayed.

    Args: latest: the timestamp in ms of each key's newest record to be replayed.
    Returns: None when the topics are too large to be read for it, or have expired in part.
    Raises: TopicUnreadable.
    """
    spans = await bounds(kafka, sorted({topic for topic, _ in latest}))
    if sum(end - first for first, end in spans.values()) > MAX_RECORDS:
        return None
    if any(first > 0 for first, _ in spans.values()):
        return None
    newer: set[Place] = set()
    filled = {tp: span for tp, span in spans.items() if span[0] < span[1]}
    if not filled:
        return 0  # a consumer that never waited for anything can't be stopped: aiokafka raises
    consumer = AIOKafkaConsumer(
        **client_options(kafka), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        for tp, (first, end) in filled.items():
            await _read(consumer, tp, first, end, latest, newer)
    except (KafkaError, OSError, TimeoutError) as exc:
        raise TopicUnreadable(", ".join({t.topic for t in spans}), type(exc).__name__) from exc
    finally:
        await consumer.stop()
    return len(newer)


async def _read(
    consumer: AIOKafkaConsumer,
    tp: TopicPartition,
    first: int,
    end: int,
    latest: Mapping[Place, int],
    newer: set[Place],
) -> None:
    where = KafkaTopicPartition(*tp)
    consumer.assign([where])
    consumer.seek(where, first)
    while await consumer.position(where) < end:
        fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=2000)
        started = time.monotonic()
        for record in fetched.get(where, ()):
            place = (tp.topic, record.key or b"")
            if record.key is not None and record.timestamp > latest.get(place, record.timestamp):
                newer.add(place)
        await asyncio.sleep(rest_s(time.monotonic() - started))
