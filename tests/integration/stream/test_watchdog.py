"""A worker that stands still gets a new consumer, then ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.stream.apps import run_to_its_end
from tests.integration.stream.conftest import Broker


def test_a_stalled_worker_reads_again_with_a_new_consumer_then_ends(
    broker: Broker, tmp_path: Path
) -> None:
    if not broker.idempotence:
        pytest.skip("a stall is the same on every broker, and takes its time")
    topic = broker.topic("raw")
    code, log = run_to_its_end("stalling_app", broker, topic, tmp_path, timeout_s=120)

    assert code == 1
    assert "a new consumer" in log
    assert log.count("read 0") == 2
    assert "since the consumer was restarted" in log
