"""Every operator and function a rule may use, with the types it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dataquarantine.validation.rules import conversions, times, values
from dataquarantine.validation.rules.diagnostics import EvaluationError
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
    Type,
)


@dataclass(frozen=True, slots=True)
class Signature:
    """One form of a function: what it takes and gives."""

    params: tuple[Kind, ...]
    result: Type
    operation: Operation


@dataclass(frozen=True, slots=True)
class Function:
    """A name with its forms; `anything` serves arguments that are only known at run time."""

    name: str
    signatures: tuple[Signature, ...]
    anything: Operation
    as_method: bool = False
    as_function: bool = True


def _forms(
    symbol: str,
    run: Callable[..., Any],
    forms: list[tuple[Kind, Kind, Type, str | None]],
    *,
    budgeted: bool = False,
) -> Function:
    return Function(
        symbol,
        tuple(
            Signature((left, right), result, Operation(symbol, run, inline, budgeted))
            for left, right, result, inline in forms
        ),
        Operation(symbol, run, None, budgeted),
    )


def _comparison(symbol: str, run: Callable[..., Any]) -> Function:
    inline = f"({{0}} {symbol} {{1}})"
    kinds = (Kind.NUMBER, Kind.STRING, Kind.BOOL, Kind.TIMESTAMP, Kind.DURATION)
    return _forms(symbol, run, [(kind, kind, BOOL, inline) for kind in kinds])


def _int_inline(symbol: str) -> str:
    return (
        f"({{t}} if {values.INT_MIN} <= ({{t}} := {{0}} {symbol} {{1}}) <= {values.INT_MAX}"
        " else fail())"
    )


OPERATORS: dict[str, Function] = {
    "<": _comparison("<", values.less),
    "<=": _comparison("<=", values.less_or_equal),
    ">": _comparison(">", values.greater),
    ">=": _comparison(">=", values.greater_or_equal),
    "+": _forms(
        "+",
        values.add,
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
    "-": _forms(
        "-",
        values.subtract,
        [
            (Kind.INT, Kind.INT, INT, _int_inline("-")),
            (Kind.UINT, Kind.UINT, UINT, None),
            (Kind.DOUBLE, Kind.DOUBLE, DOUBLE, "({0} - {1})"),
            (Kind.TIMESTAMP, Kind.TIMESTAMP, DURATION, "({0} - {1})"),
            (Kind.TIMESTAMP, Kind.DURATION, TIMESTAMP, "({0} - {1})"),
            (Kind.DURATION, Kind.DURATION, DURATION, "({0} - {1})"),
        ],
    ),
    "*": _forms(
        "*",
        values.multiply,
        [
            (Kind.INT, Kind.INT, INT, _int_inline("*")),
            (Kind.UINT, Kind.UINT, UINT, None),
            (Kind.DOUBLE, Kind.DOUBLE, DOUBLE, "({0} * {1})"),
        ],
    ),
    "/": _forms(
        "/",
        values.divide,
        [
            (Kind.INT, Kind.INT, INT, None),
            (Kind.UINT, Kind.UINT, UINT, None),
            (Kind.DOUBLE, Kind.DOUBLE, DOUBLE, "({0} / {1})"),
        ],
    ),
    "%": _forms(
        "%",
        values.remainder,
        [(Kind.INT, Kind.INT, INT, None), (Kind.UINT, Kind.UINT, UINT, None)],
    ),
}


def _unary(
    name: str,
    run: Callable[..., Any],
    forms: list[tuple[Kind, Type, str | None]],
    *,
    as_method: bool = False,
    as_function: bool = True,
) -> Function:
    signatures = tuple(
        Signature((kind,), result, Operation(name, run, inline)) for kind, result, inline in forms
    )
    return Function(name, signatures, Operation(name, run), as_method, as_function)


NEGATE = _unary(
    "-",
    values.negate,
    [(Kind.INT, INT, None), (Kind.DOUBLE, DOUBLE, "(-{0})")],
)
NOT = _unary("!", values.inverse, [(Kind.BOOL, BOOL, "(not {0})")])
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


def _text_method(name: str, run: Callable[..., Any], inline: str) -> Function:
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
        values.charge(budget, 1 + len(text) // 8)
        return built_in(text) if text.isascii() else text.translate(table)

    operation = Operation(name, run, None, budgeted=True)
    form = Signature((Kind.STRING,), STRING, operation)
    return Function(name, (form,), operation, as_method=True, as_function=False)


def absolute(value: Any) -> Any:
    """`abs(x)`."""
    value = values.plain(value)
    if type(value) not in (int, float):
        raise values.no_overload("abs()", value)
    return values.negate(value) if value < 0 else value


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
    return _unary(name, run, [(kind, result, None) for kind in kinds])


_NUMERIC = (Kind.INT, Kind.UINT, Kind.DOUBLE)

FUNCTIONS: dict[str, Function] = {
    function.name: function
    for function in (
        _unary(
            "size",
            values.size,
            [(kind, INT, "len({0})") for kind in (Kind.STRING, Kind.LIST, Kind.MAP)],
            as_method=True,
        ),
        _text_method("contains", lambda text, part: part in text, "({1} in {0})"),
        _text_method("startsWith", str.startswith, "{0}.startswith({1})"),
        _text_method("endsWith", str.endswith, "{0}.endswith({1})"),
        _ascii_case("lowerAscii", _LOWER, str.lower),
        _ascii_case("upperAscii", _UPPER, str.upper),
        _unary("abs", absolute, [(Kind.INT, INT, None), (Kind.DOUBLE, DOUBLE, "abs({0})")]),
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


def _typed(run: Callable[..., Any], python_type: str) -> Operation:
    inline = f"({{t}} if type({{t}} := {{0}}) is {python_type} else {{run}}({{t}}))"
    return Operation(run.__name__, run, inline)


#: Make sure that a value of unknown type is of a kind.
CHECKS: dict[Kind, Operation] = {
    Kind.BOOL: _typed(conversions.check_bool, "bool"),
    Kind.INT: _typed(conversions.check_int, "int"),
    Kind.UINT: _typed(conversions.check_uint, "UInt"),
    Kind.DOUBLE: _typed(conversions.check_double, "float"),
    Kind.STRING: _typed(conversions.check_string, "str"),
    Kind.TIMESTAMP: _typed(conversions.check_timestamp, "datetime"),
    Kind.DURATION: _typed(conversions.check_duration, "timedelta"),
    Kind.LIST: _typed(conversions.check_list, "list"),
    Kind.MAP: _typed(conversions.check_map, "dict"),
    Kind.NUMBER: Operation(
        "number",
        conversions.check_number,
        "({t} if type({t} := {0}) is int or type({t}) is float else {run}({t}))",
    ),
}
#: Read a value of the document as the kind its schema declares.
READS: dict[Kind, Operation] = {
    **CHECKS,
    Kind.INT: _typed(conversions.read_int, "int"),
    Kind.DOUBLE: _typed(conversions.read_double, "float"),
    Kind.TIMESTAMP: Operation("date-time", conversions.read_timestamp),
}
READ_TEXT = _typed(conversions.read_text, "str")
CHECK_RANGE = _typed(conversions.check_range, "list")
CHECK_VERDICT = _typed(conversions.check_verdict, "bool")
