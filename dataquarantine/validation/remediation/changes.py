"""What the steps do to one value. UNCHANGED where a step can't apply: the field stays as it is."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

from dataquarantine.validation.rules.conversions import to_string
from dataquarantine.validation.rules.diagnostics import EvaluationError
from dataquarantine.validation.rules.syntax import UInt
from dataquarantine.validation.rules.times import parse_timestamp, timestamp_text

Change = Callable[[Any], Any]

UNCHANGED: Final = object()

_NUMBER = re.compile(r"\s*[+]?(-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?)\s*\Z", re.ASCII)
_INTEGER = re.compile(r"\s*[+]?(-?[0-9]+)(?:\.0+)?\s*\Z", re.ASCII)
_MAX_DIGITS = 100
_TRUTH = {
    **dict.fromkeys(("true", "yes", "1"), True),
    **dict.fromkeys(("false", "no", "0"), False),
}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def to_number(value: Any) -> Any:
    """Read a text as the number that it writes, with every digit."""
    if not isinstance(value, str) or len(value) > _MAX_DIGITS:
        return UNCHANGED
    match = _NUMBER.match(value)
    if match is None:
        return UNCHANGED
    return Decimal(match[1]) if match[2] or match[3] else int(match[1])


def to_integer(value: Any) -> Any:
    """Read a text or a number without fraction as an integer."""
    if isinstance(value, Decimal):
        whole = value.is_finite() and abs(value.adjusted()) < _MAX_DIGITS and value % 1 == 0
        return int(value) if whole else UNCHANGED
    if isinstance(value, str) and len(value) <= _MAX_DIGITS:
        match = _INTEGER.match(value)
        return int(match[1]) if match else UNCHANGED
    return UNCHANGED


def to_text(value: Any) -> Any:
    """Write a number or bool as JSON does."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**_MAX_DIGITS else UNCHANGED
    return UNCHANGED


def to_boolean(value: Any) -> Any:
    """Read true/false, yes/no and 1/0."""
    if isinstance(value, bool):
        return UNCHANGED
    if isinstance(value, int) and value in (0, 1):
        return value == 1
    if isinstance(value, str):
        return _TRUTH.get(value.strip().lower(), UNCHANGED)
    return UNCHANGED


CASTS: dict[str, Change] = {
    "number": to_number,
    "integer": to_integer,
    "string": to_text,
    "boolean": to_boolean,
}


def on_text(change: Callable[[str], str]) -> Change:
    """Make a change of texts that leaves everything else alone."""
    return lambda value: change(value) if isinstance(value, str) else UNCHANGED


TEXT_CHANGES: dict[str, Change] = {
    "trim": on_text(str.strip),
    "lower": on_text(str.lower),
    "upper": on_text(str.upper),
}


def date_parser(formats: Sequence[str], zone: tzinfo, *, date_only: bool) -> Change:
    """Make a change that writes dates in RFC 3339; what is RFC 3339 already stays."""

    def parse(value: Any) -> Any:
        if isinstance(value, str) and _is_rfc3339(value, date_only):
            return UNCHANGED
        for each in formats:
            moment = _moment(value, each, zone)
            if moment is not None:
                return moment.date().isoformat() if date_only else timestamp_text(moment)
        return UNCHANGED

    return parse


def _is_rfc3339(text: str, date_only: bool) -> bool:
    try:
        if date_only:
            return _DATE.match(text) is not None and bool(date.fromisoformat(text))
        return parse_timestamp(text) is not None
    except (ValueError, EvaluationError):
        return False


def _moment(value: Any, expected: str, zone: tzinfo) -> datetime | None:
    try:
        if expected in EPOCHS:
            return _since_epoch(value, EPOCHS[expected])
        if not isinstance(value, str):
            return None
        moment = datetime.strptime(value.strip(), expected)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


EPOCHS = {"epoch_s": timedelta(seconds=1), "epoch_ms": timedelta(milliseconds=1)}


def _since_epoch(value: Any, unit: timedelta) -> datetime | None:
    number = to_number(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        return None
    micros = int(number * (unit // timedelta(microseconds=1)))
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def mapping(values: Mapping[Any, Any], otherwise: Any = UNCHANGED) -> Change:
    """Make a change that looks a value up; `true`, `1` and `"1"` are three different values."""
    table = {_exact(key): value for key, value in values.items()}
    settled = {_exact(value) for value in (*values.values(), otherwise) if is_scalar(value)}

    def look_up(value: Any) -> Any:
        if not is_scalar(value):
            return UNCHANGED
        key = _exact(value)
        if key in table:
            return table[key]
        return UNCHANGED if key in settled else otherwise

    return look_up


def is_scalar(value: Any) -> bool:
    """Tell whether JSON writes a value without brackets."""
    return value is None or isinstance(value, bool | int | float | Decimal | str)


def _exact(value: Any) -> tuple[str, Any]:
    if isinstance(value, bool) or value is None:
        return "word", value
    if isinstance(value, str):
        return "text", value
    return "number", value


def to_json(value: Any) -> Any:
    """Write what an expression resulted in as JSON values; UNCHANGED if JSON can't hold it."""
    if isinstance(value, datetime | timedelta):
        return to_string(value)
    if isinstance(value, float) and not math.isfinite(value):
        return UNCHANGED
    if isinstance(value, UInt):
        return int(value)
    if isinstance(value, list):
        items = [to_json(item) for item in value]
        return UNCHANGED if any(item is UNCHANGED for item in items) else items
    if isinstance(value, dict):
        pairs = {key: to_json(item) for key, item in value.items()}
        return UNCHANGED if any(item is UNCHANGED for item in pairs.values()) else pairs
    return value
