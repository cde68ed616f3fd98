"""What the gateway needs beside a broker, and how a worker of a benchmark is configured."""

from __future__ import annotations

import asyncio
import os
import platform
import random
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from benchmarks.events import ROOT, write_schemas
from benchmarks.harness import Bench, Load
from dataquarantine.dev.broker import EmbeddedBroker
from dataquarantine.dev.kafka import KAFKA_VERSION, KafkaCluster, missing_tools
from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.dev.postgres import EmbeddedPostgres
from dataquarantine.dev.service import free_port
from dataquarantine.settings import SchemaSettings, load_settings
from dataquarantine.store import migrations
from dataquarantine.topics import CONTROL, LEDGER, OUTCOMES, create_topics

VERSIONS = ("faust-streaming", "aiokafka", "confluent-kafka", "jsonschema-rs", "msgspec", "uvloop")


@dataclass
class Surroundings:
    """A broker, Postgres and S3 that run, and a folder."""

    home: Path
    servers: str
    is_kafka: bool
    stores: dict[str, Any]
    postgres_url: str

    def loaded(self, load: Load) -> Bench:
        """Load a topic of its own; `records=0` leaves it empty."""
        bench = Bench(self.servers, f"bench-{uuid4().hex[:6]}", load)
        bench.fill()
        return bench

    def worker_config(
        self, bench: Bench, outputs: tuple[str, str], *, schemas: int = 1, **changes: Any
    ) -> Path:
        """Create a worker's topics and write its settings; everything is on, also provenance."""
        valid, dead_letter = outputs
        settings = {
            "cluster_id": valid,
            "kafka": {
                "bootstrap_servers": self.servers,
                "group": valid,
                "idempotence": self.is_kafka,
                "session_timeout_s": 6,
                "heartbeat_interval_s": 1,
            },
            "pipelines": [{"source": bench.source, "valid": valid, "dead_letter": dead_letter}],
            "schemas": {"folder": str(write_schemas(self.home / f"schemas-{schemas}", schemas))},
            "spool": {"folder": str(self.home / f"spool-{valid}")},
            "data_dir": str(self.home / f"data-{valid}"),
            # Below what the system gives to connections: a second worker takes the next one.
            "web": {"port": free_port(random.randrange(20_000, 32_000))},
            **self.stores,
            **changes,
        }
        path = self.home / f"{valid}.yaml"
        path.write_text(yaml.safe_dump(settings))
        asyncio.run(create_topics(load_settings(path, {})))  # what is not there yet
        return path

    def described(self) -> dict[str, Any]:
        """Say where and with what was measured."""
        return {
            **machine(),
            "python": platform.python_version(),
            "broker": f"Apache Kafka {KAFKA_VERSION}" if self.is_kafka else "Tansu",
            "versions": {name: version(name) for name in VERSIONS},
        }


@contextmanager
def surroundings(layout: str = "auto") -> Iterator[Surroundings]:
    """Start a broker (real Kafka where Java and Maven are), Postgres and S3; stop them after."""
    # What is started here shall not compile its modules each time: an installed package does not.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="dq-bench-") as folder, ExitStack() as stack:
        home = Path(folder)
        home.chmod(0o755)
        is_kafka = not missing_tools()
        broker: KafkaCluster | EmbeddedBroker
        if is_kafka:
            broker = KafkaCluster(home / "kafka", cache=ROOT / ".cache")
        else:
            broker = EmbeddedBroker(home)
        stack.callback(broker.stop)
        broker.start()
        stores, url = _stores(home, stack, layout)
        found = Surroundings(home, broker.bootstrap_servers, is_kafka, stores, url)
        shared = Bench(found.servers, "", Load(0))
        for topic in (LEDGER, CONTROL, OUTCOMES, SchemaSettings().topic):
            shared.create_topic(topic, partitions=1)
        yield found


def _stores(home: Path, stack: ExitStack, layout: str) -> tuple[dict[str, Any], str]:
    postgres = EmbeddedPostgres(home, password=uuid4().hex)
    stack.callback(postgres.stop)
    postgres.start()
    migrations.upgrade(postgres.url)
    keys = {"access_key": uuid4().hex, "secret_key": uuid4().hex}
    objects = EmbeddedObjects(home, access_key=keys["access_key"], secret_key=keys["secret_key"])
    stack.callback(objects.stop)
    objects.start()
    s3 = {"endpoint_url": objects.endpoint_url, "layout": layout, **keys}
    return {"postgres": {"url": postgres.url}, "s3": s3}, postgres.url


def machine() -> dict[str, str]:
    """Say when and where."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {_memory_gb()} GB",
    }


def _memory_gb() -> int:
    first = Path("/proc/meminfo").read_text().split("\n")[0]
    return round(int(first.split()[1]) / 2**20)
