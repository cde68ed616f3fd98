"""Checked rules to one Python function per schema version.

The text holds only our templates, `repr` of numbers, names we made and field names as string
subscripts; everything else is a constant in a namespace without builtins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from dataquarantine.validation.rules.diagnostics import BudgetExceeded, EvaluationError
from dataquarantine.validation.rules.limits import MAX_STEPS
from dataquarantine.validation.rules.syntax import UInt
from dataquarantine.validation.rules.terms import (
    And,
    Apply,
    Const,
    Document,
    Either,
    Field,
    Local,
    Loop,
    Macro,
    NewList,
    NewMap,
    Now,
    Operation,
    Or,
    Present,
    Term,
    subterms,
)
from dataquarantine.validation.rules.values import charge, present

Passes = Callable[[Any, datetime], bool]
Exact = Callable[[int, Any, datetime], Any]
#: What a rule results in: true or an empty text is a pass, anything else says what is wrong.
Results = Callable[[Any, datetime], list[Any]]


def generate(rules: Sequence[Term], exact: Exact) -> tuple[Passes, Results, str]:
    """Compile all rules of a schema version.

    Args: rules: what `check` returned. exact: asked for the result of rule `i` when its generated
        code raised; never raises itself.
    Returns: `passes(document, now)`, `results(document, now)` (one result per rule) and the text.
    """
    writer = _Writer(rules)
    source = writer.module()
    namespace = writer.namespace | {"exact": exact}
    exec(compile(source, "<rules>", "exec"), namespace)
    return namespace["passes"], namespace["results"], source


def _fail() -> Any:
    raise EvaluationError("no exact result")


class _Writer:
    def __init__(self, rules: Sequence[Term]) -> None:
        self._rules = rules
        self._loops: list[str] = []
        self._variables = 0
        self._inside: list[str] = []  # variables of the loops around what is being written
        self._charged = False
        self._shared = _shared_fields(rules)
        self.namespace: dict[str, Any] = {
            "__builtins__": {},
            "type": type,
            "len": len,
            "abs": abs,
            "dict": dict,
            "list": list,
            "str": str,
            "int": int,
            "float": float,
            "bool": bool,
            "UInt": UInt,
            "datetime": datetime,
            "timedelta": timedelta,
            "Exception": Exception,
            "BudgetExceeded": BudgetExceeded,
            "MISSING": object(),
            "fail": _fail,
            "charge": charge,
            "present": present,
        }

    def module(self) -> str:
        passes: list[str] = []
        results: list[str] = []
        for number, rule in enumerate(self._rules):
            self._charged = False
            text = self._text(rule)
            budget = [f"  b = [{MAX_STEPS}]"] if self._charged else []
            passes += [
                " try:",
                *budget,
                f"  r = {text}",
                "  if r is not True and r != '': return False",
                " except BudgetExceeded: return False",
                " except Exception:",
                f"  r = exact({number}, m, now)",
                "  if r is not True and r != '': return False",
            ]
            results += [
                " try:",
                *budget,
                f"  out.append({text})",
                " except BudgetExceeded as exc: out.append(exc)",
                f" except Exception: out.append(exact({number}, m, now))",
            ]
        return "\n".join(
            [
                *self._loops,
                "def passes(m, now):",
                *self._prefetch(),
                *passes,
                " return True",
                "def results(m, now):",
                " out = []",
                *self._prefetch(),
                *results,
                " return out",
                "",
            ]
        )

    def _prefetch(self) -> list[str]:
        if not self._shared:
            return []
        lines = [f"  {local} = get({name!r}, MISSING)" for name, local in self._shared.items()]
        nothing = " = ".join(self._shared.values())
        return [" if type(m) is dict:", "  get = m.get", *lines, f" else: {nothing} = MISSING"]

    def _text(self, term: Term) -> str:
        match term:
            case Const(value=value):
                return self._constant(value)
            case Apply(operation=operation, args=args):
                return self._apply(operation, args)
            case Field(operand=Document(), name=name) if name in self._shared and not self._inside:
                local = self._shared[name]
                return f"({local} if {local} is not MISSING else fail())"
            case Field(operand=operand, name=name):
                return f"{self._text(operand)}[{name!r}]"
            case Local(name=name):
                return name
            case And(operands=operands):
                return f"({' and '.join(map(self._text, operands))})"
            case Or(operands=operands):
                return f"({' or '.join(map(self._text, operands))})"
            case Either(condition=condition, yes=yes, no=no):
                return f"({self._text(yes)} if {self._text(condition)} else {self._text(no)})"
            case Loop():
                return self._loop(term)
            case Present(operand=Document(), name=name) if (
                name in self._shared and not self._inside
            ):
                return f"({self._shared[name]} is not MISSING)"
            case Present(operand=operand, name=name):
                return f"present({self._text(operand)}, {name!r})"
            case Document():
                return "m"
            case Now():
                return "now"
            case NewList(items=items):
                return f"[{', '.join(map(self._text, items))}]"
            case NewMap(keys=keys, values=values):
                pairs = zip(keys, values, strict=True)
                return f"{{{', '.join(f'{k!r}: {self._text(v)}' for k, v in pairs)}}}"

    def _constant(self, value: Any) -> str:
        if value is None or type(value) in (bool, int):
            return repr(value)
        return self._named("k", value)

    def _named(self, prefix: str, value: Any) -> str:
        name = f"{prefix}{len(self.namespace)}"
        self.namespace[name] = value
        return name

    def _apply(self, operation: Operation, args: tuple[Term, ...]) -> str:
        texts = [self._text(arg) for arg in args]
        if operation.inline is None or (operation.budgeted and self._inside):
            if operation.budgeted:
                self._charged = True
                texts.insert(0, "b")
            return f"{self._named('f', operation.run)}({', '.join(texts)})"
        inline = operation.inline
        self._variables += "{t}" in inline
        return inline.format(
            *texts,
            t=f"t{self._variables}",
            run=self._named("f", operation.run) if "{run}" in inline else "",
            lookup=self._named("s", operation.lookup) if "{lookup}" in inline else "",
        )

    def _loop(self, loop: Loop) -> str:
        over = self._text(loop.over)
        self._charged = True
        outer = ["m", "now", "b", *self._inside]
        variable = loop.variable.name
        self._inside.append(variable)
        condition = self._text(loop.condition) if loop.condition is not None else None
        result = self._text(loop.result) if loop.result is not None else variable
        self._inside.pop()
        name = f"loop{len(self._loops)}"
        self._loops.append(
            "\n".join(
                [
                    f"def {name}(over, {', '.join(outer)}):",
                    f" charge(b, len(over) * {loop.weight})",
                    *_turns(loop.macro, variable, condition, result),
                ]
            )
        )
        return f"{name}({over}, {', '.join(outer)})"


def _turns(macro: Macro, variable: str, condition: str | None, result: str) -> list[str]:
    each = f" for {variable} in over:"
    if macro is Macro.ALL:
        return [each, f"  if not {condition}: return False", " return True"]
    if macro is Macro.EXISTS:
        return [each, f"  if {condition}: return True", " return False"]
    taken = f"  if {condition}: " if condition is not None else "  "
    if macro is Macro.EXISTS_ONE:
        return [" n = 0", each, f"{taken}n += 1", " return n == 1"]
    return [" made = []", each, f"{taken}made.append({result})", " return made"]


def _shared_fields(rules: Sequence[Term]) -> dict[str, str]:
    """Name a variable for each field of the document that is read more than once."""
    counts: Counter[str] = Counter()
    waiting: list[Term] = list(rules)
    while waiting:
        term = waiting.pop()
        if isinstance(term, Field | Present) and isinstance(term.operand, Document):
            counts[term.name] += 1
        waiting.extend(subterms(term))
    return {name: f"d{number}" for number, (name, count) in enumerate(counts.items()) if count > 1}
