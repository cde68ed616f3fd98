"""The practical limit of one Python process: librdkafka, nothing waits for anything.

Two producers in turns: while librdkafka's threads deliver one round, the next is judged; a round is
flushed, and its offsets committed, only when its producer's turn comes again. No callback a record.
The fastest judge there is: msgspec, jsonschema-rs, ciso8601, the rules as plain Python.
"""

from __future__ import annotations

import gc
import sys
from datetime import UTC, datetime
from typing import Any

import ciso8601
import jsonschema_rs
import msgspec
import yaml
from confluent_kafka import Consumer, Producer, TopicPartition

from benchmarks.contenders.judge import KINDS, SCHEMA_HEADER, Refused, letter

ROUND = 10_000


class Limit:
    """Judges and produces one round after the other."""

    def __init__(self, valid: str, dead_letter: str, schema_file: str) -> None:
        with open(schema_file, encoding="utf-8") as file:
            schema = yaml.safe_load(file)["schema"]
        validator = jsonschema_rs.validator_for(schema, validate_formats=True)
        self._is_valid, self._iter_errors = validator.is_valid, validator.iter_errors
        self._decode = msgspec.json.Decoder().decode
        self._valid, self._dead_letter = valid, dead_letter

    def produce(self, producer: Producer, messages: list[Any]) -> dict[tuple[str, int], int]:
        """Queue the outputs of a round; returns the next offset of each partition."""
        now = datetime.now(UTC)
        produce, decode, is_valid = producer.produce, self._decode, self._is_valid
        parse = ciso8601.parse_rfc3339
        ends: dict[tuple[str, int], int] = {}
        sources: dict[tuple[str, int], bytes] = {}
        for message in messages:
            value, offset = message.value(), message.offset()
            place = message.topic(), message.partition()
            ends[place] = offset + 1
            source = sources.get(place)
            if source is None:
                source = sources[place] = f"{place[0]}/{place[1]}/".encode()
            try:
                event = decode(value)
                if not (
                    is_valid(event)
                    and parse(event["timestamp"]) <= now
                    and event["event_type"] in KINDS
                    and event["user_id"] != "USER000000"
                ):
                    raise self._refused(event)
            except (Refused, msgspec.MsgspecError) as exc:
                problem = exc if isinstance(exc, Refused) else Refused("malformed", str(exc), "")
                produce(self._dead_letter, letter(value, problem, *place, offset), message.key())
                continue
            produce(
                self._valid,
                value,
                event["user_id"].encode(),
                headers=[("__dq.src", b"%b%d" % (source, offset)), SCHEMA_HEADER],
            )
        return ends

    def _refused(self, event: Any) -> Refused:
        for error in self._iter_errors(event):
            return Refused("schema_violation", error.message, str(error.instance_path))
        return Refused("rule_violation", "a rule", "")


def main(servers: str, source: str, valid: str, dead_letter: str, schema_file: str) -> None:
    limit = Limit(valid, dead_letter, schema_file)
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": f"pipelined-{valid}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "queued.min.messages": 200_000,
            "fetch.message.max.bytes": 4_000_000,
        }
    )
    consumer.subscribe([source])
    producers = [Producer(_options(servers)) for _ in range(2)]
    rounds: list[dict[tuple[str, int], int]] = [{}, {}]
    gc.disable()  # nothing here makes cycles
    turn = 0
    while True:
        _settle(consumer, producers[turn], rounds[turn])
        messages = consumer.consume(ROUND, timeout=0.05)
        rounds[turn] = limit.produce(producers[turn], messages) if messages else {}
        turn = 1 - turn


def _settle(consumer: Consumer, producer: Producer, ends: dict[tuple[str, int], int]) -> None:
    """Wait until a round is acknowledged, then commit it."""
    if not ends:
        return
    producer.flush()
    offsets = [TopicPartition(topic, at, end) for (topic, at), end in ends.items()]
    consumer.commit(offsets=offsets, asynchronous=True)


def _options(servers: str) -> dict[str, Any]:
    return {
        "bootstrap.servers": servers,
        "acks": "all",
        "enable.idempotence": True,
        "linger.ms": 2,
        "batch.size": 1_000_000,
        "batch.num.messages": 20_000,
        "queue.buffering.max.messages": 1_000_000,
    }


if __name__ == "__main__":
    main(*sys.argv[1:6])
