"""What people and replays decide, kept in `dataquarantine-outcomes` beside the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from dataquarantine.errors import SinkUnavailable
from dataquarantine.settings import KafkaSettings
from dataquarantine.stream.kafka_client import client_options
from dataquarantine.topics import OUTCOMES

PUBLISH_TIMEOUT_S = 15.0


class Signed(NamedTuple):
    """Who decides, and why."""

    actor: str
    reason: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The state that a record or an incident was given last; the topic keeps one of each.

    `subject` is a quarantine id or a fingerprint. A record's state may also be `purged`.
    """

    kind: Literal["record", "incident"]
    subject: str
    state: str
    at: datetime
    actor: str
    reason: str | None = None
    attempt: int | None = None

    @property
    def key(self) -> bytes:
        """The compaction key."""
        return f"{self.kind}/{self.subject}".encode()


#: Makes decisions durable; raises SinkUnavailable when it can't.
Publish = Callable[[Sequence[Decision]], None]

_DECODER = msgspec.json.Decoder(Decision)


def read_decision(value: bytes | None) -> Decision | None:
    """Read a record of the topic; None when it is something else (a replay's own verdict)."""
    if value is None:
        return None
    try:
        return _DECODER.decode(value)
    except msgspec.MsgspecError:
        return None


def kafka_publisher(kafka: KafkaSettings) -> Publish:
    """Publish to `dataquarantine-outcomes`, waiting for all in-sync replicas. Blocking."""

    def publish(decisions: Sequence[Decision]) -> None:
        if decisions:
            asyncio.run(_publish(kafka, decisions))

    return publish


async def _publish(kafka: KafkaSettings, decisions: Sequence[Decision]) -> None:
    producer = AIOKafkaProducer(
        **client_options(kafka),
        client_id="dataquarantine-decisions",
        acks="all",
        enable_idempotence=kafka.idempotence,
        request_timeout_ms=int(PUBLISH_TIMEOUT_S * 1000),
    )
    try:
        await producer.start()
        acks = [
            await producer.send(OUTCOMES, msgspec.json.encode(decision), key=decision.key)
            for decision in decisions
        ]
        await asyncio.gather(*acks)
    except (KafkaError, OSError) as exc:
        raise SinkUnavailable(OUTCOMES, type(exc).__name__) from exc
    finally:
        await producer.stop()
