"""A real Apache Kafka (KRaft) of one or several brokers, started from jars that Maven fetches."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from dataquarantine.errors import DataQuarantineError

KAFKA_VERSION = "3.9.1"
START_TIMEOUT_S = 90.0

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

    Brokers keep their ports and their data over `stop` and `start`.
    """

    def __init__(self, folder: Path, *, cache: Path, brokers: int = 1) -> None:
        self.folder = folder.resolve()
        self.cache = cache
        self.count = brokers
        ports = _free_ports(2 * brokers)
        self.ports = ports[:brokers]
        self.controller_ports = ports[brokers:]
        self.cluster_id = uuid.uuid4().hex[:22]
        self.processes: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def start(self) -> None:
        """Format the storage once, start all brokers and wait until each answers."""
        libs = fetch_jars(self.cache)
        for node in range(self.count):
            self.start_broker(node, libs, wait=False)
        for node in range(self.count):
            self.wait_for_broker(node)

    def start_broker(self, node: int, libs: Path | None = None, *, wait: bool = True) -> None:
        """Start one broker."""
        libs = libs or fetch_jars(self.cache)
        home = self.folder / f"broker-{node}"
        if not home.exists():
            home.mkdir(parents=True)
            self._write_properties(node, home)
            self._format(home, libs)
        with (home / "log").open("ab") as log:
            self.processes[node] = subprocess.Popen(
                _java(libs, home, "kafka.Kafka", str(home / "server.properties")),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        if wait:
            self.wait_for_broker(node)

    def wait_for_broker(self, node: int) -> None:
        """Wait until a broker says it has started and takes connections."""
        process, log = self.processes[node], self.folder / f"broker-{node}" / "log"
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise KafkaUnavailable(f"broker {node} ended; its log is {log}")
            if _takes_connections(self.ports[node]):
                return
            time.sleep(0.1)
        raise KafkaUnavailable(f"broker {node} did not start in {START_TIMEOUT_S:g} s; see {log}")

    def kill_broker(self, node: int) -> None:
        """Kill one broker at once (-9)."""
        self._end(node, signal.SIGKILL)

    def stop_broker(self, node: int) -> None:
        """Stop one broker in an orderly way."""
        self._end(node, signal.SIGTERM)

    def stop(self) -> None:
        """End all brokers; data stays."""
        for node in list(self.processes):
            self._end(node, signal.SIGKILL)

    def _end(self, node: int, how: signal.Signals) -> None:
        process = self.processes.pop(node)
        if process.poll() is None:
            os.killpg(process.pid, how)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

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
    options = ["-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=4"]
    logging = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", f"-Dkafka.logs.dir={home}"]
    return ["java", *options, *logging, "-cp", f"{libs}/*", main, *arguments]


def _takes_connections(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
