"""Arithmetic on numbers and times, joining of texts and lists; integers have 64 bits."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from dataquarantine.validation.rules.diagnostics import EvaluationError
from dataquarantine.validation.rules.limits import MAX_JOINED
from dataquarantine.validation.rules.syntax import UInt
from dataquarantine.validation.rules.values import Budget, charge, no_overload, plain

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
UINT_MAX = 2**64 - 1


def in_range(value: int, kind: type) -> int:
    """Give an integer result its type, or refuse what 64 bits don't hold."""
    if kind is UInt:
        if not 0 <= value <= UINT_MAX:
            raise EvaluationError("unsigned integer overflow")
        return UInt(value)
    if not INT_MIN <= value <= INT_MAX:
        raise EvaluationError("integer overflow")
    return value


def add(budget: Budget, left: Any, right: Any) -> Any:
    """Add numbers and times, join texts and lists."""
    left, right = plain(left), plain(right)
    kind, other = type(left), type(right)
    if kind is other:
        if kind is int or kind is UInt:
            return in_range(int(left) + int(right), kind)
        if kind is float:
            return left + right
        if kind is str or kind is list:
            return _joined(budget, left, right)
    if timedelta in (kind, other) and {kind, other} <= {datetime, timedelta}:
        return _time(lambda: left + right)
    raise no_overload("+", left, right)


def _joined(budget: Budget, left: Any, right: Any) -> Any:
    size = len(left) + len(right)
    if size > MAX_JOINED:
        raise EvaluationError(f"+ would make more than {MAX_JOINED} characters or elements")
    charge(budget, 1 + size // 8)
    return left + right


def subtract(left: Any, right: Any) -> Any:
    """Subtract numbers and times."""
    left, right = plain(left), plain(right)
    kind, other = type(left), type(right)
    if kind is other:
        if kind is int or kind is UInt:
            return in_range(int(left) - int(right), kind)
        if kind is float:
            return left - right
    if (kind, other) in _TIME_DIFFERENCES:
        return _time(lambda: left - right)
    raise no_overload("-", left, right)


_TIME_DIFFERENCES = {
    (datetime, datetime),
    (datetime, timedelta),
    (timedelta, timedelta),
}


def _time(compute: Callable[[], Any]) -> Any:
    try:
        return compute()
    except OverflowError:
        raise EvaluationError("timestamp or duration overflow") from None


def multiply(left: Any, right: Any) -> Any:
    """Multiply numbers."""
    left, right = plain(left), plain(right)
    kind = type(left)
    if kind is type(right):
        if kind is int or kind is UInt:
            return in_range(int(left) * int(right), kind)
        if kind is float:
            return left * right
    raise no_overload("*", left, right)


def divide(left: Any, right: Any) -> Any:
    """Divide; integers truncate towards zero, doubles follow IEEE 754."""
    left, right = plain(left), plain(right)
    kind = type(left)
    if kind is type(right):
        if kind is int or kind is UInt:
            if right == 0:
                raise EvaluationError("division by zero")
            quotient = abs(int(left)) // abs(int(right))
            return in_range(quotient if (left < 0) == (right < 0) else -quotient, kind)
        if kind is float:
            return left / right if right else _by_zero(left, right)
    raise no_overload("/", left, right)


def _by_zero(left: float, right: float) -> float:
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def remainder(left: Any, right: Any) -> Any:
    """Return what integer division leaves; it has the sign of the left operand."""
    left, right = plain(left), plain(right)
    kind = type(left)
    if kind is not type(right) or kind not in (int, UInt):
        raise no_overload("%", left, right)
    if right == 0:
        raise EvaluationError("remainder of a division by zero")
    quotient = divide(left, right)  # refuses -2**63 % -1, as the specification does
    return in_range(int(left) - int(quotient) * int(right), kind)


def negate(value: Any) -> Any:
    """Change the sign of an int or double."""
    value = plain(value)
    if type(value) is int:
        return in_range(-value, int)
    if type(value) is float:
        return -value
    raise no_overload("-", value)
