"""A worker that stands still gets a new consumer, then ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.integration.stream.conftest import Broker


def test_a_stalled_worker_reads_again_with_a_new_consumer_then_ends(
    broker: Broker, tmp_path: Path
) -> None:
    if not broker.idempotence:
        pytest.skip("a stall is the same on every broker, and takes its time")
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
            [sys.executable, "-m", "tests.integration.stream.stalling_app"],
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
            timeout=120,
        )

    log_text = (tmp_path / "log").read_text()
    assert ended.returncode == 1
    assert "a new consumer" in log_text
    assert log_text.count("read 0") == 2
    assert "since the consumer was restarted" in log_text
