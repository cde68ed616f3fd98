"""The exact evaluation of a rule, for records on which the generated code raised.

An error is a value here: `error || true` is true, `error && false` is false, in `all` and
`exists` too. Source: CEL specification, "Logical operators".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from dataquarantine.validation.rules.diagnostics import EvaluationError
from dataquarantine.validation.rules.limits import MAX_STEPS
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
    Or,
    Present,
    Term,
)
from dataquarantine.validation.rules.values import charge, plain, present, select


def evaluate(
    term: Term, document: Any, now: datetime, variables: Mapping[str, Any] | None = None
) -> Any:
    """Return the value of a term for a document, and for variables that were declared with it.

    Raises: EvaluationError when it has none, BudgetExceeded when finding it takes too long.
    Cost: about 0.5 us an operation.
    """
    return _Evaluation(document, now, dict(variables or {})).value(term)


class _Evaluation:
    def __init__(self, document: Any, now: datetime, variables: dict[str, Any]) -> None:
        self._document = document
        self._now = now
        self._locals = variables
        self._budget = [MAX_STEPS]

    def value(self, term: Term) -> Any:
        match term:
            case Const(value=value):
                return value
            case Apply(operation=operation, args=args):
                values = [self.value(arg) for arg in args]
                if operation.budgeted:
                    return operation.run(self._budget, *values)
                return operation.run(*values)
            case Field(operand=operand, name=name):
                return select(self.value(operand), name)
            case Local(name=name):
                return self._locals[name]
            case And(operands=operands):
                return self._decided(False, (self._outcome(each) for each in operands))
            case Or(operands=operands):
                return self._decided(True, (self._outcome(each) for each in operands))
            case Either(condition=condition, yes=yes, no=no):
                return self.value(yes if self.value(condition) else no)
            case Loop():
                return self._loop(term)
            case Present(operand=operand, name=name):
                return present(self.value(operand), name)
            case Document():
                return self._document
            case Now():
                return self._now
            case NewList(items=items):
                return [self.value(item) for item in items]
            case NewMap(keys=keys, values=terms):
                return {key: self.value(each) for key, each in zip(keys, terms, strict=True)}

    def _outcome(self, term: Term) -> bool | EvaluationError:
        try:
            return bool(self.value(term))
        except EvaluationError as exc:
            return exc

    def _decided(self, by: bool, outcomes: Iterable[bool | EvaluationError]) -> bool:
        """Return `by` as soon as one outcome is that, whatever failed before it."""
        error: EvaluationError | None = None
        for outcome in outcomes:
            if outcome is by:
                return by
            if isinstance(outcome, EvaluationError):
                error = error or outcome
        if error is not None:
            raise error
        return not by

    def _loop(self, loop: Loop) -> Any:
        over = self.value(loop.over)
        charge(self._budget, len(over) * loop.weight)
        if loop.macro is Macro.ALL or loop.macro is Macro.EXISTS:
            return self._decided(loop.macro is Macro.EXISTS, self._conditions(loop, over))
        made: list[Any] = []
        for item in over:
            self._locals[loop.variable.name] = plain(item)
            if loop.condition is None or self.value(loop.condition):
                made.append(self.value(loop.result) if loop.result else plain(item))
        return len(made) == 1 if loop.macro is Macro.EXISTS_ONE else made

    def _conditions(self, loop: Loop, over: Iterable[Any]) -> Iterable[bool | EvaluationError]:
        assert loop.condition is not None  # all() and exists() have one
        for item in over:
            self._locals[loop.variable.name] = plain(item)
            yield self._outcome(loop.condition)
