"""Creating and comparing topics on real brokers."""

from __future__ import annotations

from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from dataquarantine.dev.broker import EmbeddedBroker
from dataquarantine.settings import Settings
from dataquarantine.topics import (
    TopicResult,
    TopicsRefused,
    TopicState,
    check_topics,
    create_topics,
)


def settings(bootstrap_servers: str) -> Settings:
    """Settings whose pipeline has topics of its own; the shared logs may exist already."""
    name = uuid4().hex[:8]
    pipeline = {"source": f"s-{name}", "valid": f"v-{name}", "dead_letter": f"d-{name}"}
    kafka = {"bootstrap_servers": bootstrap_servers}
    return Settings.model_validate({"kafka": kafka, "pipelines": [pipeline]})


async def test_tansu_takes_every_topic(tansu: EmbeddedBroker) -> None:
    own = settings(tansu.bootstrap_servers)

    results = await create_topics(own)

    assert [result.detail for result in results if not result.right] == []


@pytest.mark.kafka
class TestKafka:
    @pytest.fixture
    def own(self, request: pytest.FixtureRequest) -> Settings:
        return settings(request.getfixturevalue("kafka_cluster").bootstrap_servers)

    async def test_what_is_missing_is_created_and_then_found(self, own: Settings) -> None:
        before = await check_topics(own)
        made = await create_topics(own)
        again = await create_topics(own)

        source = own.pipelines[0].source
        assert {r.state for r in before if source in r.plan.name} == {TopicState.MISSING}
        assert all(result.right for result in made)
        assert {result.state for result in again} == {TopicState.EXISTS}

    async def test_a_replay_topic_whose_source_grew_is_named(self, own: Settings) -> None:
        await create_topics(own)
        admin = AIOKafkaAdminClient(bootstrap_servers=own.kafka.bootstrap_servers)
        await admin.start()
        await admin.create_partitions({own.pipelines[0].source: NewPartitions(6)})
        await admin.close()

        replay = await self.found(own, f"{own.pipelines[0].source}.dq-replay")

        assert replay.state is TopicState.DIFFERS
        assert replay.detail == "4 partitions, must be 6: delete and re-create it"

    async def found(self, own: Settings, name: str) -> TopicResult:
        """Look until the brokers have heard of the new partitions."""
        for _ in range(100):
            results = {result.plan.name: result for result in await check_topics(own)}
            if not results[name].right:
                break
        return results[name]

    async def test_a_limit_that_is_too_low_is_named(self, own: Settings) -> None:
        await create_topics(own)
        pipeline = own.pipelines[0].model_copy(update={"max_record_bytes": 5_000_000})
        larger = own.model_copy(update={"pipelines": (pipeline,)})

        results = {result.plan.name: result for result in await check_topics(larger)}

        assert results[pipeline.dead_letter].state is TopicState.DIFFERS
        assert "raise it to 7" in results[pipeline.dead_letter].detail


async def test_an_absent_broker_is_named_with_the_remedy() -> None:
    with pytest.raises(TopicsRefused) as refusal:
        await create_topics(settings("127.0.0.1:1"))

    assert str(refusal.value) == (
        "no broker answers at 127.0.0.1:1; start it or set DQ_KAFKA__BOOTSTRAP_SERVERS"
    )
