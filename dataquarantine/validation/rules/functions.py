"""The functions of CEL, and abs, min and max of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from dataquarantine.validation.rules import arithmetic, conversions, times, values
from dataquarantine.validation.rules.diagnostics import EvaluationError
from dataquarantine.validation.rules.signatures import Function, Signature, unary
from dataquarantine.validation.rules.terms import Operation
from dataquarantine.validation.rules.types import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    Kind,
    Type,
)


def _text_method(name: str, run: Callable[..., Any], inline: str | None = None) -> Function:
    def counted(budget: values.Budget, text: str, other: str) -> bool:
        values.charge(budget, 1 + len(text) // 32)
        return bool(run(text, other))

    operation = Operation(name, counted, inline, budgeted=True)
    form = Signature((Kind.STRING, Kind.STRING), BOOL, operation)
    return Function(name, (form,), operation, as_method=True, as_function=False)


_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _ascii_case(name: str, table: dict[int, int], built_in: Callable[[str], str]) -> Function:
    def run(budget: values.Budget, text: str) -> str:
        values.charge(budget, 1 + len(text) // 32)
        return built_in(text) if text.isascii() else text.translate(table)

    operation = Operation(name, run, None, budgeted=True)
    form = Signature((Kind.STRING,), STRING, operation)
    return Function(name, (form,), operation, as_method=True, as_function=False)


def absolute(value: Any) -> Any:
    """`abs(x)`."""
    value = values.plain(value)
    if type(value) not in (int, float):
        raise values.no_overload("abs()", value)
    return arithmetic.negate(value) if value < 0 else value


def _part(name: str) -> Function:
    of_timestamp = times.TIMESTAMP_PARTS[name]
    of_duration = times.DURATION_PARTS.get(name)

    def run(value: Any, *in_zone: str) -> int:
        if isinstance(value, datetime):
            return of_timestamp(value, *in_zone)
        if isinstance(value, timedelta) and of_duration is not None and not in_zone:
            return of_duration(value)
        raise values.no_overload(f"{name}()", values.plain(value))

    operation = Operation(name, run)
    forms = [
        Signature((Kind.TIMESTAMP,), INT, operation),
        Signature((Kind.TIMESTAMP, Kind.STRING), INT, operation),
    ]
    if of_duration is not None:
        forms.append(Signature((Kind.DURATION,), INT, operation))
    return Function(name, tuple(forms), operation, as_method=True, as_function=False)


def _conversion(name: str, run: Callable[..., Any], result: Type, *kinds: Kind) -> Function:
    return unary(name, run, [(kind, result, None) for kind in kinds])


_NUMERIC = (Kind.INT, Kind.UINT, Kind.DOUBLE)

FUNCTIONS: dict[str, Function] = {
    function.name: function
    for function in (
        unary(
            "size",
            values.size,
            [(kind, INT, "len({0})") for kind in (Kind.STRING, Kind.LIST, Kind.MAP)],
            as_method=True,
        ),
        _text_method("contains", lambda text, part: part in text),
        _text_method("startsWith", str.startswith, "{0}.startswith({1})"),
        _text_method("endsWith", str.endswith, "{0}.endswith({1})"),
        _ascii_case("lowerAscii", _LOWER, str.lower),
        _ascii_case("upperAscii", _UPPER, str.upper),
        unary("abs", absolute, [(Kind.INT, INT, None), (Kind.DOUBLE, DOUBLE, "abs({0})")]),
        _conversion("int", conversions.to_int, INT, *_NUMERIC, Kind.STRING, Kind.TIMESTAMP),
        _conversion("uint", conversions.to_uint, UINT, *_NUMERIC, Kind.STRING),
        _conversion("double", conversions.to_double, DOUBLE, *_NUMERIC, Kind.STRING),
        _conversion("bool", conversions.to_bool, BOOL, Kind.BOOL, Kind.STRING),
        _conversion(
            "string",
            conversions.to_string,
            STRING,
            Kind.STRING,
            Kind.BOOL,
            *_NUMERIC,
            Kind.TIMESTAMP,
            Kind.DURATION,
        ),
        _conversion(
            "timestamp", times.to_timestamp, TIMESTAMP, Kind.TIMESTAMP, Kind.STRING, Kind.INT
        ),
        _conversion("duration", times.to_duration, DURATION, Kind.DURATION, Kind.STRING),
        *map(_part, times.TIMESTAMP_PARTS),
    )
}


def _extreme(name: str, better: Callable[[Any, Any], bool]) -> Operation:
    def run(budget: values.Budget, *items: Any) -> Any:
        candidates = [values.plain(item) for item in items]
        if len(candidates) == 1 and type(candidates[0]) is list:
            candidates = [values.plain(item) for item in candidates[0]]
        values.charge(budget, 1 + len(candidates))
        if not candidates:
            raise EvaluationError(f"{name}() of an empty list")
        best = candidates[0]
        if len(candidates) == 1:
            better(best, best)  # refuses what has no order
        for candidate in candidates[1:]:
            if better(candidate, best):
                best = candidate
        return best

    return Operation(name, run, None, budgeted=True)


EXTREMES = {"min": _extreme("min", values.less), "max": _extreme("max", values.greater)}
