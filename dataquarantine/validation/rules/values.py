"""Values as CEL sees them: equality, order, fields, elements.

null None, bool bool, int int, uint UInt, double float, string str, list list, map dict,
timestamp datetime (aware), duration timedelta. What decoders add is read as the nearest of these.
Source: CEL specification, section "Language Definition".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from dataquarantine.validation.rules.diagnostics import BudgetExceeded, EvaluationError
from dataquarantine.validation.rules.limits import MAX_EQUALITY_NESTING, MAX_STEPS
from dataquarantine.validation.rules.syntax import UInt

Budget = list[int]

_NAMES: dict[type, str] = {
    type(None): "null",
    bool: "bool",
    int: "int",
    UInt: "uint",
    float: "double",
    str: "string",
    list: "list",
    dict: "map",
    datetime: "timestamp",
    timedelta: "duration",
}
_NUMBERS = (int, float, UInt)
_ORDERED = (str, bool, datetime, timedelta)


def type_name(value: Any) -> str:
    """Return CEL's word for the type of a value."""
    return _NAMES.get(type(value), "unknown")


def plain(value: Any) -> Any:
    """Read a value as one of CEL's types."""
    kind = type(value)
    if kind in _NAMES:
        # A time without an offset can only come from a decoder that means UTC (Avro).
        return value.replace(tzinfo=UTC) if kind is datetime and value.tzinfo is None else value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value


def no_overload(operator: str, *values: Any) -> EvaluationError:
    """Make the error of an operator that does not take such types."""
    return EvaluationError(f"{operator} does not take {' and '.join(map(type_name, values))}")


def charge(budget: Budget, steps: int) -> None:
    """Take steps from a rule's budget.

    Raises: BudgetExceeded when none are left.
    """
    budget[0] -= steps
    if budget[0] < 0:
        raise BudgetExceeded(f"the rule takes more than {MAX_STEPS} steps")


def equal(budget: Budget, left: Any, right: Any, depth: int = MAX_EQUALITY_NESTING) -> bool:
    """Compare by value: 1 == 1.0, but true != 1; different types are different, not an error."""
    left, right = plain(left), plain(right)
    kind, other = type(left), type(right)
    if kind is list and other is list:
        return _equal_lists(budget, left, right, depth)
    if kind is dict and other is dict:
        return _equal_maps(budget, left, right, depth)
    if kind is other or (kind in _NUMBERS and other in _NUMBERS):
        return bool(left == right)
    return False


def _equal_lists(budget: Budget, left: list[Any], right: list[Any], depth: int) -> bool:
    if len(left) != len(right):
        return False
    _descend(budget, len(left), depth)
    return all(equal(budget, a, b, depth - 1) for a, b in zip(left, right, strict=True))


def _equal_maps(budget: Budget, left: dict[str, Any], right: dict[str, Any], depth: int) -> bool:
    if left.keys() != right.keys():
        return False
    _descend(budget, len(left), depth)
    return all(equal(budget, value, right[key], depth - 1) for key, value in left.items())


def _descend(budget: Budget, elements: int, depth: int) -> None:
    charge(budget, 1 + elements)
    if depth <= 0:
        raise EvaluationError(f"== does not follow more than {MAX_EQUALITY_NESTING} levels")


def same_scalar(left: Any, right: Any) -> bool:
    """Compare with a scalar: no more work than its own length, so nothing is charged."""
    return equal([0], left, right)


def contained(budget: Budget, item: Any, container: Any) -> bool:
    """Tell whether a list has an equal element, or a map the key."""
    item, container = plain(item), plain(container)
    if type(container) is dict:
        if type(item) not in (str, int, UInt, bool, float):
            raise no_overload("in", item, container)
        return type(item) is str and item in container
    if type(container) is not list:
        raise no_overload("in", item, container)
    charge(budget, 1 + len(container) // 8)
    if type(item) is str:
        return item in container
    return any(equal(budget, item, each) for each in container)


def _ordered(symbol: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def run(left: Any, right: Any) -> bool:
        left, right = plain(left), plain(right)
        kind, other = type(left), type(right)
        if (kind is other and kind in _ORDERED) or (kind in _NUMBERS and other in _NUMBERS):
            return compare(left, right)
        raise no_overload(symbol, left, right)

    return run


less = _ordered("<", lambda left, right: bool(left < right))
less_or_equal = _ordered("<=", lambda left, right: bool(left <= right))
greater = _ordered(">", lambda left, right: bool(left > right))
greater_or_equal = _ordered(">=", lambda left, right: bool(left >= right))


def inverse(value: Any) -> bool:
    """Return what a bool is not."""
    if type(value) is not bool:
        raise no_overload("!", plain(value))
    return not value


def select(value: Any, name: str) -> Any:
    """Return a field of a map."""
    if type(value) is not dict:
        raise EvaluationError(f"field {name!r} is read from a {type_name(plain(value))}, not a map")
    if name not in value:
        raise EvaluationError(f"field {name!r} is missing; guard it with has()")
    return plain(value[name])


def present(value: Any, name: str) -> bool:
    """Tell whether a map has a key, be its value null."""
    if type(value) is not dict:
        raise EvaluationError(f"has() reads {name!r} from a {type_name(plain(value))}, not a map")
    return name in value


def item_at(container: Any, key: Any) -> Any:
    """Return an element of a list or the value of a key; a negative index is an error."""
    container, key = plain(container), plain(key)
    if type(container) is list:
        if type(key) is float and key.is_integer():
            key = int(key)
        if type(key) not in (int, UInt):
            raise no_overload("[]", container, key)
        if not 0 <= key < len(container):
            raise EvaluationError("index out of range")
        return plain(container[key])
    if type(container) is not dict:
        raise no_overload("[]", container, key)
    if type(key) is not str or key not in container:
        raise EvaluationError("no such key in the map")
    return plain(container[key])


def size(value: Any) -> int:
    """Count code points, elements or keys."""
    value = plain(value)
    if type(value) not in (str, list, dict):
        raise no_overload("size()", value)
    return len(value)
