"""Calls: functions, methods, `has`, loops, patterns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dataquarantine.validation.rules import functions, guards
from dataquarantine.validation.rules.checked import Checked, coerced, settled
from dataquarantine.validation.rules.diagnostics import EvaluationError, Mistake, did_you_mean
from dataquarantine.validation.rules.limits import MAX_LOOP_NESTING
from dataquarantine.validation.rules.overloads import resolve
from dataquarantine.validation.rules.regex import compile_search
from dataquarantine.validation.rules.syntax import Call, Index, Literal, Name, Node, Select
from dataquarantine.validation.rules.terms import (
    Apply,
    Const,
    Document,
    Local,
    Loop,
    Macro,
    Now,
    Operation,
    Present,
    weigh,
)
from dataquarantine.validation.rules.times import TIMESTAMP_PARTS, zone
from dataquarantine.validation.rules.types import (
    BOOL,
    DYN,
    LIST,
    NUMBERS,
    STRING,
    TIMESTAMP,
    Kind,
)
from dataquarantine.validation.rules.values import Budget, charge

if TYPE_CHECKING:
    from dataquarantine.validation.rules.checker import Checker

_MACROS = {macro.value: macro for macro in Macro}
ALWAYS_KNOWN = ("has", "now", "matches", "min", "max")


def check_call(checker: Checker, node: Call) -> Checked:
    """Check whatever looks like a call. Raises: Mistake."""
    if node.function == "has" and node.target is None:
        return _has(checker, node)
    if node.function in _MACROS and node.target is not None:
        return _loop(checker, node, node.target)
    if node.function == "now" and node.target is None and not node.args:
        return Checked(Now(), TIMESTAMP)
    if node.function == "matches":
        return _matches(checker, node)
    if node.function in functions.EXTREMES and node.target is None:
        return _extreme(checker, node)
    function = functions.FUNCTIONS.get(node.function)
    if function is None:
        raise _unknown_function(node)
    if node.target is not None and not function.as_method:
        raise Mistake(f"{function.name}() is no method", node.position, f"write {function.name}(x)")
    if node.target is None and not function.as_function:
        raise Mistake(
            f"{function.name}() is a method", node.position, f"write x.{function.name}(...)"
        )
    nodes = node.args if node.target is None else (node.target, *node.args)
    args = [checker.expression(each) for each in nodes]
    if function.name in TIMESTAMP_PARTS and node.args:
        _refuse_zone(node.args[0])
    return _folded(resolve(function, args, node), node)


def _refuse_zone(node: Node) -> None:
    """Refuse an unknown time zone now: one named by a record would be looked up on disk."""
    if not isinstance(node, Literal) or not isinstance(node.value, str):
        raise Mistake("a time zone must be a literal text", node.position, 'write "Europe/Berlin"')
    try:
        zone(node.value)
    except EvaluationError as exc:
        raise Mistake(str(exc), node.position) from exc


def _folded(call: Checked, node: Call) -> Checked:
    """Evaluate a conversion of a constant now, so that duration("1x") fails at registration."""
    term = call.term
    if not isinstance(term, Apply) or term.operation.budgeted:
        return call
    if not all(isinstance(arg, Const) for arg in term.args):
        return call
    try:
        value = term.operation.run(*(arg.value for arg in term.args if isinstance(arg, Const)))
    except EvaluationError as exc:
        raise Mistake(f"{node.function}(): {exc}", node.position) from exc
    return replace(call, term=Const(value))


def _has(checker: Checker, node: Call) -> Checked:
    (subject,) = node.args if len(node.args) == 1 else (None,)
    match subject:
        case Name(name=name) if name not in checker.scope:
            operand = Checked(Document(), checker.document, raw=True)
        case Select(operand=below, field=name):
            operand = checker.expression(below)
        case Index(operand=below, key=Literal(value=str(name))):
            operand = checker.expression(below)
        case _:
            raise Mistake("has() takes one field, such as has(order.total)", node.position)
    checker.declared(operand, name, subject.position)
    return Checked(Present(operand.term, name), BOOL)


def _loop(checker: Checker, node: Call, target: Node) -> Checked:
    macro = _MACROS[node.function]
    bodies = (2, 3) if macro is Macro.MAP else (2,)
    if len(node.args) not in bodies or not isinstance(node.args[0], Name):
        raise Mistake(
            f"{node.function}() takes a variable and an expression",
            node.position,
            f"write x.{node.function}(i, ...)",
        )
    if checker.loops >= MAX_LOOP_NESTING:
        raise Mistake(f"loops are nested more than {MAX_LOOP_NESTING} deep", node.position)
    over = checker.expression(target)
    if over.kind not in (Kind.LIST, Kind.MAP, Kind.DYN):
        raise Mistake(
            f"{node.function}() runs over a list or a map, not {over.type}", node.position
        )
    element = STRING if over.kind is Kind.MAP else over.type.item
    checker.variables += 1
    variable = Local(f"v{checker.variables}")
    private = over.private or element.private
    condition, result = _bodies(
        checker, node, macro, Checked(variable, element, raw=True, private=private)
    )
    term = Loop(
        macro,
        Apply(guards.CHECK_RANGE, (over.term,)),
        variable,
        condition.term if condition else None,
        result.term if result else None,
        1 + sum(weigh(each.term) for each in (condition, result) if each),
    )
    if macro is Macro.FILTER:
        made = replace(LIST, element=element)
    elif result is not None:
        made = replace(LIST, element=result.type)
        private = private or result.private
    else:
        return Checked(term, BOOL)
    return Checked(term, made, private=private)


def _bodies(
    checker: Checker, node: Call, macro: Macro, variable: Checked
) -> tuple[Checked | None, Checked | None]:
    """Check what a loop evaluates for each element: its condition and its result."""
    name = node.args[0].name  # type: ignore[union-attr]  # the caller made sure of a Name
    hidden = checker.scope.get(name)
    checker.scope[name] = variable
    checker.loops += 1
    what = f"the condition of {node.function}()"
    condition: Checked | None = None
    result: Checked | None = None
    if macro is not Macro.MAP or len(node.args) == 3:
        condition = checker.operand(node.args[1], Kind.BOOL, what)
    if macro is Macro.MAP:
        result = checker.expression(node.args[-1])
    checker.loops -= 1
    del checker.scope[name]
    if hidden is not None:
        checker.scope[name] = hidden
    return condition, result


def _matches(checker: Checker, node: Call) -> Checked:
    nodes = node.args if node.target is None else (node.target, *node.args)
    if len(nodes) != 2:
        raise Mistake("matches() takes a text and a pattern", node.position)
    pattern = nodes[1]
    if not isinstance(pattern, Literal) or not isinstance(pattern.value, str):
        raise Mistake(
            "the pattern of matches() must be a literal text",
            pattern.position,
            "a pattern from a record could not be proved harmless",
        )
    text = checker.operand(nodes[0], Kind.STRING, "what matches() looks at")
    try:
        search = compile_search(pattern.value)
    except EvaluationError as exc:
        raise Mistake(str(exc), pattern.position) from exc

    def run(budget: Budget, subject: str) -> bool:
        charge(budget, 1 + len(subject) // 32)
        return search(subject) is not None

    operation = Operation("matches()", run, None, budgeted=True)
    return Checked(Apply(operation, (text.term,)), BOOL)


def _extreme(checker: Checker, node: Call) -> Checked:
    args = [_ordered(checker.expression(each)) for each in node.args]
    if not args:
        raise Mistake(f"{node.function}() takes values or a list", node.position)
    kinds = {arg.kind for arg in args}
    element = args[0].type
    if len(args) == 1:
        if kinds - {Kind.LIST, Kind.DYN}:
            raise Mistake(f"{node.function}() of one value takes a list", node.position)
        element = args[0].type.item
        if element.kind is Kind.DATE_TIME:
            raise Mistake(
                f"{node.function}() would compare date-times as texts",
                node.position,
                f"write {node.function}(x.map(d, timestamp(d)))",
            )
    elif len(kinds) > 1 and Kind.DYN not in kinds and not kinds <= NUMBERS:
        raise Mistake(f"{node.function}() takes values of one type", node.position)
    elif len(kinds) > 1:
        element = DYN
    term = Apply(functions.EXTREMES[node.function], tuple(arg.term for arg in args))
    return Checked(term, element, raw=True, private=any(arg.private for arg in args))


def _ordered(value: Checked) -> Checked:
    """Read a date-time as the moment that it is."""
    return coerced(value, Kind.TIMESTAMP) if value.kind is Kind.DATE_TIME else settled(value)


def _unknown_function(node: Call) -> Mistake:
    known = {*functions.FUNCTIONS, *_MACROS, *ALWAYS_KNOWN}
    return Mistake(
        f"unknown function {node.function}()", node.position, did_you_mean(node.function, known)
    )
