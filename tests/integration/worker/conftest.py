"""A stack per test, on both brokers or on real Kafka alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataquarantine.dev.kafka import KafkaCluster
from dataquarantine.dev.objects import EmbeddedObjects
from tests.integration.worker.stack import Stack


@pytest.fixture(params=["kafka", "tansu"])
def stack(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    database_url: str,
    objects_server: EmbeddedObjects,
) -> Iterator[Stack]:
    """A gateway without a worker yet; the same questions for both brokers."""
    real = request.param == "kafka"
    broker = request.getfixturevalue("kafka_cluster" if real else "tansu")
    yield from _stack(tmp_path, broker.bootstrap_servers, real, database_url, objects_server)


@pytest.fixture
def kafka_stack(
    tmp_path: Path,
    kafka_cluster: KafkaCluster,
    database_url: str,
    objects_server: EmbeddedObjects,
) -> Iterator[Stack]:
    """A gateway on Apache Kafka, for what the embedded broker can't do."""
    servers = kafka_cluster.bootstrap_servers
    yield from _stack(tmp_path, servers, True, database_url, objects_server)


def _stack(
    home: Path, servers: str, real: bool, database_url: str, objects: EmbeddedObjects
) -> Iterator[Stack]:
    name = f"t{uuid.uuid4().hex[:8]}"
    s3 = {
        "endpoint_url": objects.endpoint_url,
        "access_key": objects.access_key,
        "secret_key": objects.secret_key,
        "bucket": name,
    }
    stack = Stack(home, servers, real, database_url, s3, name)
    yield stack
    stack.stop()
