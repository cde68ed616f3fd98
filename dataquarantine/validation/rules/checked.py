"""A checked expression, and the conversions that its use implies."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dataquarantine.validation.rules import guards
from dataquarantine.validation.rules.terms import Apply, Const, Term
from dataquarantine.validation.rules.types import DOUBLE, STRING, Kind, Type


@dataclass(frozen=True, slots=True)
class Checked:
    """A term with its type.

    raw: the value comes from the record, so its declared type is yet to be made sure of.
    private: a part of the value may come from a field marked `x-pii`.
    """

    term: Term
    type: Type
    raw: bool = False
    private: bool = False

    @property
    def kind(self) -> Kind:
        return self.type.kind


def coerced(value: Checked, kind: Kind) -> Checked:
    """Make sure that a value is of a kind, when it is judged if it can't be known before."""
    if value.kind is Kind.DATE_TIME:
        operation = guards.READ_TEXT if kind is Kind.STRING else guards.READS[Kind.TIMESTAMP]
    elif kind is Kind.NUMBER and value.kind is not Kind.DYN:
        return coerced(value, value.kind)
    elif value.kind is Kind.DYN:
        operation = guards.CHECKS[kind]
    elif value.raw:
        operation = guards.READS[kind]
    else:
        return value
    made = Type(kind, value.type.element, value.type.shape)
    return Checked(Apply(operation, (value.term,)), made, private=value.private)


def as_text(value: Checked) -> Checked:
    """Take what a schema calls a date-time as the text that it is."""
    return replace(value, type=STRING) if value.kind is Kind.DATE_TIME else value


def settled(value: Checked) -> Checked:
    """Make sure of a declared type before the value joins others of unknown types."""
    if value.raw and value.kind in guards.READS and not value.type.nullable:
        return coerced(value, value.kind)
    return as_text(value)


def promoted(left: Checked, right: Checked) -> list[Checked]:
    """Read an integer literal beside a double as a double: `price * 2`."""
    if left.kind is Kind.DOUBLE and _is_int_literal(right):
        right = Checked(Const(float(right.term.value)), DOUBLE)  # type: ignore[union-attr]
    elif right.kind is Kind.DOUBLE and _is_int_literal(left):
        left = Checked(Const(float(left.term.value)), DOUBLE)  # type: ignore[union-attr]
    return [left, right]


def _is_int_literal(value: Checked) -> bool:
    return isinstance(value.term, Const) and type(value.term.value) is int
