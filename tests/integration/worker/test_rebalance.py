"""Workers join and die under load; REBALANCE_ROUNDS and REBALANCE_RATE make it long and fast."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.integration.worker.stack import PARTITIONS, Stack, Worker, until

ROUNDS = int(os.environ.get("REBALANCE_ROUNDS", "2"))
RATE = int(os.environ.get("REBALANCE_RATE", "2000"))
SESSION_S = 6


class Load:
    """Produces numbered records at a steady rate until it is told to stop; 1 in 50 is bad."""

    def __init__(self, stack: Stack, rate: int) -> None:
        self.stack = stack
        self.rate = rate
        self.sent = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        producer = Producer({"bootstrap.servers": self.stack.bootstrap_servers, "linger.ms": 5})
        started = time.monotonic()
        while not self._stopped.wait(0.01):
            due = int((time.monotonic() - started) * self.rate)
            for number in range(self.sent, due):
                value = _event(number)
                producer.produce(self.stack.source, value, partition=number % PARTITIONS)
            self.sent = max(due, self.sent)
            producer.poll(0)
        producer.flush(30)


def load_numbered(stack: Stack, count: int) -> None:
    """Produce `count` numbered records at once, spread over the partitions; 1 in 50 is bad."""
    producer = Producer({"bootstrap.servers": stack.bootstrap_servers, "linger.ms": 20})
    for number in range(count):
        producer.produce(stack.source, _event(number), partition=number % PARTITIONS)
        producer.poll(0)
    assert producer.flush(60) == 0


def _event(number: int) -> bytes:
    user = b"" if number % 50 == 0 else b'"user_id":"USER%06d",' % (number % 1000)
    return (
        b'{"_schema":"user_event",' + user + b'"event_type":"view",'
        b'"timestamp":"2025-12-27T16:00:00Z","seq":%d}' % number
    )


class Stalls:
    """Watches how long any partition's committed offset stood still under load."""

    def __init__(self, stack: Stack) -> None:
        self._consumer = Consumer(
            {"bootstrap.servers": stack.bootstrap_servers, "group.id": stack.group}
        )
        self._wanted = [TopicPartition(stack.source, p) for p in range(PARTITIONS)]
        self._last: dict[int, int] = {}
        self._moved = dict.fromkeys(range(PARTITIONS), time.monotonic())
        self.worst_s = 0.0

    def watch(self, seconds: float, until_true: Callable[[], bool] = lambda: False) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not until_true():
            for tp in self._consumer.committed(self._wanted, timeout=20):
                if self._last.get(tp.partition) != tp.offset:
                    self._last[tp.partition] = tp.offset
                    self._moved[tp.partition] = time.monotonic()
            now = time.monotonic()
            self.worst_s = max(self.worst_s, *(now - moved for moved in self._moved.values()))
            time.sleep(0.2)

    def close(self) -> None:
        self._consumer.close()


@pytest.mark.kafka
@pytest.mark.timeout(120 + ROUNDS * 60)
def test_joins_and_kills_lose_nothing_and_never_stop_a_partition(kafka_stack: Stack) -> None:
    stack = kafka_stack
    stack.create_topics()
    stack.start_worker()
    with Load(stack, RATE) as load:
        until(lambda: len(stack.committed(stack.source)) == PARTITIONS, 60, "a first commit")
        stalls = Stalls(stack)
        members: list[int] = []
        for _ in range(ROUNDS):
            joined = stack.start_worker(wait=False)
            stalls.watch(40, partial(Worker.is_ready, joined))
            assert joined.is_ready(), "a joined worker holds partitions"
            stalls.watch(4)
            members.append(member_count(stack))
            joined.kill()
            stalls.watch(SESSION_S + 6)
        stalls.close()

    def drained() -> bool:
        return sum(stack.committed(stack.source).values()) == load.sent

    until(drained, 120, "everything is committed")
    seen = sequence_numbers(stack)
    duplicates = sum(seen.values()) - len(seen)
    print(
        f"rounds {ROUNDS}, rate {RATE}/s: {load.sent} records, worst commit stall "
        f"{stalls.worst_s:.1f} s, duplicates {duplicates}"
    )
    missing = [n for n in range(load.sent) if n not in seen]
    assert members == [2] * ROUNDS
    assert missing == []
    assert stalls.worst_s <= SESSION_S + 5


def member_count(stack: Stack) -> int:
    """Count the group's members that hold partitions of the source."""
    admin = AdminClient({"bootstrap.servers": stack.bootstrap_servers})
    group = admin.describe_consumer_groups([stack.group])[stack.group].result(timeout=20)
    holders = [m for m in group.members if m.assignment]
    return sum(
        any(tp.topic == stack.source for tp in m.assignment.topic_partitions) for m in holders
    )


def sequence_numbers(stack: Stack) -> Counter[int]:
    """Count the numbers of all records in both output topics."""
    consumer = Consumer(
        {"bootstrap.servers": stack.bootstrap_servers, "group.id": f"{stack.name}-numbers"}
    )
    topics = [TopicPartition(t, p, 0) for t in (stack.valid, stack.dead_letter) for p in range(4)]
    left = sum(consumer.get_watermark_offsets(tp, timeout=10)[1] for tp in topics)
    consumer.assign(topics)
    numbers: Counter[int] = Counter()
    while left:
        messages = consumer.consume(min(left, 5000), timeout=10)
        assert messages, f"{left} records could not be read"
        left -= len(messages)
        for message in messages:
            value = message.value() or b""
            numbers[int(value.partition(b'"seq":')[2].partition(b"}")[0])] += 1
    consumer.close()
    return numbers
