"""Dead letters as the gateway writes them, for tests of what comes after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from dataquarantine.outcomes import (
    Code,
    ErrorType,
    JudgedChunk,
    ValidationOutcome,
    Violation,
    rejected,
)
from dataquarantine.quarantine.deadletters import DeadLetterWriter
from dataquarantine.records import Header, Record, SourceRecord

NOW = datetime(2025, 12, 27, 16, 0, 1, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
CLUSTER = "test-cluster"


def missing_user_id() -> ValidationOutcome:
    violation = Violation(
        Code.MISSING_FIELD,
        "required",
        "'user_id' is a required property",
        "user_id",
        "",
        "/required",
    )
    return rejected(
        ErrorType.SCHEMA_VIOLATION,
        [violation],
        schema_name="user_event",
        schema_version="1.0.0",
    )


def source(
    offset: int = 12345,
    value: bytes | None = b'{"_schema": "user_event", "event_type": "purchase"}',
    *,
    timestamp: int = NOW_MS - 1000,
    key: bytes | None = b"k",
    headers: Sequence[Header] = (),
) -> SourceRecord:
    return SourceRecord(value, "raw-events", 0, offset, timestamp, key, headers)


def dead_letters(
    sources: Sequence[Record],
    *,
    outcome: ValidationOutcome | None = None,
    rendered: bool = True,
    first_offset: int = 0,
    now: datetime = NOW,
) -> list[Record]:
    """Quarantine sources and return the records of the dead letter topic."""
    outcome = outcome or missing_user_id()
    texts = {i: s.value for i, s in enumerate(sources) if rendered and s.value}
    judged = JudgedChunk([outcome] * len(sources), [None] * len(sources), {}, texts)
    letters = DeadLetterWriter(CLUSTER).dead_letters(sources, judged, range(len(sources)), now)
    return [
        SourceRecord(
            letter.value,
            "quarantine-dlq",
            0,
            first_offset + i,
            letter.timestamp_ms,
            letter.key,
            letter.headers,
        )
        for i, letter in enumerate(letters)
    ]
