"""Conversions between types: those an author writes, and those that reading a field implies."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from dataquarantine.validation.rules.arithmetic import in_range
from dataquarantine.validation.rules.diagnostics import EvaluationError
from dataquarantine.validation.rules.syntax import UInt
from dataquarantine.validation.rules.times import (
    duration_text,
    epoch_seconds,
    parse_timestamp,
    timestamp_text,
    to_timestamp,
)
from dataquarantine.validation.rules.values import no_overload, plain, type_name

_INTEGER = re.compile(r"[ \t\n\r\f\v]*[+-]?[0-9]+[ \t\n\r\f\v]*\Z")
_NUMBER = re.compile(
    r"[ \t\n\r\f\v]*[+-]?(?:[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?"
    r"|inf(?:inity)?|nan)[ \t\n\r\f\v]*\Z",
    re.IGNORECASE,
)
# Longer texts of digits are no number of 64 bits, and Python refuses some of them.
_MAX_DIGITS = 100
_TRUTH = {
    **dict.fromkeys(("1", "t", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "false", "FALSE", "False"), False),
}


def to_int(value: Any) -> int:
    """`int(x)`: a number cut towards zero, a text, or the seconds of a timestamp."""
    value = plain(value)
    if type(value) is int or type(value) is UInt:
        return in_range(int(value), int)
    if type(value) is float:
        return _cut(value, int)
    if type(value) is str:
        return in_range(_integer(value), int)
    if type(value) is datetime:
        return epoch_seconds(value)
    raise no_overload("int()", value)


def to_uint(value: Any) -> int:
    """`uint(x)`: a number cut towards zero, or a text."""
    value = plain(value)
    if type(value) is int or type(value) is UInt:
        return in_range(int(value), UInt)
    if type(value) is float:
        return _cut(value, UInt)
    if type(value) is str:
        return in_range(_integer(value), UInt)
    raise no_overload("uint()", value)


def _cut(value: float, kind: type) -> int:
    if math.isnan(value) or math.isinf(value):
        raise EvaluationError("integer overflow")
    if (kind is int and value >= 2.0**63 - 512) or (kind is int and value <= -(2.0**63)):
        raise EvaluationError("integer overflow")
    if kind is UInt and value < 0:
        raise EvaluationError("unsigned integer overflow")
    return in_range(int(value), kind)


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS or not _INTEGER.match(text):
        raise EvaluationError("a text is no integer")
    return int(text)


def to_double(value: Any) -> float:
    """`double(x)`: a number or a text."""
    value = plain(value)
    if type(value) is float:
        return value
    if type(value) is int or type(value) is UInt:
        return _nearest(value)
    if type(value) is str:
        if len(value) > _MAX_DIGITS or not _NUMBER.match(value):
            raise EvaluationError("a text is no number")
        return float(value)
    raise no_overload("double()", value)


def _nearest(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise EvaluationError("a number beyond the range of double") from None


def to_bool(value: Any) -> bool:
    """`bool(x)`: a bool, or a text such as true, TRUE, t, 1."""
    if type(value) is bool:
        return value
    if type(value) is str and value in _TRUTH:
        return _TRUTH[value]
    if type(value) is str:
        raise EvaluationError("a text is neither true nor false")
    raise no_overload("bool()", plain(value))


def to_string(value: Any) -> str:
    """`string(x)`: a scalar as text; a timestamp in UTC, a duration in seconds."""
    value = plain(value)
    if type(value) is str:
        return value
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int or type(value) is UInt:
        return str(int(in_range(value, type(value))))
    if type(value) is float:
        return _double_text(value)
    if type(value) is datetime:
        return timestamp_text(to_timestamp(value))
    if type(value) is timedelta:
        return duration_text(value)
    raise no_overload("string()", value)


def _double_text(value: float) -> str:
    """Write the shortest digits that read back the same; whole numbers without a point."""
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else ("-Inf" if value < 0 else "+Inf")
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value)) if value or math.copysign(1, value) > 0 else "-0"
    return repr(value)


def _checked(kind: type, word: str) -> Callable[[Any], Any]:
    """Make the check that a value of unknown type is of the one an operator needs."""

    def run(value: Any) -> Any:
        value = plain(value)
        if type(value) is not kind:
            raise EvaluationError(f"expected {word}, found {type_name(value)}")
        return value

    return run


check_bool = _checked(bool, "bool")
check_int = _checked(int, "int")
check_uint = _checked(UInt, "uint")
check_double = _checked(float, "double")
check_string = _checked(str, "string")
check_timestamp = _checked(datetime, "timestamp")
check_duration = _checked(timedelta, "duration")
check_list = _checked(list, "list")
check_map = _checked(dict, "map")


def check_number(value: Any) -> Any:
    """Let only numbers through."""
    value = plain(value)
    if type(value) not in (int, float, UInt):
        raise EvaluationError(f"expected a number, found {type_name(value)}")
    return value


def check_range(value: Any) -> Any:
    """Let only what a loop can run over through."""
    value = plain(value)
    if type(value) not in (list, dict):
        raise EvaluationError(f"a loop runs over a list or a map, found {type_name(value)}")
    return value


def check_verdict(value: Any) -> Any:
    """Let only what a rule may result in through."""
    value = plain(value)
    if type(value) not in (bool, str):
        raise EvaluationError(f"a rule results in bool or string, found {type_name(value)}")
    return value


def read_int(value: Any) -> int:
    """Read a field declared integer; JSON Schema counts 5.0 as one."""
    value = plain(value)
    if type(value) is float and value.is_integer():
        return int(value)
    result: int = check_int(value)
    return result


def read_double(value: Any) -> float:
    """Read a field declared number; JSON writes whole ones without a point."""
    value = plain(value)
    return _nearest(value) if type(value) is int else float(check_double(value))


def read_timestamp(value: Any) -> datetime:
    """Read a field declared date-time."""
    if type(value) is str:  # the straight way; the rest is for models and faults
        return parse_timestamp(value)
    if not isinstance(value, datetime):
        raise EvaluationError(f"expected a date-time text, found {type_name(plain(value))}")
    return to_timestamp(value)


def read_text(value: Any) -> str:
    """Read a field declared date-time where its text is wanted."""
    text: str = check_string(timestamp_text(value) if isinstance(value, datetime) else value)
    return text
