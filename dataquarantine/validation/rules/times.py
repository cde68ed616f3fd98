"""Timestamps and durations: texts, parts, arithmetic limits.

Microseconds are kept; finer digits are cut off. Source: RFC 3339; CEL specification, "Timestamps".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import ciso8601

from dataquarantine.validation.rules.diagnostics import EvaluationError
from dataquarantine.validation.rules.values import no_overload, plain

# No time takes more; so reading one costs the same whatever a record holds.
_MAX_CHARACTERS = 64
_LEAP_SECOND = re.compile(r"(?s)(.{17})60(.*)\Z")
_DURATION_PART = re.compile(r"([0-9]*\.?[0-9]*)(h|ms|m|s|us|ns)", re.ASCII)
_UNIT_NS = {"h": 3_600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_MAX_DURATION = timedelta(seconds=315_576_000_000)
_OFFSET = re.compile(r"([+-]?)([0-9]{2}):([0-9]{2})\Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_timestamp(text: str) -> datetime:
    """Read an RFC 3339 text; 23:59:60 is the second after 23:59:59."""
    try:
        if len(text) <= _MAX_CHARACTERS and text[10] in "Tt":
            parsed = ciso8601.parse_rfc3339(text)
            if parsed.tzinfo is not None and (1 < parsed.year < 9999 or _has_utc(parsed)):
                return parsed
    except (ValueError, IndexError):
        if leap := _LEAP_SECOND.match(text[:_MAX_CHARACTERS]):
            return _after(parse_timestamp(f"{leap[1]}59{leap[2]}"))
    raise EvaluationError("a text is no RFC 3339 timestamp such as 2026-01-31T12:00:00Z")


def _has_utc(moment: datetime) -> bool:
    """Tell whether a time at an end of the calendar is within it in UTC too."""
    try:
        return moment.astimezone(UTC) is not None
    except OverflowError:
        return False


def _after(moment: datetime) -> datetime:
    try:
        return moment.replace(microsecond=0) + timedelta(seconds=1)
    except OverflowError:
        raise EvaluationError("timestamp overflow") from None


def parse_duration(text: str) -> timedelta:
    """Read a duration such as `1h30m`, `-1.5s` or `100ms`."""
    if len(text) > _MAX_CHARACTERS:
        raise EvaluationError("a text is too long for a duration")
    digits = text[1:] if text[:1] in ("+", "-") else text
    parts = list(_DURATION_PART.finditer(digits))
    whole = "".join(part.group() for part in parts) == digits and bool(parts)
    if not (whole and all(part[1] not in ("", ".") for part in parts)) and digits != "0":
        raise EvaluationError("a text is no duration such as 1h30m or 1.5s")
    nanoseconds = sum(_nanoseconds(part[1], _UNIT_NS[part[2]]) for part in parts)
    try:
        duration = timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        duration = timedelta.max
    if duration > _MAX_DURATION:
        raise EvaluationError("a duration beyond 10,000 years")
    return -duration if text.startswith("-") else duration


def _nanoseconds(number: str, unit: int) -> int:
    whole, _, fraction = number.partition(".")
    below: int = int(fraction or 0) * unit // 10 ** len(fraction)
    return int(whole or 0) * unit + below


def to_timestamp(value: Any) -> datetime:
    """`timestamp(x)`: a text, seconds since 1970, or a timestamp itself."""
    value = plain(value)
    if type(value) is str:
        return parse_timestamp(value)
    if type(value) is datetime:
        return value
    if type(value) is int:
        try:
            return _EPOCH + timedelta(seconds=value)
        except OverflowError:
            raise EvaluationError("timestamp overflow") from None
    raise no_overload("timestamp()", value)


def timestamp_if_text(value: Any) -> Any:
    """Read what a schema calls a date-time for a comparison by `==`: never an error."""
    try:
        return to_timestamp(value) if isinstance(value, str | datetime) else value
    except EvaluationError:
        return value


def to_duration(value: Any) -> timedelta:
    """`duration(x)`: a text or a duration itself."""
    if type(value) is str:
        return parse_duration(value)
    if type(value) is timedelta:
        return value
    raise no_overload("duration()", plain(value))


def timestamp_text(moment: datetime) -> str:
    """Write a timestamp in UTC with the digits it needs."""
    moment = moment.astimezone(UTC)
    text = moment.replace(tzinfo=None, microsecond=0).isoformat()
    return f"{text}{_fraction(moment.microsecond)}Z"


def duration_text(duration: timedelta) -> str:
    """Write a duration in seconds."""
    sign = "-" if duration < timedelta(0) else ""
    seconds, micros = divmod(abs(duration) // timedelta(microseconds=1), 10**6)
    return f"{sign}{seconds}{_fraction(micros)}s"


def _fraction(micros: int) -> str:
    if micros == 0:
        return ""
    return f".{micros // 1000:03}" if micros % 1000 == 0 else f".{micros:06}"


def epoch_seconds(moment: datetime) -> int:
    """Return whole seconds since 1970, rounded down."""
    return (moment - _EPOCH) // timedelta(seconds=1)


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """Return a time zone by name (`Europe/Berlin`) or offset (`+02:00`).

    Raises: EvaluationError for an unknown one.
    """
    if match := _OFFSET.match(name):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        if offset < timedelta(days=1):
            return timezone(-offset if match[1] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise EvaluationError("unknown time zone; write Europe/Berlin or +02:00") from None


def _part(read: Callable[[datetime], int]) -> Callable[..., int]:
    def run(moment: datetime, in_zone: str = "") -> int:
        try:
            return read(moment.astimezone(zone(in_zone) if in_zone else UTC))
        except OverflowError:
            raise EvaluationError("timestamp overflow") from None

    return run


#: Of a timestamp, in UTC or the zone given; months and days count from 0 where CEL says so.
TIMESTAMP_PARTS: dict[str, Callable[..., int]] = {
    "getFullYear": _part(lambda moment: moment.year),
    "getMonth": _part(lambda moment: moment.month - 1),
    "getDate": _part(lambda moment: moment.day),
    "getDayOfMonth": _part(lambda moment: moment.day - 1),
    "getDayOfWeek": _part(lambda moment: moment.isoweekday() % 7),
    "getDayOfYear": _part(lambda moment: moment.timetuple().tm_yday - 1),
    "getHours": _part(lambda moment: moment.hour),
    "getMinutes": _part(lambda moment: moment.minute),
    "getSeconds": _part(lambda moment: moment.second),
    "getMilliseconds": _part(lambda moment: moment.microsecond // 1000),
}


def _length(unit: timedelta) -> Callable[[timedelta], int]:
    def run(duration: timedelta) -> int:
        whole = abs(duration) // unit
        return -whole if duration < timedelta(0) else whole

    return run


def _milliseconds(duration: timedelta) -> int:
    whole = abs(duration) // timedelta(milliseconds=1) % 1000
    return -whole if duration < timedelta(0) else whole


#: Of a duration: the whole of it in that unit, but only the part below a second for milliseconds.
DURATION_PARTS: dict[str, Callable[[timedelta], int]] = {
    "getHours": _length(timedelta(hours=1)),
    "getMinutes": _length(timedelta(minutes=1)),
    "getSeconds": _length(timedelta(seconds=1)),
    "getMilliseconds": _milliseconds,
}
