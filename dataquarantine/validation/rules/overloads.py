"""Choosing the operation for operands of known and unknown types."""

from __future__ import annotations

from collections.abc import Sequence

from dataquarantine.validation.rules import operators
from dataquarantine.validation.rules.checked import Checked, as_text, coerced
from dataquarantine.validation.rules.diagnostics import Mistake
from dataquarantine.validation.rules.signatures import Function
from dataquarantine.validation.rules.syntax import Call, Operator
from dataquarantine.validation.rules.terms import Apply, Const, Operation
from dataquarantine.validation.rules.types import (
    BOOL,
    DYN,
    LIST,
    NUMBERS,
    STRING,
    TIMESTAMP,
    Kind,
    may_equal,
)


def resolve(function: Function, args: Sequence[Checked], node: Operator | Call) -> Checked:
    """Choose the form of a function that takes these arguments."""
    fitting = [
        form
        for form in function.signatures
        if len(form.params) == len(args)
        and all(_takes(param, arg.kind) for param, arg in zip(form.params, args, strict=True))
    ]
    if not fitting:
        raise _no_form(function, args, node)
    # Two date-times are compared as the moments that they are, not as texts.
    fitting.sort(key=lambda form: -_moments(form.params, args))
    private = any(arg.private for arg in args)
    dyn = any(arg.kind is Kind.DYN for arg in args)
    if len(fitting) > 1 and dyn:
        results = {form.result for form in fitting}
        result = fitting[0].result if len(results) == 1 else DYN
        terms = tuple(
            (arg if arg.kind is Kind.DYN else coerced(arg, _as_itself(arg.kind))).term
            for arg in args
        )
        return Checked(Apply(function.anything, terms), result, private=private)
    form = fitting[0]
    pairs = [coerced(arg, kind) for arg, kind in zip(args, form.params, strict=True)]
    result = form.result
    if result.kind is Kind.LIST:
        result = pairs[0].type if pairs[0].type == pairs[1].type else LIST
    return Checked(Apply(form.operation, tuple(arg.term for arg in pairs)), result, private=private)


def equality(left: Checked, right: Checked, node: Operator) -> Checked:
    """Choose how two values are compared by `==`; refuse types that are never equal."""
    if not may_equal(left.kind, right.kind):
        remedy = (
            "write timestamp(...) around the text" if TIMESTAMP in (left.type, right.type) else ""
        )
        raise Mistake(f"{left.type} and {right.type} are never equal", node.position, remedy)
    if isinstance(left.term, Const) and not isinstance(right.term, Const):
        left, right = right, left
    if isinstance(right.term, Const) and right.term.value is None:
        return Checked(Apply(operators.IS_NULL, (left.term,)), BOOL)
    kinds = {left.kind, right.kind}
    if kinds <= {Kind.DATE_TIME, Kind.TIMESTAMP}:
        terms = tuple(
            Apply(operators.TIMESTAMP_IF_TEXT, (each.term,))
            if each.kind is Kind.DATE_TIME
            else each.term
            for each in (left, right)
        )
        return Checked(Apply(operators.EQUAL, terms), BOOL)
    if Kind.DATE_TIME in kinds:
        left, right = as_text(left), as_text(right)
    return Checked(Apply(_equality(left, right), (left.term, right.term)), BOOL)


def membership(item: Checked, container: Checked, node: Operator) -> Checked:
    """Choose how `in` looks for a value."""
    if container.kind not in (Kind.LIST, Kind.MAP, Kind.DYN):
        raise Mistake(f"'in' looks into a list or a map, not {container.type}", node.position)
    element = STRING if container.kind is Kind.MAP else container.type.item
    if not may_equal(item.kind, element.kind):
        raise Mistake(f"{item.type} is never in a {container.type} of {element}", node.position)
    if item.kind is Kind.DATE_TIME and element.kind is Kind.TIMESTAMP:
        item = Checked(Apply(operators.TIMESTAMP_IF_TEXT, (item.term,)), TIMESTAMP)
    elif Kind.DATE_TIME is element.kind and item.kind in (Kind.DATE_TIME, Kind.TIMESTAMP):
        raise Mistake(
            "'in' compares date-times as texts", node.position, "write .exists(d, d == ...)"
        )
    item = as_text(item)
    operation = operators.CONTAINED
    if isinstance(container.term, Const):
        operation = operators.among(container.term.value)
    elif container.kind is Kind.MAP and item.kind is Kind.STRING:
        item, container = coerced(item, Kind.STRING), coerced(container, Kind.MAP)
        operation = operators.HAS_KEY
    return Checked(Apply(operation, (item.term, container.term)), BOOL)


def _moments(params: Sequence[Kind], args: Sequence[Checked]) -> int:
    return sum(
        param is Kind.TIMESTAMP and arg.kind is Kind.DATE_TIME
        for param, arg in zip(params, args, strict=True)
    )


def _as_itself(kind: Kind) -> Kind:
    return Kind.TIMESTAMP if kind is Kind.DATE_TIME else kind


def _takes(param: Kind, kind: Kind) -> bool:
    if kind is Kind.DYN or kind is param:
        return True
    if kind is Kind.DATE_TIME:
        return param in (Kind.TIMESTAMP, Kind.STRING)
    return param is Kind.NUMBER and kind in NUMBERS


def _equality(left: Checked, right: Checked) -> Operation:
    kinds = {left.kind, right.kind}
    if not left.raw and not right.raw and (kinds <= NUMBERS or len(kinds) == 1):
        if not kinds & {Kind.DYN, Kind.LIST, Kind.MAP}:
            return operators.EQUAL_TYPED
    if isinstance(right.term, Const):
        match right.term.value:
            case bool():
                return operators.EQUAL_BOOL
            case str():
                return operators.EQUAL_TEXT
            case int() | float():
                return operators.EQUAL_NUMBER
    return operators.EQUAL


def _no_form(function: Function, args: Sequence[Checked], node: Operator | Call) -> Mistake:
    found = " and ".join(str(arg.type) for arg in args) or "nothing"
    name = function.name if isinstance(node, Operator) else f"{function.name}()"
    kinds = {arg.kind for arg in args}
    remedy = ""
    if isinstance(node, Operator) and kinds <= NUMBERS and len(kinds) > 1:
        remedy = "convert one of them: double(x) or int(x)"
    elif kinds == {Kind.TIMESTAMP, Kind.STRING}:
        remedy = "declare the field with format: date-time, or write timestamp(x)"
    return Mistake(f"{name} does not take {found}", node.position, remedy)
