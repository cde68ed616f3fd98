"""Logical types: from the underlying value to the one that rules and people see.

decimal -> Decimal (exact), date -> date, time-* -> time, timestamp-millis and -micros -> aware
datetime, local-timestamp-* -> naive datetime, uuid -> text. Nanoseconds stay numbers, because
datetime can't hold them; duration and unknown logical types stay what they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import Any
from uuid import UUID

from dataquarantine.outcomes import Code
from dataquarantine.validation.avro.errors import NotDecodable

Convert = Callable[[Any], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH = datetime(1970, 1, 1)
_EPOCH_DAY = _EPOCH.toordinal()
_DAY_MICROS = 86_400_000_000
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z").match


def converter_of(schema: dict[str, Any]) -> Convert | None:
    """Find the conversion of a schema's logical type; None when it has none that applies."""
    logical, base = schema.get("logicalType"), schema["type"]
    if logical == "decimal" and base in ("bytes", "fixed"):
        return decimal_converter(schema["precision"], schema.get("scale", 0))
    if logical == "uuid" and base == "fixed" and schema["size"] == 16:
        return _uuid_of_bytes
    return _CONVERTERS.get((base, logical)) if isinstance(logical, str) else None


def decimal_converter(precision: int, scale: int) -> Convert:
    """Make the conversion of a decimal; more digits than its precision are refused, not rounded."""
    limit = 10**precision
    context = Context(prec=precision)

    def to_decimal(data: bytes) -> Decimal:
        unscaled = int.from_bytes(data, "big", signed=True)
        if not -limit < unscaled < limit:
            raise NotDecodable(Code.OUT_OF_RANGE, f"a decimal has more than {precision} digits")
        return Decimal(unscaled).scaleb(-scale, context)

    return to_decimal


def _to_date(days: int) -> date:
    try:
        return date.fromordinal(days + _EPOCH_DAY)
    except (ValueError, OverflowError):
        raise NotDecodable(Code.OUT_OF_RANGE, "a date is outside the years 1 to 9999") from None


def _instant(epoch: datetime, micros: int) -> Convert:
    def to_datetime(number: int) -> datetime:
        try:
            return epoch + timedelta(microseconds=number * micros)
        except OverflowError:
            problem = "a timestamp is outside the years 1 to 9999"
            raise NotDecodable(Code.OUT_OF_RANGE, problem) from None

    return to_datetime


def _time_of_day(micros: int) -> Convert:
    def to_time(number: int) -> time:
        if not 0 <= number * micros < _DAY_MICROS:
            raise NotDecodable(Code.OUT_OF_RANGE, "a time of day is outside one day")
        return (_LOCAL_EPOCH + timedelta(microseconds=number * micros)).time()

    return to_time


def _uuid_of_text(text: str) -> str:
    if not _UUID(text):
        raise NotDecodable(Code.FORMAT_MISMATCH, "a uuid is not 8-4-4-4-12 hexadecimal digits")
    return text


def _uuid_of_bytes(data: bytes) -> str:
    return str(UUID(bytes=data))


_CONVERTERS: dict[tuple[str, str], Convert] = {
    ("int", "date"): _to_date,
    ("int", "time-millis"): _time_of_day(1000),
    ("long", "time-micros"): _time_of_day(1),
    ("long", "timestamp-millis"): _instant(_EPOCH, 1000),
    ("long", "timestamp-micros"): _instant(_EPOCH, 1),
    ("long", "local-timestamp-millis"): _instant(_LOCAL_EPOCH, 1000),
    ("long", "local-timestamp-micros"): _instant(_LOCAL_EPOCH, 1),
    ("string", "uuid"): _uuid_of_text,
}
