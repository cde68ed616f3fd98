"""The plain way with librdkafka: consume 2,000, decode, judge, produce, flush, commit; repeat."""

from __future__ import annotations

import sys

import fastjsonschema
import orjson
import yaml
from confluent_kafka import Consumer, Producer


def main(servers: str, source: str, valid: str, dead_letter: str, schema_file: str) -> None:
    with open(schema_file, encoding="utf-8") as file:
        check = fastjsonschema.compile(yaml.safe_load(file)["schema"])
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
            "linger.ms": 5,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    while True:
        messages = consumer.consume(2000, timeout=0.5)
        for message in messages:
            value = message.value()
            try:
                event = orjson.loads(value)
                check(event)
                producer.produce(valid, value, event["user_id"].encode())
            except fastjsonschema.JsonSchemaException as exc:
                error = {"error_type": "schema_violation", "error_message": exc.message}
                letter = {
                    "original_message": orjson.Fragment(value),
                    "validation_error": {**error, "field_path": exc.name},
                    "source_topic": message.topic(),
                    "source_partition": message.partition(),
                    "source_offset": message.offset(),
                }
                producer.produce(dead_letter, orjson.dumps(letter), message.key())
        if messages:
            producer.flush()
            consumer.commit(asynchronous=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
