"""The operators of CEL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dataquarantine.validation.rules import arithmetic, times, values
from dataquarantine.validation.rules.signatures import Function, forms, unary
from dataquarantine.validation.rules.terms import Operation
from dataquarantine.validation.rules.types import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    LIST,
    STRING,
    TIMESTAMP,
    UINT,
    Kind,
)


def _comparison(symbol: str, run: Callable[..., Any]) -> Function:
    inline = f"({{0}} {symbol} {{1}})"
    kinds = (Kind.NUMBER, Kind.STRING, Kind.BOOL, Kind.TIMESTAMP, Kind.DURATION)
    return forms(symbol, run, [(kind, kind, BOOL, inline) for kind in kinds])


def _int_inline(symbol: str) -> str:
    return (
        f"({{t}} if {arithmetic.INT_MIN} <= ({{t}} := {{0}} {symbol} {{1}}) <= {arithmetic.INT_MAX}"
        " else fail())"
    )


OPERATORS: dict[str, Function] = {
    "<": _comparison("<", values.less),
    "<=": _comparison("<=", values.less_or_equal),
    ">": _comparison(">", values.greater),
    ">=": _comparison(">=", values.greater_or_equal),
    "+": forms(
        "+",
        arithmetic.add,
        [
            (Kind.INT, Kind.INT, INT, _int_inline("+")),
            (Kind.UINT, Kind.UINT, UINT, None),
            (Kind.DOUBLE, Kind.DOUBLE, DOUBLE, "({0} + {1})"),
            (Kind.STRING, Kind.STRING, STRING, None),
            (Kind.LIST, Kind.LIST, LIST, None),
            (Kind.TIMESTAMP, Kind.DURATION, TIMESTAMP, "({0} + {1})"),
            (Kind.DURATION, Kind.TIMESTAMP, TIMESTAMP, "({0} + {1})"),
            (Kind.DURATION, Kind.DURATION, DURATION, "({0} + {1})"),
        ],
        budgeted=True,
    ),
    "-": forms(
        "-",
        arithmetic.subtract,
        [
            (Kind.INT, Kind.INT, INT, _int_inline("-")),
            (Kind.UINT, Kind.UINT, UINT, None),
            (Kind.DOUBLE, Kind.DOUBLE, DOUBLE, "({0} - {1})"),
            (Kind.TIMESTAMP, Kind.TIMESTAMP, DURATION, "({0} - {1})"),
            (Kind.TIMESTAMP, Kind.DURATION, TIMESTAMP, "({0} - {1})"),
            (Kind.DURATION, Kind.DURATION, DURATION, "({0} - {1})"),
        ],
    ),
    "*": forms(
        "*",
        arithmetic.multiply,
        [
            (Kind.INT, Kind.INT, INT, _int_inline("*")),
            (Kind.UINT, Kind.UINT, UINT, None),
            (Kind.DOUBLE, Kind.DOUBLE, DOUBLE, "({0} * {1})"),
        ],
    ),
    "/": forms(
        "/",
        arithmetic.divide,
        [
            (Kind.INT, Kind.INT, INT, None),
            (Kind.UINT, Kind.UINT, UINT, None),
            (Kind.DOUBLE, Kind.DOUBLE, DOUBLE, "({0} / {1})"),
        ],
    ),
    "%": forms(
        "%",
        arithmetic.remainder,
        [(Kind.INT, Kind.INT, INT, None), (Kind.UINT, Kind.UINT, UINT, None)],
    ),
}


NEGATE = unary(
    "-",
    arithmetic.negate,
    [(Kind.INT, INT, None), (Kind.DOUBLE, DOUBLE, "(-{0})")],
)
NOT = unary("!", values.inverse, [(Kind.BOOL, BOOL, "(not {0})")])
INDEX = Operation("[]", values.item_at)
KEY = Operation("[]", values.item_at, "{0}[{1}]")
CONTAINED = Operation("in", values.contained, None, budgeted=True)
EQUAL = Operation("==", values.equal, None, budgeted=True)
EQUAL_TYPED = Operation("==", lambda left, right: bool(left == right), "({0} == {1})")
EQUAL_BOOL = Operation("==", values.same_scalar, "({0} is {1})")
EQUAL_TEXT = Operation(
    "==", values.same_scalar, "({t} == {1} if type({t} := {0}) is str else {run}({t}, {1}))"
)
EQUAL_NUMBER = Operation(
    "==",
    values.same_scalar,
    "({t} == {1} if type({t} := {0}) is int or type({t}) is float else {run}({t}, {1}))",
)
HAS_KEY = Operation("in", lambda item, container: item in container, "({0} in {1})")
IS_NULL = Operation("== null", lambda value: value is None, "({0} is None)")
TIMESTAMP_IF_TEXT = Operation("date-time", times.timestamp_if_text)


def among(items: list[Any]) -> Operation:
    """Return the operation `x in [constants]`."""
    if items and all(type(item) is str for item in items):
        wanted = "type({t} := {0}) is str"
    elif items and all(type(item) in (int, float) for item in items):
        wanted = "type({t} := {0}) is int or type({t}) is float"
    else:
        return CONTAINED
    lookup = frozenset(items)
    inline = f"({{t}} in {{lookup}} if {wanted} else {{run}}({{t}}))"

    def run(item: Any, _items: Any = None) -> bool:
        return any(values.same_scalar(item, each) for each in items)

    return Operation("in", run, inline, lookup=lookup)
