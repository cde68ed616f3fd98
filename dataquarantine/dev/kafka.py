"""A real Apache Kafka (KRaft) of one or several brokers, started from jars that Maven fetches."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dataquarantine.dev.broker import speaks_kafka
from dataquarantine.dev.service import Service
from dataquarantine.errors import DataQuarantineError

KAFKA_VERSION = "3.9.1"
START_TIMEOUT_S = 90.0
#: Of the environment: Kafka's own scripts heed it too.
JVM_OPTIONS = "KAFKA_JVM_PERFORMANCE_OPTS"

_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>dataquarantine</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
      <version>{KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId>
      <version>{KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version></dependency>
  </dependencies>
</project>
"""


class KafkaUnavailable(DataQuarantineError):
    """Real Kafka can't be started here; says what is missing."""


def missing_tools() -> list[str]:
    """Name the programs that real Kafka needs and this machine lacks."""
    return [tool for tool in ("java", "mvn") if shutil.which(tool) is None]


def fetch_jars(cache: Path) -> Path:
    """Fetch Kafka's jars once (about 100 MB).

    Raises: KafkaUnavailable when Java or Maven is missing, or Maven fails.
    """
    if missing := missing_tools():
        raise KafkaUnavailable(
            f"real Kafka needs {' and '.join(missing)}; install a Java 17 runtime and Maven"
        )
    folder = cache.resolve() / f"kafka-{KAFKA_VERSION}"
    done = folder / "complete"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        pom = folder / "pom.xml"
        pom.write_text(_POM, "utf-8")
        command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
        result = subprocess.run(
            [*command, f"-DoutputDirectory={folder / 'libs'}"], capture_output=True, text=True
        )
        if result.returncode:
            raise KafkaUnavailable(f"Maven could not fetch Kafka: {result.stdout[-500:]}")
        done.touch()
    return folder / "libs"


class KafkaCluster:
    """Brokers on loopback, each also a controller; data below `folder`.

    options: more of `server.properties`, with `_` for `.`.
    Brokers keep their ports and their data over `stop` and `start`.
    """

    def __init__(self, folder: Path, *, cache: Path, brokers: int = 1, **options: str) -> None:
        self.folder = folder.resolve()
        self.cache = cache
        self.count = brokers
        self.options = {name.replace("_", "."): value for name, value in options.items()}
        ports = _free_ports(2 * brokers)
        self.ports = ports[:brokers]
        self.controller_ports = ports[brokers:]
        self.cluster_id = uuid.uuid4().hex[:22]
        self.services: dict[int, Service] = {}

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def start(self) -> None:
        """Format the storage once, start all brokers and wait until each answers."""
        libs = fetch_jars(self.cache)
        with ThreadPoolExecutor(self.count) as threads:  # a quorum needs them all at once
            list(threads.map(lambda node: self.start_broker(node, libs), range(self.count)))

    def start_broker(self, node: int, libs: Path | None = None) -> None:
        """Start one broker and wait until it answers."""
        libs = libs or fetch_jars(self.cache)
        home = self.folder / f"broker-{node}"
        if not home.exists():
            home.mkdir(parents=True)
            self._write_properties(node, home)
            self._format(home, libs)
        service = Service(f"kafka-{node}", home / "log")
        self.services[node] = service
        service.start(
            _java(libs, home, "kafka.Kafka", str(home / "server.properties")),
            ready=lambda: speaks_kafka("127.0.0.1", self.ports[node]),
            timeout_s=START_TIMEOUT_S,
        )

    def kill_broker(self, node: int) -> None:
        """Kill one broker at once (-9)."""
        self.services.pop(node).kill()

    def stop_broker(self, node: int) -> None:
        """Stop one broker in an orderly way."""
        self.services.pop(node).stop()

    def stop(self) -> None:
        """End all brokers; data stays."""
        for node in list(self.services):
            self.kill_broker(node)

    def _write_properties(self, node: int, home: Path) -> None:
        replication = min(3, self.count)
        voters = ",".join(f"{n}@127.0.0.1:{p}" for n, p in enumerate(self.controller_ports))
        broker = f"PLAINTEXT://127.0.0.1:{self.ports[node]}"
        values = {
            "process.roles": "broker,controller",
            "node.id": node,
            "controller.quorum.voters": voters,
            "listeners": f"{broker},CONTROLLER://127.0.0.1:{self.controller_ports[node]}",
            "advertised.listeners": broker,
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": home / "data",
            "num.partitions": 4,
            "auto.create.topics.enable": "false",
            "offsets.topic.num.partitions": 4,
            "offsets.topic.replication.factor": replication,
            "transaction.state.log.num.partitions": 4,
            "transaction.state.log.replication.factor": replication,
            "transaction.state.log.min.isr": max(1, replication - 1),
            "min.insync.replicas": max(1, replication - 1),
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "message.max.bytes": 20_000_000,
            "replica.fetch.max.bytes": 20_000_000,
            **self.options,
        }
        text = "".join(f"{key}={value}\n" for key, value in values.items())
        (home / "server.properties").write_text(text, "utf-8")

    def _format(self, home: Path, libs: Path) -> None:
        properties = str(home / "server.properties")
        arguments = ["format", "-t", self.cluster_id, "-c", properties]
        result = subprocess.run(
            _java(libs, home, "kafka.tools.StorageTool", *arguments), capture_output=True, text=True
        )
        if result.returncode:
            raise KafkaUnavailable(f"Kafka's storage was not formatted: {result.stderr[-500:]}")


def _java(libs: Path, home: Path, main: str, *arguments: str) -> Sequence[str]:
    options = ["-Xms256m", "-Xmx512m", *os.environ.get(JVM_OPTIONS, "-XX:+UseSerialGC").split()]
    logging = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", f"-Dkafka.logs.dir={home}"]
    return ["java", *options, *logging, "-cp", f"{libs}/*", main, *arguments]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
