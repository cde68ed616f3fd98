"""Broken machinery ends the worker and skips nothing."""

from __future__ import annotations

from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from tests.integration.stream.apps import run_to_its_end
from tests.integration.stream.conftest import Broker


def test_a_failing_agent_ends_the_worker_and_commits_nothing(
    broker: Broker, tmp_path: Path
) -> None:
    topic = broker.topic("raw")
    code, log = run_to_its_end("failing_app", broker, topic, tmp_path, timeout_s=60)

    assert code == 1
    assert "broken machinery" in log
    consumer = Consumer(
        {"bootstrap.servers": broker.bootstrap_servers, "group.id": f"{topic}-group"}
    )
    [committed] = consumer.committed([TopicPartition(topic, 0)], timeout=20)
    consumer.close()
    assert committed.offset < 0
