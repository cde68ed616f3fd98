"""Real brokers for the tests: Apache Kafka where Java and Maven are, and always Tansu."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataquarantine.dev.broker import EmbeddedBroker
from dataquarantine.dev.kafka import KafkaCluster, missing_tools
from tests.integration.store_fixtures import (
    database,
    database_url,
    empty_database_url,
    module_database_url,
    objects,
    objects_server,
    postgres_server,
    s3_settings,
    template,
)

__all__ = [
    "database",
    "database_url",
    "empty_database_url",
    "module_database_url",
    "objects",
    "objects_server",
    "postgres_server",
    "s3_settings",
    "template",
]

CACHE = Path(__file__).parents[2] / ".cache"


@pytest.fixture(scope="session")
def kafka_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """One real broker for the whole session."""
    require_kafka()
    cluster = KafkaCluster(tmp_path_factory.mktemp("kafka"), cache=CACHE)
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def kafka_trio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """Three real brokers for the whole session; a test that stops one starts it again."""
    require_kafka()
    cluster = KafkaCluster(tmp_path_factory.mktemp("trio"), cache=CACHE, brokers=3)
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def tansu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """The embedded broker, once for the whole session."""
    broker = EmbeddedBroker(tmp_path_factory.mktemp("tansu"))
    broker.start()
    yield broker
    broker.stop()


def require_kafka() -> None:
    """Skip loudly without Java and Maven; CI may not skip."""
    missing = missing_tools()
    if not missing:
        return
    skip_loudly(f"real Kafka is NOT tested: {' and '.join(missing)} missing on this machine")


def skip_loudly(message: str) -> None:
    """Skip with a warning; CI may not skip."""
    if os.environ.get("CI"):
        pytest.fail(message)
    warnings.warn(message, pytest.PytestWarning, stacklevel=2)
    pytest.skip(message)
