"""What every contender does with a record, by hand: decode, schema, three rules, dead letter.

Imports nothing of the gateway: these run in environments of their own.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import fastjsonschema
import orjson
import yaml

KINDS = ("view", "click", "purchase")
SCHEMA_HEADER = ("__dq.schema", b"user_event@1.0.0")
HAS_RULES = not os.environ.get("BENCH_WITHOUT_RULES")


class Refused(Exception):
    """A record that does not pass."""

    def __init__(self, kind: str, message: str, path: str) -> None:
        super().__init__(message)
        self.kind, self.message, self.path = kind, message, path


class Judge:
    """fastjsonschema and the rules of `benchmarks/events.py` as plain Python."""

    def __init__(self, schema_file: str) -> None:
        with open(schema_file, encoding="utf-8") as file:
            self._check = fastjsonschema.compile(yaml.safe_load(file)["schema"])
        self._now = datetime.now(UTC)

    def start_batch(self) -> None:
        """Read the clock, as the gateway does once a chunk."""
        self._now = datetime.now(UTC)

    def key_of(self, value: bytes) -> bytes:
        """Judge a record; returns its output key.

        Raises: Refused.
        """
        try:
            event = orjson.loads(value)
            self._check(event)
        except orjson.JSONDecodeError as exc:
            raise Refused("malformed_payload", str(exc), "") from None
        except fastjsonschema.JsonSchemaException as exc:
            raise Refused("schema_violation", exc.message, exc.name) from None
        broken = broken_rule(event, self._now) if HAS_RULES else None
        if broken is not None:
            raise Refused("rule_violation", broken, "")
        key: bytes = event["user_id"].encode()
        return key


def broken_rule(event: Any, now: datetime) -> str | None:
    """Name the first rule that an event breaks."""
    if datetime.fromisoformat(event["timestamp"]) > now:
        return "not_from_the_future"
    if event["event_type"] not in KINDS:
        return "known_kind"
    return "not_a_test_user" if event["user_id"] == "USER000000" else None


def letter(value: bytes, problem: Refused, topic: str, partition: int, offset: int) -> bytes:
    """Make a dead letter with the least that a reader needs."""
    return orjson.dumps(
        {
            "original_message": orjson.Fragment(value),
            "validation_error": {
                "error_type": problem.kind,
                "error_message": problem.message,
                "field_path": problem.path,
            },
            "source_topic": topic,
            "source_partition": partition,
            "source_offset": offset,
        }
    )


def headers(topic: str, partition: int, offset: int) -> list[tuple[str, bytes]]:
    """Say where a forwarded record comes from, as the gateway does."""
    return [("__dq.src", b"%b/%d/%d" % (topic.encode(), partition, offset)), SCHEMA_HEADER]
