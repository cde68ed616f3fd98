"""A gateway with the production profile on three brokers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dataquarantine.dev.kafka import KafkaCluster
from dataquarantine.dev.objects import EmbeddedObjects
from tests.integration.worker.conftest import stack_of, template
from tests.integration.worker.stack import Stack

__all__ = ["template"]


@pytest.fixture
def production(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    kafka_trio: KafkaCluster,
    database_url: str,
    objects_server: EmbeddedObjects,
) -> Iterator[Stack]:
    """Replication 3, two in sync, static members, session 20 s; a worker runs.

    Its parameter is the delivery mode.
    """
    servers = kafka_trio.bootstrap_servers
    stack = stack_of(tmp_path, servers, True, database_url, objects_server)
    stack.delivery, stack.replication = request.param, 3
    stack.kafka = {
        "session_timeout_s": 20,
        "heartbeat_interval_s": 3,
        "group_instance_id": "worker-0",
    }
    stack.create_topics(**{"min.insync.replicas": "2"})
    stack.start_worker()
    yield stack
    stack.stop()
