"""A gateway in real processes: a worker, its broker, its database and its bucket."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import psycopg2
import psycopg2.extras
import yaml
from aiokafka import AIOKafkaProducer
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
)

from dataquarantine.dev.service import free_port
from dataquarantine.settings import Settings
from dataquarantine.topics import CONTROL, LEDGER, OUTCOMES, TABLES, plan_topics, replay_topic

SCHEMAS = Path(__file__).parents[3] / "schemas"
#: What comes of asking while a group's coordinator moves to another broker.
MOVING = (
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError._TRANSPORT,  # noqa: SLF001  # librdkafka's own codes are named so
    KafkaError._TIMED_OUT,  # noqa: SLF001
)
PARTITIONS = 4
SHARED = (LEDGER, CONTROL, OUTCOMES)


@dataclass
class Worker:
    """One worker process and its log."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int

    def kill(self) -> None:
        """End it as a crash would (-9)."""
        self.process.kill()
        self.process.wait()

    def stop(self, timeout_s: float = 30) -> int:
        """Ask it to stop and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_s)

    def is_ready(self) -> bool:
        """Whether it holds partitions."""
        if self.process.poll() is not None:
            raise AssertionError(f"the worker ended: {self.log.read_text()[-3000:]}")
        try:
            url = f"http://127.0.0.1:{self.port}/readyz"
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def metrics(self) -> str:
        url = f"http://127.0.0.1:{self.port}/metrics"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return str(answer.read().decode())


@dataclass
class Stack:
    """Everything around the workers; topics, database and bucket belong to one test.

    `lanes` are more stacks with topics of their own, served by the same workers.
    """

    home: Path
    bootstrap_servers: str
    idempotence: bool
    database_url: str
    s3: Mapping[str, Any]
    name: str
    pipeline: Mapping[str, Any] = field(default_factory=dict)
    kafka: Mapping[str, Any] = field(default_factory=dict)
    web: Mapping[str, Any] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)
    group: str = ""
    delivery: str = "at_least_once"
    replication: int = 1
    partitions: int = PARTITIONS
    lanes: list[Stack] = field(default_factory=list)
    _asking: Consumer | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.group = self.group or f"{self.name}-validators"

    def add_lane(self, **pipeline: Any) -> Stack:
        """Add topics with a pipeline of their own; call it before the first worker starts."""
        lane = replace(self, name=f"{self.name}-{len(self.lanes)}", pipeline=pipeline, lanes=[])
        self.lanes.append(lane)
        return lane

    @property
    def source(self) -> str:
        return f"{self.name}-raw-events"

    @property
    def valid(self) -> str:
        return f"{self.name}-validated-events"

    @property
    def dead_letter(self) -> str:
        return f"{self.name}-quarantine-dlq"

    @property
    def replays(self) -> str:
        return replay_topic(self.source)

    @property
    def schema_log(self) -> str:
        return f"{self.name}-schemas"

    # -- the gateway

    def create_topics(self, **config: str) -> None:
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers})
        topics = [
            NewTopic(topic, self.partitions, self.replication, config=config)
            for topic in (self.source, self.replays, self.valid, self.dead_letter)
        ]
        for created in admin.create_topics(topics).values():
            created.result(timeout=30)
        self._create_shared_topics(admin)

    def _create_shared_topics(self, admin: AdminClient) -> None:
        """Create the topics that all gateways of a cluster share."""
        shared = [plan for plan in plan_topics(Settings()) if plan.name in SHARED]
        changelogs = [f"{self.group}-{table}-changelog" for table in TABLES]
        topics = [NewTopic(p.name, 1, self.replication, config=dict(p.config)) for p in shared]
        topics += [NewTopic(name, 1, self.replication) for name in changelogs]
        self._create_missing(admin, topics)

    def _create_missing(self, admin: AdminClient, topics: list[NewTopic]) -> None:
        for created in admin.create_topics(topics).values():
            problem = created.exception(timeout=30)
            if problem and problem.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise problem

    def create_schema_log(self) -> None:
        """Create the registry's log."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers})
        config = {"cleanup.policy": "compact"}
        topic = NewTopic(self.schema_log, 1, self.replication, config=config)
        self._create_missing(admin, [topic])

    def alter_topic(self, topic: str, option: str, value: str) -> None:
        """Change an option of a topic, as its owner might."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers})
        entry = ConfigEntry(option, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        for changed in admin.incremental_alter_configs([resource]).values():
            changed.result(timeout=30)

    def config(self) -> dict[str, Any]:
        """The settings of the workers, as their file says them."""
        kafka = {
            "bootstrap_servers": self.bootstrap_servers,
            "group": self.group,
            "idempotence": self.idempotence,
            "session_timeout_s": 6,
            "heartbeat_interval_s": 1,
        }
        return {
            "cluster_id": self.name,
            "delivery": self.delivery,
            "kafka": {**kafka, **self.kafka},
            "pipelines": [stack.pipeline_config() for stack in self.lanes or [self]],
            "schemas": {"folder": str(SCHEMAS), "topic": self.schema_log},
            "postgres": {"url": self.database_url},
            "s3": dict(self.s3),
            "spool": {"folder": str(self.home / "spool")},
        }

    def pipeline_config(self) -> dict[str, Any]:
        topics = {"source": self.source, "valid": self.valid, "dead_letter": self.dead_letter}
        return {**topics, **self.pipeline}

    def start_worker(
        self, *, wait: bool = True, number: int | None = None, **changes: Any
    ) -> Worker:
        """Start one more worker; `changes` replace sections of the settings.

        Args: number: of the worker whose folder it takes; a new one by default.
        """
        if number is None:
            number = len(self.workers)
        if not self.workers:
            self.create_schema_log()
        config: dict[str, Any] = {
            **self.config(),
            "data_dir": str(self.home / f"worker-{number}"),
            "web": {"port": free_port(), **self.web},
            **changes,
        }
        path = self.home / f"worker-{number}.yaml"
        path.write_text(yaml.safe_dump(config))
        log = self.home / f"worker-{number}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "dataquarantine",
                    "--config",
                    str(path),
                    "worker",
                    "--log-format",
                    "json",
                ],
                stdout=output,
                stderr=output,
                env={**os.environ, "PYTHONWARNINGS": "default"},
            )
        worker = Worker(process, log, config["web"]["port"])
        self.workers.append(worker)
        if wait:
            until(worker.is_ready, 60, "the worker holds partitions")
        return worker

    def dq(self, *arguments: str, environ: Mapping[str, str] | None = None) -> tuple[int, Any]:
        """Run a command that prints JSON; returns its exit code and what it printed."""
        path = self.home / "commands.yaml"
        path.write_text(yaml.safe_dump(self.config()))
        done = subprocess.run(
            [sys.executable, "-m", "dataquarantine", "--config", str(path), *arguments],
            capture_output=True,
            env={**os.environ, **(environ or {})},
            timeout=60,
        )
        return done.returncode, json.loads(done.stdout) if done.stdout else None

    def stop(self) -> None:
        """End all workers."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.terminate()
        for worker in self.workers:
            try:
                worker.process.wait(20)
            except subprocess.TimeoutExpired:
                worker.kill()

    # -- the broker

    def produce(self, records: Sequence[Mapping[str, Any] | bytes | None]) -> None:
        """Produce to partition 0 of the source; a mapping holds arguments of `Producer.produce`."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap_servers, "message.max.bytes": 20_000_000}
        )
        for record in records:
            arguments = record if isinstance(record, Mapping) else {"value": record}
            producer.produce(self.source, **{"partition": 0, **arguments})
            producer.poll(0)
        assert producer.flush(60) == 0

    def produce_untimed(self, value: bytes) -> None:
        """Produce a record without a timestamp (-1), which librdkafka never does."""

        async def produce() -> None:
            producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap_servers)
            await producer.start()
            batch = producer.create_batch()
            batch.append(timestamp=-1, key=None, value=value)
            await (await producer.send_batch(batch, self.source, partition=0))
            await producer.stop()

        asyncio.run(produce())

    def read(self, topic: str, count: int, *, timeout_s: float = 60) -> list[Message]:
        """Read `count` records of a topic and make sure that there are no more."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap_servers,
                "group.id": f"{self.name}-reader",
                "enable.auto.commit": False,
                "fetch.message.max.bytes": 20_000_000,
            }
        )
        consumer.assign(
            [TopicPartition(topic, partition, 0) for partition in range(self.partitions)]
        )
        found: list[Message] = []
        deadline = time.monotonic() + timeout_s
        while len(found) < count and time.monotonic() < deadline:
            if (message := consumer.poll(0.5)) is not None:
                assert message.error() is None, message.error()
                found.append(message)
        extra = consumer.poll(0.5)
        consumer.close()
        assert extra is None, f"more than {count} records in {topic}: {extra.value()!r}"
        assert len(found) == count, f"{len(found)} of {count} records in {topic}"
        return found

    def committed(self, topic: str) -> dict[int, int]:
        """Committed next_offset by partition; partitions without one are left out."""
        wanted = [TopicPartition(topic, partition) for partition in range(self.partitions)]
        found: list[TopicPartition] = []

        def is_answered() -> bool:
            try:
                found[:] = self._asker().committed(wanted, timeout=20)
            except KafkaException as exc:
                self._asking = None
                if exc.args[0].code() not in MOVING:
                    raise
                return False
            return True

        until(is_answered, 60, "the group's coordinator answers")
        return {tp.partition: tp.offset for tp in found if tp.offset >= 0}

    def _asker(self) -> Consumer:
        """A client that asks for what is committed; a new one each time would take longer."""
        if self._asking is None:
            self._asking = Consumer(
                {
                    "bootstrap.servers": self.bootstrap_servers,
                    "group.id": self.group,
                    # else it waits for a moment without any transaction under way
                    "isolation.level": "read_uncommitted",
                    "reconnect.backoff.max.ms": 500,
                }
            )
        return self._asking

    def ends(self, topic: str) -> dict[int, int]:
        """End offset by partition; empty partitions are left out."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap_servers, "group.id": "ends"})
        found = {}
        for partition in range(PARTITIONS):
            where = TopicPartition(topic, partition)
            _, found[partition] = consumer.get_watermark_offsets(where, timeout=20)
        consumer.close()
        return {partition: end for partition, end in found.items() if end}

    # -- the stores

    def rows(self) -> list[dict[str, Any]]:
        with psycopg2.connect(self.database_url.replace("+psycopg2", "")) as connection:
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(
                    "SELECT * FROM quarantine_records WHERE topic = %s "
                    'ORDER BY partition, "offset"',
                    [self.source],
                )
                rows = [dict(row) for row in cursor.fetchall()]
        connection.close()
        return rows

    def count_rows(self, status: str = "%") -> int:
        """Count the rows, where not all of them need be fetched.

        Args: status: a pattern of LIKE.
        """
        connection = psycopg2.connect(self.database_url.replace("+psycopg2", ""))
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM quarantine_records WHERE topic = %s AND status LIKE %s",
                [self.source, status],
            )
            [count] = cursor.fetchone() or (0,)
        connection.close()
        return int(count)

    def wait_for_rows(self, count: int, timeout_s: float = 60) -> list[dict[str, Any]]:
        until(lambda: self.count_rows() >= count, timeout_s, f"{count} rows")
        return self.rows()

    def object(self, path: str) -> bytes:
        body = self.bucket().Object(path).get()["Body"]
        return bytes(body.read())

    def objects(self) -> list[str]:
        return sorted(o.key for o in self.bucket().objects.filter(Prefix=f"{self.source}/"))

    def bucket(self) -> Any:
        resource = boto3.resource(
            "s3",
            endpoint_url=self.s3["endpoint_url"],
            aws_access_key_id=self.s3["access_key"],
            aws_secret_access_key=self.s3["secret_key"],
            region_name="us-east-1",
        )
        return resource.Bucket(self.s3["bucket"])


def until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {what}"
        time.sleep(0.1)
