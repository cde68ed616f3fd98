"""One broker, one loaded topic, contenders one after the other, all watched from outside."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

ROOT = Path(__file__).parents[1]
SCHEMA_FILE = ROOT / "schemas" / "user_event" / "1.0.0.yaml"
PARTITIONS = 4
INVALID_SHARE = 0.02
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Result:
    """One run: records a second between 10 % and 90 % of the outputs, CPU of the process tree."""

    contender: str
    records_per_s: float
    cpu_us_per_record: float
    peak_rss_mb: float


@dataclass(frozen=True)
class Bench:
    """Where a run happens."""

    servers: str
    source: str
    records: int

    def create_topic(self, name: str, partitions: int = PARTITIONS) -> str:
        admin = AdminClient({"bootstrap.servers": self.servers})
        admin.create_topics([NewTopic(name, partitions, 1)])[name].result(timeout=30)
        return name

    def load(self) -> None:
        """Fill the source topic: 200-byte events, 2 % without `user_id`."""
        self.create_topic(self.source)
        producer = Producer(
            {
                "bootstrap.servers": self.servers,
                "linger.ms": 20,
                "batch.size": 500_000,
                "queue.buffering.max.messages": 2_000_000,
            }
        )
        rnd = random.Random(7)
        for number in range(self.records):
            producer.produce(self.source, event(number, rnd), partition=number % PARTITIONS)
            if number % 1000 == 0:
                producer.poll(0)
        producer.flush()

    def run(
        self,
        contender: str,
        command: Sequence[str],
        outputs: Sequence[str],
        *,
        upto: int | None = None,
        env: dict[str, str] | None = None,
        timeout_s: float = 300,
    ) -> Result:
        """Run a contender until its outputs hold `upto` records (default: all)."""
        total = upto or self.records
        ends = Ends(self.servers, outputs)
        log = Path(os.environ.get("DQ_BENCH_LOGS", "/tmp")) / f"bench-{contender}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=output, cwd=ROOT, env={**os.environ, **(env or {})}
            )
        try:
            return self._watch(contender, process, ends, total, timeout_s)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            ends.close()

    def _watch(
        self,
        contender: str,
        process: subprocess.Popen[bytes],
        ends: Ends,
        total: int,
        timeout_s: float,
    ) -> Result:
        low = high = None
        deadline = time.monotonic() + timeout_s
        while high is None:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{contender} stopped at {ends.total()} of {total} records")
            done, now = ends.total(), time.monotonic()
            if low is None and done >= 0.1 * total:
                low = (now, done, cpu_seconds(process.pid))
            elif low is not None and done >= 0.9 * total:
                high = (now, done, cpu_seconds(process.pid))
            time.sleep(0.02)
        assert low is not None
        records = high[1] - low[1]
        return Result(
            contender,
            records / (high[0] - low[0]),
            (high[2] - low[2]) / records * 1e6,
            peak_rss_mb(process.pid),
        )


class Ends:
    """How many records the output topics hold."""

    def __init__(self, servers: str, topics: Sequence[str]) -> None:
        self._consumer = Consumer({"bootstrap.servers": servers, "group.id": "bench-ends"})
        self._partitions = [TopicPartition(t, p) for t in topics for p in range(PARTITIONS)]

    def total(self) -> int:
        return sum(self._end(tp) for tp in self._partitions)

    def _end(self, tp: TopicPartition) -> int:
        try:
            return int(self._consumer.get_watermark_offsets(tp, timeout=10)[1])
        except KafkaException:  # a topic just made has no leader for a moment
            return 0

    def close(self) -> None:
        self._consumer.close()


def event(number: int, rnd: random.Random) -> bytes:
    """Make a user_event of about 200 bytes; 2 % lack `user_id`."""
    document = {
        "_schema": "user_event",
        "user_id": f"USER{rnd.randrange(10**6):06d}",
        "event_type": rnd.choice(("view", "click", "purchase")),
        "timestamp": "2025-12-27T16:00:00Z",
        "product_id": f"PROD{number % 1000}",
        "session_id": f"sess_{number:012d}",
        "page": "/products/garden/tools",
    }
    if rnd.random() < INVALID_SHARE:
        del document["user_id"]
    return orjson.dumps(document)


def cpu_seconds(pid: int) -> float:
    """Add up user and system time of a process and its children that still live."""
    total = 0.0
    for each in [pid, *children(pid)]:
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def children(pid: int) -> list[int]:
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [each for child in map(int, found) for each in (child, *children(child))]


def peak_rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


PYTHON = sys.executable
