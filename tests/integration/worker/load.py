"""A steady load of numbered records, and what became of each number."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

from confluent_kafka import Consumer, Producer, TopicPartition

from tests.integration.worker.stack import Stack


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
        producer = Producer(
            {
                "bootstrap.servers": self.stack.bootstrap_servers,
                "linger.ms": 5,
                "enable.idempotence": True,
                "queue.buffering.max.messages": 2_000_000,
            }
        )
        started = time.monotonic()
        while not self._stopped.wait(0.01):
            due = int((time.monotonic() - started) * self.rate)
            for number in range(self.sent, due):
                partition = number % self.stack.partitions
                producer.produce(self.stack.source, event(number), partition=partition)
            self.sent = max(due, self.sent)
            producer.poll(0)
        assert producer.flush(60) == 0


def load_numbered(stack: Stack, count: int) -> None:
    """Produce `count` numbered records at once, spread over the partitions; 1 in 50 is bad."""
    producer = Producer({"bootstrap.servers": stack.bootstrap_servers, "linger.ms": 20})
    for number in range(count):
        producer.produce(stack.source, event(number), partition=number % stack.partitions)
        producer.poll(0)
    assert producer.flush(60) == 0


def event(number: int) -> bytes:
    user = b"" if number % 50 == 0 else b'"user_id":"USER%06d",' % (number % 1000)
    return (
        b'{"_schema":"user_event",' + user + b'"event_type":"view",'
        b'"timestamp":"2025-12-27T16:00:00Z","seq":%d}' % number
    )


class Stalls:
    """Watches how long any partition's committed offset stood still under load."""

    def __init__(self, stack: Stack) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": stack.bootstrap_servers,
                "group.id": stack.group,
                "isolation.level": "read_uncommitted",  # as `Stack.committed`
            }
        )
        self._wanted = [TopicPartition(stack.source, p) for p in range(stack.partitions)]
        self._last: dict[int, int] = {}
        self._moved = dict.fromkeys(range(stack.partitions), time.monotonic())
        self.worst_s = 0.0
        self.worst_ended = ""

    def watch(self, seconds: float, until_true: Callable[[], bool] = lambda: False) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not until_true():
            for tp in self._consumer.committed(self._wanted, timeout=20):
                if self._last.get(tp.partition) != tp.offset:
                    self._last[tp.partition] = tp.offset
                    self._moved[tp.partition] = time.monotonic()
            stalled_s = time.monotonic() - min(self._moved.values())
            if stalled_s > self.worst_s:
                self.worst_s, self.worst_ended = stalled_s, time.strftime("%X")
            time.sleep(0.2)

    def watch_moves(self, seconds: float) -> None:
        """Watch for so long at most, until every partition has moved from where it is."""
        self.watch(0.1)  # what was committed before is seen
        began = time.monotonic()
        self.watch(seconds, lambda: min(self._moved.values()) > began)

    def close(self) -> None:
        self._consumer.close()


def sequence_numbers(stack: Stack) -> Counter[int]:
    """Count the numbers of all records in both output topics; aborted ones don't count."""
    consumer = Consumer(
        {
            "bootstrap.servers": stack.bootstrap_servers,
            "group.id": f"{stack.name}-numbers",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    topics = [
        TopicPartition(topic, partition, 0)
        for topic in (stack.valid, stack.dead_letter)
        for partition in range(stack.partitions)
    ]
    consumer.assign(topics)
    left, idle = len(topics), 0
    numbers: Counter[int] = Counter()
    while left:
        messages = consumer.consume(5000, timeout=0.5)
        idle = 0 if messages else idle + 1
        assert idle < 40, f"{left} partitions could not be read to their end"
        for message in messages:
            if message.error() is not None:  # the end of a partition
                left -= 1
                continue
            value = message.value() or b""
            numbers[int(value.partition(b'"seq":')[2].partition(b"}")[0])] += 1
    consumer.close()
    return numbers


def missing_and_twice(stack: Stack, sent: int) -> tuple[list[int], int]:
    """Name the numbers that came out nowhere; count the records that came out once too often."""
    seen = sequence_numbers(stack)
    return [n for n in range(sent) if n not in seen], sum(seen.values()) - len(seen)
