"""Two workers' registries over one real log."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from dataquarantine.schemas.log import SchemaLog, SchemaLogUnavailable
from dataquarantine.schemas.proposals import Register, SetConfig, SetState
from dataquarantine.schemas.service import RegistryService
from dataquarantine.schemas.states import State
from dataquarantine.settings import KafkaSettings, SchemaSettings, Settings
from tests.unit.api.registry_at_hand import RegistryAtHand
from tests.unit.schemas.compatibility_cases import NUMBER, TEXT, obj

NAME = "event"


class Node:
    """A worker's service."""

    def __init__(self, settings: Settings) -> None:
        self.changes = 0
        self.service = RegistryService(settings, self._changed)

    async def _changed(self) -> None:
        self.changes += 1


@asynccontextmanager
async def node(settings: Settings) -> AsyncIterator[Node]:
    made = Node(settings)
    await made.service.start()
    try:
        yield made
    finally:
        await made.service.stop()


@pytest.fixture(params=["kafka", "tansu"])
async def settings(request: pytest.FixtureRequest) -> Settings:
    real = request.param == "kafka"
    broker = request.getfixturevalue("kafka_cluster" if real else "tansu")
    name = f"t{uuid.uuid4().hex[:8]}"
    made = Settings(
        kafka=KafkaSettings(
            bootstrap_servers=broker.bootstrap_servers,
            group=name,
            idempotence=real,
            session_timeout_s=6,
            heartbeat_interval_s=1,
        ),
        schemas=SchemaSettings(topic=f"{name}-schemas"),
    )
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await admin.start()
    topic_configs = {"cleanup.policy": "compact"}
    await admin.create_topics([NewTopic(made.schemas.topic, 1, 1, topic_configs=topic_configs)])
    while made.schemas.topic not in await admin.list_topics():
        await asyncio.sleep(0.05)
    await admin.close()
    return made


def register(version: str, schema: Any, state: State = State.ENFORCED) -> Register:
    document = {"name": NAME, "version": version, "description": "An event.", "schema": schema}
    return Register.model_validate({"by": "ann", "document": document, "state": state})


async def test_what_lies_on_disk_is_known_before_any_broker_answers() -> None:
    source = RegistryAtHand()
    await source.propose(register("1.0.0", obj(a=TEXT)))
    await source.propose(SetConfig(by="ann", name=NAME, compatibility="FULL"))
    nowhere = Settings(kafka=KafkaSettings(bootstrap_servers="127.0.0.1:1"))
    made = Node(nowhere).service
    made.kept_rows = source.registry.rows

    assert made.restore() == 1

    with pytest.raises(SchemaLogUnavailable):
        await made.start()
    enforced = made.registry.enforced(NAME)
    assert enforced is not None and enforced.version == "1.0.0"
    assert not made.registry.configs


async def until(condition: Callable[[], bool], deadline_s: float) -> float:
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > deadline_s:
            raise AssertionError(f"not within {deadline_s} s")
        await asyncio.sleep(0.005)
    return time.monotonic() - started


async def test_a_registration_through_one_worker_is_known_to_the_other_within_a_second(
    settings: Settings,
) -> None:
    async with node(settings) as owner, node(settings) as other:
        await other.service.propose(register("1.0.0", obj(a=TEXT)))
        started = time.monotonic()

        await owner.service.propose(register("1.1.0", obj()))
        await until(lambda: other.service.registry.entry(NAME, "1.1.0") is not None, 1.0)

        assert time.monotonic() - started < 1.0
        enforced = other.service.registry.enforced(NAME)
        assert enforced is not None and enforced.version == "1.1.0"
        assert other.changes >= 2


async def test_of_registrations_at_once_one_wins(settings: Settings) -> None:
    async with node(settings) as one, node(settings) as two:
        contents = [obj(a=TEXT), obj(a=NUMBER), obj(b=TEXT), obj(b=NUMBER)]

        answers = await asyncio.gather(
            *(
                (one, two)[i % 2].service.propose(register("1.0.0", schema))
                for i, schema in enumerate(contents)
            )
        )

        assert sorted(answer.accepted for answer in answers) == [False, False, False, True]
        assert [e.id for e in two.service.registry.versions(NAME)] == [1]


async def test_a_late_worker_and_a_client_read_the_same_from_the_log(settings: Settings) -> None:
    async with node(settings) as owner:
        await owner.service.propose(register("1.0.0", obj(a=TEXT), State.REGISTERED))
        move = SetState(by="bob", name=NAME, version="1.0.0", state=State.SHADOW, sampling=0.5)
        await owner.service.propose(move)

        async with node(settings) as late, SchemaLog(settings) as log:
            rows = dict(owner.service.registry.rows())
            assert dict(late.service.registry.rows()) == rows
            assert dict(log.registry.rows()) == rows


async def test_when_the_owner_goes_another_decides_and_repeats_nothing(
    settings: Settings,
) -> None:
    async with node(settings) as first:
        await first.service.propose(register("1.0.0", obj(a=TEXT)))
        async with node(settings) as second:
            before = dict(first.service.registry.rows())
            await first.service.stop()
            proposal = register("1.1.0", obj())

            answer = await second.service.propose(proposal, timeout_s=60)

            assert answer.id == 2
            now = dict(second.service.registry.rows())
            assert {key: now[key] for key in before} == before
