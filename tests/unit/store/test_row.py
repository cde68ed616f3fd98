"""Rows in COPY's text format, read back by its rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataquarantine.store.row import COLUMNS, QuarantineRow, copy_text, record_time

AT = datetime(2026, 1, 31, 12, 0, 0, 123_000, UTC)
ROW_ID = UUID("fa43e080-1df1-55da-b360-4303ff9a6ca6")
AWKWARD = st.text(st.sampled_from("a\\\t\n\rN\N{SNOWMAN}'\"{},") | st.characters(codec="utf-8"))


def row(**changes: Any) -> QuarantineRow:
    plain: dict[str, Any] = {
        **{"id": ROW_ID, "lineage_id": ROW_ID, "topic": "raw-events", "partition": 0, "offset": 7},
        **{"timestamp": AT, "error_type": "schema_violation", "storage_path": "p", "status": "s"},
        **{"fingerprint": "v1:0", "source_timestamp_ms": 1, "dlq_partition": 0, "dlq_offset": 9},
        **{"quarantined_at": AT, "updated_at": AT},
    }
    return QuarantineRow(**(plain | changes))


def read(copied: str) -> list[dict[str, str | None]]:
    """Read as Postgres does. Source: its manual, COPY, "Text Format"."""
    assert copied.endswith("\n")
    return [
        dict(zip(COLUMNS, map(_value, line.split("\t")), strict=True))
        for line in copied[:-1].split("\n")
    ]


def _value(text: str) -> str | None:
    if text == "\\N":
        return None
    parts = text.split("\\\\")
    for escape, meant in (("\\t", "\t"), ("\\n", "\n"), ("\\r", "\r")):
        parts = [part.replace(escape, meant) for part in parts]
    assert not any("\\" in part for part in parts)
    return "\\".join(parts)


@given(st.lists(st.tuples(AWKWARD, AWKWARD | st.none()), min_size=1, max_size=5))
def test_texts_come_through_whatever_they_hold(texts: list[tuple[str, str | None]]) -> None:
    rows = [row(topic=topic, key=key, violations=[{"message": topic}]) for topic, key in texts]

    found = read(copy_text(rows))

    assert [(each["topic"], each["key"]) for each in found] == texts
    told = [msgspec.json.decode(each["violations"] or "") for each in found]
    assert told == [[{"message": topic}] for topic, _ in texts]


@pytest.mark.parametrize("count", [1, 2])
def test_every_kind_of_column_comes_through(count: int) -> None:
    rows = [row(payload_crc32c=5, stored_at=AT)] + [row()] * (count - 1)

    found = read(copy_text(rows))

    first = found[0]
    assert UUID(first["id"] or "") == ROW_ID
    assert (first["offset"], first["payload_crc32c"]) == ("7", "5")
    assert datetime.fromisoformat(first["stored_at"] or "") == AT
    assert [each["stored_at"] for each in found[1:]] == [None] * (count - 1)


def test_no_rows_are_no_text() -> None:
    assert copy_text([]) == ""


@pytest.mark.parametrize(
    ("timestamp_ms", "at"),
    [
        (-1, datetime(1970, 1, 1, tzinfo=UTC)),
        (1_769_860_800_123, AT),
        (253_402_300_799_999, datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC)),
        (2**63 - 1, datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC)),
    ],
)
def test_a_records_time_is_one_that_postgres_holds(timestamp_ms: int, at: datetime) -> None:
    assert record_time(timestamp_ms) == at
