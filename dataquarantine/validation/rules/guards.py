"""Making sure of the type of a value, when it is judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dataquarantine.validation.rules import conversions
from dataquarantine.validation.rules.terms import Operation
from dataquarantine.validation.rules.types import Kind


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
