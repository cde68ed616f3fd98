"""Small Faust apps that run in a process of their own until they end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from confluent_kafka import Producer

from tests.integration.stream.conftest import Broker


def run_to_its_end(
    app: str, broker: Broker, topic: str, folder: Path, *, timeout_s: float
) -> tuple[int, str]:
    """Produce one record, run an app of this package on it; returns exit code and log."""
    producer = Producer({"bootstrap.servers": broker.bootstrap_servers})
    producer.produce(topic, b"{}")
    assert producer.flush(30) == 0
    environment = {
        "APP_TOPIC": topic,
        "APP_BROKER": broker.bootstrap_servers,
        "APP_DATA": str(folder),
    }
    with (folder / "log").open("wb") as log:
        ended = subprocess.run(
            [sys.executable, "-m", f"tests.integration.stream.{app}"],
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
            timeout=timeout_s,
        )
    return ended.returncode, (folder / "log").read_text()
