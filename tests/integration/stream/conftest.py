"""The same questions for every broker."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from dataquarantine.dev.kafka import KafkaCluster
from dataquarantine.settings import KafkaSettings
from tests.integration.conftest import CACHE, require_kafka


@dataclass(frozen=True)
class Broker:
    """A broker and what a test needs of it; every test has topics of its own."""

    bootstrap_servers: str
    idempotence: bool
    prefix: str

    def settings(self, **changes: object) -> KafkaSettings:
        values = {
            "bootstrap_servers": self.bootstrap_servers,
            "idempotence": self.idempotence,
            "session_timeout_s": 6.0,
            "heartbeat_interval_s": 1.0,
        }
        return KafkaSettings.model_validate(values | changes)

    def topic(self, name: str, partitions: int = 1, *, config: dict[str, str] | None = None) -> str:
        """Create a topic of this test's own."""
        topic = f"{self.prefix}-{name}"
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers})
        created = admin.create_topics([NewTopic(topic, partitions, 1, config=config or {})])
        created[topic].result(timeout=30)
        return topic

    def read(self, topic: str, partition: int = 0) -> list[Message]:
        """Read a partition from its start to its end.

        Tansu's answer to ListOffsets is the start of the last batch plus one, so the end is only
        known by reading on until nothing comes.
        """
        consumer = Consumer({"bootstrap.servers": self.bootstrap_servers, "group.id": "reader"})
        tp = TopicPartition(topic, partition, 0)
        _, end = consumer.get_watermark_offsets(tp, timeout=10)
        consumer.assign([tp])
        messages: list[Message] = []
        while (message := consumer.poll(10 if len(messages) < end else 0.5)) is not None:
            messages.append(message)
        consumer.close()
        return messages


@pytest.fixture(params=["kafka", "tansu"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """Any broker; what a test asks must hold for each."""
    real = request.param == "kafka"
    running = request.getfixturevalue("kafka_cluster" if real else "tansu")
    return Broker(running.bootstrap_servers, real, new_prefix())


@pytest.fixture
def kafka(kafka_cluster: KafkaCluster) -> Broker:
    """Apache Kafka, for what Tansu does not check."""
    return Broker(kafka_cluster.bootstrap_servers, True, new_prefix())


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[KafkaCluster]:
    """A broker that a test may kill."""
    require_kafka()
    cluster = KafkaCluster(tmp_path, cache=CACHE)
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture
def own_kafka(own_cluster: KafkaCluster) -> Broker:
    return Broker(own_cluster.bootstrap_servers, True, new_prefix())


def new_prefix() -> str:
    return f"t{uuid.uuid4().hex[:8]}"
