"""One row of `quarantine_records`, and what it becomes on its way to Postgres."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

#: Shorter than what an index takes.
_MAX_REDUCED = 500

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS = 0
#: The last millisecond of the year 9999, the last that Python's datetime holds.
_LAST_MS = 253_402_300_799_999


class QuarantineRow(msgspec.Struct, frozen=True, kw_only=True):
    """What Postgres keeps of a quarantined record; the fields are the table's columns."""

    id: UUID
    topic: str
    partition: int
    offset: int
    timestamp: datetime
    schema_name: str | None = None
    schema_version: str | None = None
    error_type: str
    error_message: str | None = None
    field_path: str | None = None
    storage_path: str
    status: str
    code: str | None = None
    fingerprint: str
    violations: list[dict[str, Any]] = []
    key: str | None = None
    producer: str | None = None
    attempt: int = 1
    lineage_id: UUID
    source_timestamp_ms: int
    dlq_partition: int
    dlq_offset: int
    payload_crc32c: int | None = None
    quarantined_at: datetime
    stored_at: datetime | None = None
    updated_at: datetime


class StoredMark(msgspec.Struct, frozen=True):
    """Says that the payload of a row lies at `path` now."""

    id: UUID
    timestamp: datetime
    path: str


COLUMNS = QuarantineRow.__struct_fields__


def reduce_row(row: QuarantineRow, reason: str) -> QuarantineRow:
    """Keep of a refused row what can't be refused, and say why; the payload is untouched."""
    return msgspec.structs.replace(
        row,
        topic=_plain(row.topic),
        partition=_clamp(row.partition, 31),
        offset=_clamp(row.offset, 63),
        timestamp=record_time(row.source_timestamp_ms),
        schema_name=None,
        schema_version=None,
        error_type=_plain(row.error_type),
        error_message=f"stored in reduced form: postgres refused the row: {_plain(reason)}",
        field_path=None,
        code=None,
        fingerprint=_plain(row.fingerprint),
        violations=[],
        key=None,
        producer=None,
        attempt=_clamp(row.attempt, 31),
        source_timestamp_ms=_clamp(row.source_timestamp_ms, 63),
        payload_crc32c=None if row.payload_crc32c is None else _clamp(row.payload_crc32c, 63),
    )


def _plain(text: str) -> str:
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:_MAX_REDUCED]


def record_time(timestamp_ms: int) -> datetime:
    """Turn a record's timestamp into one that Python and Postgres hold: 1970 to 9999."""
    return _EPOCH + timedelta(milliseconds=min(max(timestamp_ms, _FIRST_MS), _LAST_MS))


def _clamp(value: int, bits: int) -> int:
    limit = 1 << bits
    return max(min(value, limit - 1), -limit)


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_needs_escape = re.compile(r"[\\\t\n\r]").search
#: A chunk's rows share most of their times.
_iso = lru_cache(4096)(datetime.isoformat)
_encode = msgspec.json.Encoder().encode


def copy_text(rows: Sequence[QuarantineRow]) -> str:
    """Write rows in COPY's text format, column by column: values of a column are of one kind.

    Cost: 4 us a row; value by value 7.
    """
    if not rows:
        return ""
    columns = zip(*map(msgspec.structs.astuple, rows), strict=True)
    lines = zip(*map(_written, columns), strict=True)
    return "".join(["\t".join(line) + "\n" for line in lines])


def _written(column: Sequence[Any]) -> Iterable[str]:
    kinds = set(map(type, column))
    kind = kinds.pop()
    if kinds:  # some are NULL
        return [_copy_value(value) for value in column]
    if kind is str and not _needs_escape("".join(column)):
        return column
    if kind is UUID:  # Postgres needs no hyphens
        return [f"{value.int:032x}" for value in column]
    if kind is int:
        return map(str, column)
    return [_copy_value(value) for value in column]


def _copy_value(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return _escaped(value)
    if value is None:
        return "\\N"
    if kind is datetime:
        return _iso(value)
    if kind is list:
        return _escaped(_encode(value).decode())
    return str(value)


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES) if _needs_escape(text) else text
