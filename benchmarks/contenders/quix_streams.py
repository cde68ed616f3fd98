"""Quix Streams: a dataframe of one topic, judged and sent on record by record."""

from __future__ import annotations

import sys
from typing import Any

from quixstreams import Application, message_context
from quixstreams.models import Serializer

from benchmarks.contenders.judge import Judge, Refused, headers, letter


class ThirdOf(Serializer):  # type: ignore[misc]  # not installed where types are checked
    """Sends the value of a row (passed, key, value)."""

    def __call__(self, value: Any, ctx: Any) -> Any:
        return value[2]


def main(servers: str, source: str, valid: str, dead_letter: str, schema_file: str) -> None:
    judge = Judge(schema_file)
    app = Application(
        broker_address=servers,
        consumer_group=f"quix-{valid}",
        auto_offset_reset="earliest",
        auto_create_topics=False,
        loglevel="WARNING",
        producer_extra_config={"acks": "all", "linger.ms": 5},
    )

    def judged(
        value: bytes, key: bytes | None, timestamp: int, found: Any
    ) -> tuple[bool, bytes | None, bytes]:
        at = message_context()
        judge.start_batch()
        try:
            return True, judge.key_of(value), value
        except Refused as problem:
            return False, key, letter(value, problem, at.topic, at.partition, at.offset)

    def with_headers(row: Any, key: Any, timestamp: int, found: Any) -> Any:
        at = message_context()
        return headers(at.topic, at.partition, at.offset)

    frame = app.dataframe(
        app.topic(source, key_deserializer="bytes", value_deserializer="bytes")
    ).apply(judged, metadata=True)
    out = {"key_serializer": "bytes", "value_serializer": ThirdOf()}
    passed = frame.filter(lambda row: row[0]).set_headers(with_headers)
    passed.to_topic(app.topic(valid, **out), key=lambda row: row[1])
    refused = frame.filter(lambda row: not row[0])
    refused.to_topic(app.topic(dead_letter, **out), key=lambda row: row[1])
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:6])
