"""How long unread records are kept, asked of real brokers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from confluent_kafka import Producer

from dataquarantine.alerts.retention import RetentionWatch
from dataquarantine.records import TopicPartition
from dataquarantine.settings import Settings
from dataquarantine.stream.probe import Probe
from dataquarantine.testing import ManualClock
from tests.integration.stream.conftest import Broker

HOUR_S = 3600


@pytest.fixture
async def probe(broker: Broker) -> AsyncIterator[Probe]:
    probe = Probe(broker.settings())
    yield probe
    await probe.close()


async def test_a_probe_knows_ends_and_which_offsets_hold_a_record(
    broker: Broker, probe: Probe
) -> None:
    topic = broker.topic("raw")
    producer = Producer({"bootstrap.servers": broker.bootstrap_servers})
    producer.produce(topic, b"{}", timestamp=1_700_000_000_000)
    assert producer.flush(30) == 0
    first = TopicPartition(topic, 0)

    assert await probe.ends([first]) == {first: 1}
    assert await probe.timestamps_ms({first: 0}) == {first: 1_700_000_000_000}
    assert await probe.timestamps_ms({first: 1}) == {}


async def test_a_probe_of_a_broker_that_is_away_knows_nothing(broker: Broker) -> None:
    probe = Probe(broker.settings(bootstrap_servers="127.0.0.1:1"))

    assert await probe.ends([TopicPartition("raw", 0)]) == {}
    await probe.close()


async def test_retention_is_foreseen(broker: Broker, probe: Probe) -> None:
    if not broker.idempotence:
        pytest.skip("Tansu does not tell the options of a topic that was created with some")
    topic = broker.topic("raw", config={"retention.ms": str(72 * HOUR_S * 1000)})
    now = time.time()
    producer = Producer({"bootstrap.servers": broker.bootstrap_servers})
    producer.produce(topic, b"{}", timestamp=int((now - 70 * HOUR_S) * 1000))
    assert producer.flush(30) == 0
    settings = Settings(kafka=broker.settings())
    watch = RetentionWatch(settings, probe, ManualClock(datetime.fromtimestamp(now, UTC)))

    await watch.look({TopicPartition(topic, 0): 0})
    assert watch.left_s[topic] == pytest.approx(2 * HOUR_S, abs=1)
    await watch.look({})
    assert watch.left_s == {}
