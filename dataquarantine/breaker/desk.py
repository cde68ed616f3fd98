"""Breakers as the commands see them: read from the table's changelog, reset by a control record."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from dataquarantine.audit.topics import bounds, committed
from dataquarantine.breaker.states import Breaker, BreakerState, Reset, read_breaker
from dataquarantine.errors import DataQuarantineError
from dataquarantine.quarantine.topic_reader import TopicUnreadable, read_all
from dataquarantine.settings import Settings
from dataquarantine.stream.kafka_client import client_options
from dataquarantine.topics import CONTROL, changelog_topic

#: Beside the session timeout, after which another worker takes the table over.
ANSWER_TIMEOUT_S = 15.0
LOOK_EVERY_S = 0.3


class ResetRefused(DataQuarantineError):
    """A breaker can't be reset; says why."""


async def read_breakers(settings: Settings) -> list[Breaker]:
    """Read the breaker of every source.

    Raises: TopicUnreadable.
    """
    rows: dict[bytes, bytes | None] = {}
    async for chunk in read_all(settings.kafka, changelog_topic(settings, "breakers")):
        rows |= {record.key or b"": record.value for record in chunk}
    return [read_breaker(p.source, rows.get(p.source.encode())) for p in settings.pipelines]


async def reset_breaker(
    settings: Settings,
    topic: str,
    who: str,
    why: str,
    *,
    admit_backlog: bool = False,
    rate: float | None = None,
) -> Breaker:
    """Ask for a reset and wait until it is done, also by a worker that has yet to take over.

    Args: rate: how many records of the backlog are let in a second, over all workers.
    Raises: ResetRefused when the breaker is not open or no worker does it; TopicUnreadable.
    """
    before = {each.topic: each for each in await read_breakers(settings)}.get(topic)
    if before is None:
        raise ResetRefused(f"{topic} is no source of these settings; see `breaker status`")
    if before.state is not BreakerState.OPEN:
        raise ResetRefused(f"the breaker of {topic} is {before.state}, there is nothing to reset")
    admit = await _backlog(settings, topic) if admit_backlog else None
    now = datetime.now(UTC)
    asked = Reset(topic=topic, who=who, why=why, at=now, admit=admit, rate=rate, since=before.since)
    await _send(settings, asked)
    timeout_s = settings.kafka.session_timeout_s + ANSWER_TIMEOUT_S
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = next(each for each in await read_breakers(settings) if each.topic == topic)
        if found.state is not BreakerState.OPEN or found.since != before.since:
            return found
        await asyncio.sleep(LOOK_EVERY_S)
    raise ResetRefused(
        f"no worker did it within {timeout_s:g} s; the request stays on {CONTROL}, start a worker"
    )


async def _backlog(settings: Settings, topic: str) -> int:
    """Count the offsets that wait to be read."""
    ends = await bounds(settings.kafka, [topic])
    positions = await committed(settings.kafka, [topic])
    return sum(max(0, end - positions.get(tp, start)) for tp, (start, end) in ends.items())


async def _send(settings: Settings, reset: Reset) -> None:
    producer = AIOKafkaProducer(**client_options(settings.kafka), acks="all")
    try:
        await producer.start()
        value = msgspec.json.encode(reset)
        await producer.send_and_wait(CONTROL, value, key=reset.topic.encode(), partition=0)
    except (KafkaError, OSError) as exc:
        raise TopicUnreadable(CONTROL, type(exc).__name__) from exc
    finally:
        await producer.stop()
