"""A stack per test, on both brokers or on real Kafka alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dataquarantine.dev.kafka import KafkaCluster
from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.dev.postgres import EmbeddedPostgres
from dataquarantine.store.partitions import Partitions
from dataquarantine.store.postgres import Database
from tests.integration.store_fixtures import new_template
from tests.integration.worker.stack import Stack


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run `shared` on both brokers, and in both delivery modes where a module says so."""
    if "shared" in metafunc.fixturenames:
        kinds = ["kafka", "tansu"]
        if getattr(metafunc.module, "IN_BOTH_MODES", False):
            kinds.append("exactly_once")
        metafunc.parametrize("shared", kinds, indirect=True, scope="module")


@pytest.fixture(scope="session")
def template(postgres_server: EmbeddedPostgres) -> str:
    """A database with its day partitions: workers need not make them, which takes them seconds."""
    name, url = new_template(postgres_server)
    database = Database(url)
    Partitions(database, retention_days=90).maintain(datetime.now(UTC))
    database.close()
    return name


@pytest.fixture(scope="module")
def shared(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    module_database_url: str,
    objects_server: EmbeddedObjects,
) -> Iterator[Stack]:
    """One worker with a lane for each test of a module that says how many it needs (`LANES`)."""
    real = request.param != "tansu"
    broker = request.getfixturevalue("kafka_cluster" if real else "tansu")
    home = tmp_path_factory.mktemp("worker")
    stack = stack_of(home, broker.bootstrap_servers, real, module_database_url, objects_server)
    if request.param == "exactly_once":
        stack.delivery = "exactly_once"
    for pipeline in request.module.LANES.values():
        stack.add_lane(**pipeline).create_topics()
    stack.start_worker()
    yield stack
    stack.stop()


@pytest.fixture
def lane(shared: Stack, request: pytest.FixtureRequest) -> Stack:
    """The topics of one test."""
    names = list(request.module.LANES)
    return shared.lanes[names.index(request.node.originalname)]


@pytest.fixture
def kafka_stack(
    tmp_path: Path,
    kafka_cluster: KafkaCluster,
    database_url: str,
    objects_server: EmbeddedObjects,
) -> Iterator[Stack]:
    """A gateway on Apache Kafka without a worker yet."""
    stack = stack_of(tmp_path, kafka_cluster.bootstrap_servers, True, database_url, objects_server)
    yield stack
    stack.stop()


def stack_of(
    home: Path, servers: str, real: bool, database_url: str, objects: EmbeddedObjects
) -> Stack:
    name = f"t{uuid.uuid4().hex[:8]}"
    s3 = {
        "endpoint_url": objects.endpoint_url,
        "access_key": objects.access_key,
        "secret_key": objects.secret_key,
        "bucket": name,
    }
    return Stack(home, servers, real, database_url, s3, name)
