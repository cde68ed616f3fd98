"""One broker, one loaded topic, contenders one after the other, all watched from outside."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.events import INVALID_SHARE, ROOT, event
from benchmarks.processes import Tree
from dataquarantine.topics import replay_topic

PARTITIONS = 4
#: How often the end offsets are asked for.
LOOK_EVERY_S = 0.05


@dataclass(frozen=True)
class Result:
    """One run: records a second between 10 % and 90 % of the outputs, CPU of the process tree."""

    contender: str
    records_per_s: float
    cpu_us_per_record: float
    peak_rss_mb: float


@dataclass(frozen=True)
class Load:
    """What lies on a source topic."""

    records: int
    partitions: int = PARTITIONS
    invalid: float = INVALID_SHARE
    padding: int = 0
    schemas: int = 1


class Stopped(SystemExit):
    """A program ended, or stood still, before it had done its part."""


class Bench:
    """A broker with a loaded topic."""

    def __init__(self, servers: str, source: str, load: Load) -> None:
        self.servers = servers
        self.source = source
        self.load = load
        self._admin = AdminClient({"bootstrap.servers": servers})
        self._reader = Consumer({"bootstrap.servers": servers, "group.id": "bench-ends"})

    @property
    def records(self) -> int:
        return self.load.records

    def create_topic(self, name: str, partitions: int | None = None) -> str:
        topic = NewTopic(name, partitions or self.load.partitions, 1)
        self._admin.create_topics([topic])[name].result(timeout=30)
        return name

    def delete_topics(self, names: Sequence[str]) -> None:
        """Delete topics, so that the disk does not fill up over the rounds."""
        for done in self._admin.delete_topics(list(names)).values():
            done.result(timeout=30)

    def fill(self) -> None:
        """Create the source topic and fill it."""
        self.create_topic(self.source)
        self.create_topic(replay_topic(self.source))
        self.refill()

    def refill(self) -> None:
        """Produce the load once more."""
        load = self.load
        producer = Producer(
            {
                "bootstrap.servers": self.servers,
                "linger.ms": 20,
                "batch.size": 500_000,
                "queue.buffering.max.messages": 2_000_000,
                "queue.buffering.max.kbytes": 1_000_000,
            }
        )
        rnd = random.Random(7)
        for number in range(load.records):
            value = event(
                number, rnd, invalid=load.invalid, padding=load.padding, schemas=load.schemas
            )
            _produce(producer, self.source, value, number % load.partitions)
        producer.flush()

    def run(
        self,
        contender: str,
        commands: Sequence[Sequence[str]],
        outputs: Sequence[str],
        *,
        upto: int | None = None,
        env: dict[str, str] | None = None,
        timeout_s: float = 120,
    ) -> Result:
        """Run a contender (one process or several) until its outputs hold `upto` records.

        Raises: Stopped.
        """
        log = Path(os.environ.get("BENCH_LOGS", "/tmp")) / f"bench-{contender}.log"
        with log.open("ab") as output:
            processes = [
                subprocess.Popen(
                    command,
                    stdout=output,
                    stderr=output,
                    cwd=ROOT,
                    env={**os.environ, **(env or {})},
                )
                for command in commands
            ]
        try:
            return self._watch(contender, processes, outputs, upto or self.records, timeout_s)
        finally:
            stop(processes)

    def _watch(
        self,
        contender: str,
        processes: Sequence[subprocess.Popen[bytes]],
        outputs: Sequence[str],
        total: int,
        timeout_s: float,
    ) -> Result:
        tree = Tree([process.pid for process in processes])
        low = None
        deadline = time.monotonic() + timeout_s
        while True:
            done, now = self.forwarded(outputs), time.monotonic()
            if any(p.poll() is not None for p in processes) or now > deadline:
                raise Stopped(f"{contender} stopped at {done} of {total} records")
            if low is None and done >= 0.1 * total:
                low = (now, done, tree.cpu_s())
            elif low is not None and done >= 0.9 * total:
                break
            time.sleep(LOOK_EVERY_S)
        records = done - low[1]
        return Result(
            contender,
            records / (now - low[0]),
            (tree.cpu_s() - low[2]) / records * 1e6,
            tree.peak_rss_mb(),
        )

    def forwarded(self, outputs: Sequence[str]) -> int:
        """Count the records of output topics."""
        return sum(self._end(t, p) for t in outputs for p in range(self.load.partitions))

    def _end(self, topic: str, partition: int) -> int:
        try:
            found = self._reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        except KafkaException:  # a topic just made has no leader for a moment
            return 0
        return int(found[1])


def stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End processes in an orderly way, by force after 20 seconds."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _produce(producer: Producer, topic: str, value: bytes, partition: int) -> None:
    while True:
        try:
            producer.produce(topic, value, partition=partition)
            return
        except BufferError:
            producer.poll(0.1)
