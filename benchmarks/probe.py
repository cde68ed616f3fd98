"""The processes of the latency benchmarks; each does one thing and prints seconds as JSON."""

from __future__ import annotations

import gc
import json
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
from confluent_kafka import Consumer, Producer, TopicPartition

from benchmarks.events import INVALID_SHARE
from benchmarks.harness import PARTITIONS

_SENT_AT = b'"sent_at":'
#: A burst goes out this often: what is due then.
TICK_S = 0.001
#: Costs Postgres a tenth of a core at 200 refused records a second.
ROWS_EVERY_S = 0.02


def produce(servers: str, topic: str, rate: float, seconds: float) -> None:
    """Produce at a rate; every record carries the time when it was due to go out."""
    producer = Producer(
        {"bootstrap.servers": servers, "linger.ms": 0, "acks": "1", "queue.buffering.max.ms": 0}
    )
    started = time.time()
    total, sent = int(rate * seconds), 0
    every = round(1 / INVALID_SHARE)
    while sent < total:
        now = time.time()
        for number in range(sent, min(total, int((now - started) * rate))):
            value = _event(number, now, valid=number % every > 0)
            producer.produce(topic, value, partition=number % PARTITIONS)
            sent = number + 1
        producer.poll(0)
        time.sleep(max(0.0, TICK_S - (time.time() - now)))
    producer.flush(30)


def _event(number: int, now: float, *, valid: bool) -> bytes:
    user = b'"user_id":"USER%06d",' % (number % 999_999 + 1) if valid else b""
    return _EVENT % (user, number % 1000, number, now)


#: Formatted, not encoded: the probe must cost less than what it measures. The time comes last.
_EVENT = (
    b'{"_schema":"user_event",%b"event_type":"view","timestamp":"2025-12-27T16:00:00Z",'
    b'"product_id":"PROD%d","session_id":"sess_%012d","page":"/products/garden/tools",'
    b'"sent_at":%.6f}'
)


def consume(servers: str, topic: str, since: float, until: float) -> list[float]:
    """Say how old each record is when it arrives."""
    return [age for _, age in follow(servers, topic, since, until)]


def follow(servers: str, topic: str, since: float, until: float) -> list[tuple[float, float]]:
    """Say when each record was sent and how old it is when it arrives, until SIGTERM at the latest.

    By `poll`, which waits for nothing else. One partition stands for all: the gateway spreads
    records by their keys.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": f"probe-{topic}",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 5,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    ages: list[tuple[float, float]] = []
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: ended.append(number))
    while time.time() < until and not ended:
        message = consumer.poll(0.05)
        if message is None or message.error():
            continue
        now, value = time.time(), message.value()
        if _SENT_AT not in value:  # of the warm-up
            continue
        sent_at = float(value[value.rindex(b":") + 1 : -1])
        if sent_at >= since:
            ages.append((sent_at, now - sent_at))
    consumer.close()
    return ages


def rows(url: str, topic: str, since: float, until: float) -> list[float]:
    """Say how old each refused record is when its row can be read."""
    connection = psycopg2.connect(url.replace("postgresql+psycopg2", "postgresql"))
    connection.autocommit = True
    ages: list[float] = []
    query = (
        'SELECT partition, "offset", source_timestamp_ms FROM quarantine_records '
        'WHERE topic = %s AND "timestamp" >= %s'
    )
    seen: set[tuple[int, int]] = set()
    with connection.cursor() as cursor:
        while time.time() < until:
            # A constant: with now() in the query Postgres plans for every day's partition.
            recent = datetime.now(UTC) - timedelta(seconds=3)
            cursor.execute(query, (topic, recent))
            found: list[Any] = cursor.fetchall()
            now = time.time()
            for partition, offset, sent_ms in found:
                if (partition, offset) in seen:
                    continue
                seen.add((partition, offset))
                if sent_ms / 1000 >= since:
                    ages.append(now - sent_ms / 1000)
            time.sleep(ROWS_EVERY_S)
    connection.close()
    return ages


def main(role: str, *arguments: str) -> None:
    gc.disable()
    if role == "produce":
        produce(arguments[0], arguments[1], float(arguments[2]), float(arguments[3]))
        return
    measured: Any = {"consume": consume, "follow": follow, "rows": rows}[role]
    print(json.dumps(measured(arguments[0], arguments[1], *map(float, arguments[2:]))))


if __name__ == "__main__":
    main(*sys.argv[1:])
