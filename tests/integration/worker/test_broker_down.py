"""The only broker is away under load; BROKER_DOWN_S and BROKER_DOWN_RATE make it long and fast."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from dataquarantine.dev.kafka import KafkaCluster
from tests.integration.conftest import CACHE, require_kafka
from tests.integration.worker.load import Load, missing_and_twice
from tests.integration.worker.stack import Stack, until

DOWN_S = float(os.environ.get("BROKER_DOWN_S", "12"))
RATE = int(os.environ.get("BROKER_DOWN_RATE", "2000"))
BACK_WITHIN_S = 30


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """A broker that no other test needs."""
    require_kafka()
    cluster = KafkaCluster(tmp_path_factory.mktemp("kafka"), cache=CACHE)
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.mark.kafka
@pytest.mark.timeout(300 + DOWN_S)
@pytest.mark.parametrize("delivery", ["at_least_once", "exactly_once"])
def test_a_broker_that_was_away_is_caught_up_with(
    kafka_stack: Stack, broker: KafkaCluster, delivery: str
) -> None:
    stack = kafka_stack
    stack.bootstrap_servers, stack.delivery = broker.bootstrap_servers, delivery
    stack.create_topics()
    worker = stack.start_worker()
    with Load(stack, RATE) as load:
        until(lambda: len(stack.committed(stack.source)) == 4, 60, "a first commit")
        broker.kill_broker(0)
        down_until = time.monotonic() + DOWN_S
        until(lambda: "dataquarantine_kafka_up 0.0" in worker.metrics(), 30, "it is told")
        until(lambda: time.monotonic() > down_until, DOWN_S + 1, "time has passed")
        broker.start_broker(0)
        back = time.monotonic()
        until(lambda: lag(stack, load) < 3 * RATE, 60, "no lag but that of commits")
        took_s = time.monotonic() - back

    until(lambda: sum(stack.committed(stack.source).values()) == load.sent, 60, "all committed")
    missing, duplicates = missing_and_twice(stack, load.sent)
    print(f"{delivery}: {DOWN_S:g} s away, lag gone in {took_s:.1f} s, {duplicates} written twice")
    assert worker.process.poll() is None
    assert missing == []
    assert took_s <= BACK_WITHIN_S
    assert delivery == "at_least_once" or not duplicates


def lag(stack: Stack, load: Load) -> int:
    return load.sent - sum(stack.committed(stack.source).values())
