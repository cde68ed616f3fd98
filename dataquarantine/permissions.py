"""Finding out by trying what this user may do on the broker; nothing is written or moved."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.structs import TopicPartition

from dataquarantine.settings import Settings
from dataquarantine.stream.kafka_client import client_options
from dataquarantine.topics import CONTROL, LEDGER, OUTCOMES, TABLES, changelog_topic, replay_topic

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Right:
    """An operation on a topic or a group, and whether this user may do it."""

    operation: str
    resource: str
    granted: bool


async def try_rights(settings: Settings, existing: Iterable[str]) -> list[Right]:
    """Try what a worker does, on the topics there are.

    Raises: KafkaError when the broker can't be asked.
    """
    read, written = _needed(settings)
    topics = set(existing)
    client = AIOKafkaClient(**client_options(settings.kafka))
    try:
        await client.bootstrap()
        await client.set_topics((read | written) & topics)
        found = [await _try(client, "Read", topic) for topic in sorted(read & topics)]
        found += [await _try(client, "Write", topic) for topic in sorted(written & topics)]
    finally:
        await client.close()
    return [*found, await _try_group(settings)]


def _needed(settings: Settings) -> tuple[set[str], set[str]]:
    pipelines = settings.pipelines
    replays = {replay_topic(each.source) for each in pipelines}
    tables = {changelog_topic(settings, table) for table in TABLES}
    shared = {LEDGER, CONTROL, OUTCOMES, settings.schemas.topic, *tables}
    dead_letters = {each.dead_letter for each in pipelines}
    read = {each.source for each in pipelines} | dead_letters | replays | shared
    return read, {each.valid for each in pipelines} | dead_letters | replays | shared


async def _try(client: Any, operation: str, topic: str) -> Right:
    leader = client.cluster.leader_for_partition(TopicPartition(topic, 0))
    if leader in (None, -1):
        return Right(operation, topic, topic not in client.cluster.unauthorized_topics)
    request = _produce_nothing(topic) if operation == "Write" else _fetch_nothing(topic)
    answer = await asyncio.wait_for(client.send(leader, request), TIMEOUT_S)
    code = answer.topics[0][1][0][1]
    return Right(operation, topic, code != TopicAuthorizationFailedError.errno)


def _produce_nothing(topic: str) -> ProduceRequest:
    """Ask to write no batch: refused as invalid by whoever is allowed to write."""
    return ProduceRequest(None, -1, 1000, [(topic, [(0, b"")])])


def _fetch_nothing(topic: str) -> FetchRequest:
    """Ask for at most a byte of the oldest record, without waiting."""
    return FetchRequest(0, 0, 1, 0, [(topic, [(0, 0, 1)])])


async def _try_group(settings: Settings) -> Right:
    admin = AIOKafkaAdminClient(**client_options(settings.kafka))
    try:
        await admin.start()
        await admin.list_consumer_group_offsets(settings.kafka.group)
        granted = True
    except GroupAuthorizationFailedError:
        granted = False
    finally:
        await admin.close()
    return Right("Read", f"group {settings.kafka.group}", granted)
