"""The plain way with librdkafka: consume 2,000, decode, judge, produce, flush, commit; repeat."""

from __future__ import annotations

import sys

from confluent_kafka import Consumer, Producer

from benchmarks.contenders.judge import Judge, Refused, headers, letter


def main(servers: str, source: str, valid: str, dead_letter: str, schema_file: str) -> None:
    judge = Judge(schema_file)
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": f"loop-{valid}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([source])
    producer = Producer(
        {
            "bootstrap.servers": servers,
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 5,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    while True:
        messages = consumer.consume(2000, timeout=0.5)
        judge.start_batch()
        for message in messages:
            value = message.value()
            at = message.topic(), message.partition(), message.offset()
            try:
                producer.produce(valid, value, judge.key_of(value), headers=headers(*at))
            except Refused as problem:
                producer.produce(dead_letter, letter(value, problem, *at), message.key())
        if messages:
            producer.flush()
            consumer.commit(asynchronous=False)


if __name__ == "__main__":
    main(*sys.argv[1:6])
