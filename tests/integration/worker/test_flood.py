"""A flood of bad records is stopped before it fills the quarantine, and disturbs no other topic.

FLOOD_SECONDS=30 measures for so long and holds the other topic's p99 to twice its quiet value.
"""

from __future__ import annotations

import os
import threading
import time

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.integration.worker.stack import PARTITIONS, Stack, until
from tests.integration.worker.test_audit import audit
from tests.integration.worker.test_breaker import breaker, produce_until, row, state
from tests.integration.worker.test_ledger import BAD, VALID, entries

SECONDS = int(os.environ.get("FLOOD_SECONDS", "0"))
RATE = 1000
LIMIT, CHUNK, FLOOD = 2000, 200, 10_000
SETTINGS = {"flood_records": LIMIT, "min_records": 10**6, "trial_records": 100}


def flood(stack: Stack, value: bytes, count: int) -> None:
    producer = Producer({"bootstrap.servers": stack.bootstrap_servers, "linger.ms": 20})
    for number in range(count):
        producer.produce(stack.source, value, partition=number % PARTITIONS)
        producer.poll(0)
    assert producer.flush(60) == 0


def size(stack: Stack, topic: str) -> int:
    """Count the committed records of a topic; its offsets count the ends of transactions too."""
    consumer = Consumer(
        {
            "bootstrap.servers": stack.bootstrap_servers,
            "group.id": "nobody",
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
    count, at_end = 0, set[int | None]()
    while len(at_end) < PARTITIONS:
        for message in consumer.consume(5000, timeout=0.5):
            if message.error() is None:
                count += 1
            else:  # the end of a partition; told again when it has grown
                at_end.add(message.partition())
    consumer.close()
    return count


def latencies_ms(stack: Stack, seconds: float) -> list[float]:
    """Produce valid records at a steady rate; time each from its producer to the valid topic."""
    consumer = Consumer({"bootstrap.servers": stack.bootstrap_servers, "group.id": "latency"})
    start = {p: consumer.get_watermark_offsets(p)[1] for p in _places(stack.valid)}
    consumer.assign([TopicPartition(p.topic, p.partition, end) for p, end in start.items()])
    count, found = int(seconds * RATE), list[float]()
    sender = threading.Thread(target=_send, args=(stack, count))
    sender.start()
    deadline = time.monotonic() + seconds + 60
    while len(found) < count and time.monotonic() < deadline:
        if (message := consumer.poll(0.2)) is not None:
            found.append(time.time() * 1000 - message.timestamp()[1])
    sender.join()
    consumer.close()
    assert len(found) == count
    return found


def _places(topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, partition) for partition in range(PARTITIONS)]


def _send(stack: Stack, count: int) -> None:
    producer = Producer({"bootstrap.servers": stack.bootstrap_servers, "linger.ms": 1})
    started = time.monotonic()
    for number in range(count):
        if (wait_s := started + number / RATE - time.monotonic()) > 0:
            time.sleep(wait_s)
        producer.produce(stack.source, VALID, partition=number % PARTITIONS)
        producer.poll(0)
    producer.flush(30)


def p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


@pytest.mark.timeout(180 + 4 * SECONDS)
@pytest.mark.parametrize("delivery", ["at_least_once", "exactly_once"])
def test_a_flood_is_stopped_before_it_fills_the_quarantine(
    kafka_stack: Stack, delivery: str
) -> None:
    kafka_stack.delivery = delivery
    kafka_stack.kafka = {"max_chunk_records": CHUNK}
    kafka_stack.s3 = {**kafka_stack.s3, "layout": "auto"}
    bad, other = kafka_stack.add_lane(), kafka_stack.add_lane()
    for lane in (bad, other):
        lane.create_topics()
    worker = kafka_stack.start_worker(breaker=SETTINGS)
    latencies_ms(other, 2)
    quiet = latencies_ms(other, SECONDS or 2)

    flood(bad, BAD, FLOOD)
    until(lambda: state(worker, bad) == "open", 30, "the breaker opens")
    until(lambda: "will be read again" in worker.log.read_text(), 30, "what is in flight is gone")
    held = size(bad, bad.dead_letter)
    flooded = latencies_ms(other, SECONDS or 2)

    assert held <= LIMIT + 2 * CHUNK * PARTITIONS
    assert size(bad, bad.dead_letter) == held == sum(bad.committed(bad.source).values())
    print(f"p99 of another topic: quiet {p99(quiet):.0f} ms, once open {p99(flooded):.0f} ms")
    assert not SECONDS or p99(flooded) <= 2 * p99(quiet)
    opened = row(worker, "breakers", bad.source)
    assert opened["codes"]["MISSING_FIELD"] > 0
    code, listed = breaker(kafka_stack, "status")
    assert code == 1
    assert listed["items"][0]["sample"][0]["message"] == "'user_id' is a required property"

    signed = ("--who", "ann", "--why", "known", "--admit-backlog", "--rate", "100000")
    code, reset = breaker(kafka_stack, "reset", bad.source, *signed)
    assert (code, reset["admitted"]) == (0, FLOOD - held)
    until(lambda: size(bad, bad.dead_letter) == FLOOD, 60, "the backlog is quarantined")
    try:
        produce_until(bad, VALID, lambda: state(worker, bad) == "closed", "the trial ends")
    except AssertionError:
        print(row(worker, "breakers", bad.source), bad.committed(bad.source))
        print([e for e in entries(bad)][-6:])
        raise
    total = size(bad, bad.source)
    until(lambda: sum(bad.committed(bad.source).values()) == total, 60, "all is read")
    assert (size(bad, bad.dead_letter), size(bad, bad.valid)) == (FLOOD, total - FLOOD)
    code, document = audit(kafka_stack)
    assert (code, document["findings"]) == (0, [])
