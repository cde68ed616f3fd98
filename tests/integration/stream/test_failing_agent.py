"""Broken machinery ends the worker and skips nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition

from tests.integration.stream.conftest import Broker


def test_a_failing_agent_ends_the_worker_and_commits_nothing(
    broker: Broker, tmp_path: Path
) -> None:
    topic = broker.topic("raw")
    producer = Producer({"bootstrap.servers": broker.bootstrap_servers})
    producer.produce(topic, b"{}")
    assert producer.flush(30) == 0
    environment = {
        "APP_TOPIC": topic,
        "APP_BROKER": broker.bootstrap_servers,
        "APP_DATA": str(tmp_path),
    }

    with (tmp_path / "log").open("wb") as log:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.integration.stream.failing_app"],
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
            timeout=60,
        )

    assert ended.returncode == 1
    assert "broken machinery" in (tmp_path / "log").read_text()
    consumer = Consumer(
        {"bootstrap.servers": broker.bootstrap_servers, "group.id": f"{topic}-group"}
    )
    [committed] = consumer.committed([TopicPartition(topic, 0)], timeout=20)
    consumer.close()
    assert committed.offset < 0
