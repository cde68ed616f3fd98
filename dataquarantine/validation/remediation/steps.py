"""The steps at work: each changes a copy of the document and tells whether it did."""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from dataquarantine.validation.remediation.changes import UNCHANGED, Change, to_json
from dataquarantine.validation.remediation.paths import Path
from dataquarantine.validation.rules.declarations import Shape
from dataquarantine.validation.rules.diagnostics import BudgetExceeded, EvaluationError
from dataquarantine.validation.rules.interpreter import evaluate
from dataquarantine.validation.rules.terms import Field, Term
from dataquarantine.validation.rules.types import Kind, Type


class Step(Protocol):
    """A repair."""

    @property
    def label(self) -> str:
        """How the step is called in the outcome and in the record's header."""

    def change(self, document: Any, now: datetime) -> bool:
        """Change the document in place; tell whether anything is different."""


@dataclass(frozen=True, slots=True)
class Default:
    """Give a missing field a value."""

    label: str
    path: Path
    value: Any
    replace_null: bool

    def change(self, document: Any, now: datetime) -> bool:
        changed = False
        for holder, _ in self.path.holders(document):
            missing = self.path.name not in holder
            if missing or (self.replace_null and holder[self.path.name] is None):
                holder[self.path.name] = copy.deepcopy(self.value)
                changed = True
        return changed


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Change the value of a field where it is present: cast, trim, lower, upper, dates, map."""

    label: str
    path: Path
    rewrite: Change

    def change(self, document: Any, now: datetime) -> bool:
        changed = False
        for holder, _ in self.path.holders(document):
            if self.path.name in holder:
                old = holder[self.path.name]
                holder[self.path.name], different = self._rewritten(old, self.lists)
                changed = changed or different
        return changed

    @property
    def lists(self) -> int:
        return self.path.segments[-1].lists

    def _rewritten(self, value: Any, lists: int) -> tuple[Any, bool]:
        if lists and isinstance(value, list):
            pairs = [self._rewritten(item, lists - 1) for item in value]
            return [item for item, _ in pairs], any(different for _, different in pairs)
        new = self.rewrite(value)
        if new is UNCHANGED or (type(new) is type(value) and new == value):
            return value, False
        return new, True


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a field another name in its place; never over a field that is there."""

    label: str
    path: Path
    to: str

    def change(self, document: Any, now: datetime) -> bool:
        changed = False
        for holder, _ in self.path.holders(document):
            if self.path.name in holder and self.to not in holder:
                pairs = [
                    (self.to if name == self.path.name else name, value)
                    for name, value in holder.items()
                ]
                holder.clear()
                holder.update(pairs)
                changed = True
        return changed


@dataclass(frozen=True, slots=True)
class DropUnknown:
    """Remove fields that the schema does not declare, in every declared object."""

    label: str
    document: Type
    keep: frozenset[str]

    def change(self, document: Any, now: datetime) -> bool:
        return self._drop(document, self.document, self.keep)

    def _drop(self, value: Any, declared: Type, keep: Collection[str] = ()) -> bool:
        if isinstance(value, list) and declared.kind is Kind.LIST:
            return any([self._drop(item, declared.item) for item in value])
        if not isinstance(value, dict) or declared.shape is None:
            return False
        unknown = _unknown(declared.shape, value, keep)
        for name in unknown:
            del value[name]
        below = [
            self._drop(item, found)
            for name, item in value.items()
            if (found := declared.shape.field(name)) is not None
        ]
        return bool(unknown) or any(below)


def _unknown(shape: Shape, value: dict[str, Any], keep: Collection[str]) -> list[str]:
    return [name for name in value if name not in keep and shape.field(name) is None]


@dataclass(frozen=True, slots=True)
class Set:
    """Give a field the value of an expression; `item` is the list element that it is in."""

    label: str
    path: Path
    value: Term
    when: Term | None

    def change(self, document: Any, now: datetime) -> bool:
        changed = False
        for holder, element in list(self.path.holders(document)):
            new = self._value(document, element, now)
            old = holder.get(self.path.name, UNCHANGED)
            if new is not UNCHANGED and not (type(new) is type(old) and new == old):
                holder[self.path.name] = new
                changed = True
        return changed

    def _value(self, document: Any, element: Any, now: datetime) -> Any:
        variables = {"item": element}
        try:
            if self.when is not None and not evaluate(self.when, document, now, variables):
                return UNCHANGED
            # A field as it stands is copied, so that a decimal keeps its digits.
            if isinstance(self.value, Field):
                operand = evaluate(self.value.operand, document, now, variables)
                if isinstance(operand, dict) and self.value.name in operand:
                    return copy.deepcopy(operand[self.value.name])
            return to_json(evaluate(self.value, document, now, variables))
        except (EvaluationError, BudgetExceeded):
            return UNCHANGED
