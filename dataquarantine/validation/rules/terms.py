"""A checked rule: what the generator writes and the interpreter evaluates.

Every operation is resolved and every conversion is spelled out, so the two can't read a rule
differently.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Operation:
    """A function on values.

    run: gives the exact result or raises EvaluationError; with `budgeted`, its first argument is
        the rule's budget (a list of one number of steps left).
    inline: Python text that gives the same result or raises *anything*; `{0}`, `{1}` are the
        operands, `{t}` a fresh variable, `{run}` the function, `{lookup}` the set. Not used in
        loops when `budgeted`.
    """

    name: str
    run: Callable[..., Any]
    inline: str | None = None
    budgeted: bool = False
    lookup: frozenset[Any] = frozenset()


class Macro(Enum):
    """The loops of CEL."""

    ALL = "all"
    EXISTS = "exists"
    EXISTS_ONE = "exists_one"
    FILTER = "filter"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class Const:
    value: Any


@dataclass(frozen=True, slots=True)
class Document:
    """The whole decoded record."""


@dataclass(frozen=True, slots=True)
class Now:
    """The time at which the chunk is judged."""


@dataclass(frozen=True, slots=True)
class Local:
    """The variable of a loop; the name is unique within the rule."""

    name: str


@dataclass(frozen=True, slots=True)
class Field:
    operand: Term
    name: str


@dataclass(frozen=True, slots=True)
class Present:
    """Whether a map has a key."""

    operand: Term
    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    operation: Operation
    args: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class And:
    operands: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Or:
    operands: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Either:
    condition: Term
    yes: Term
    no: Term


@dataclass(frozen=True, slots=True)
class NewList:
    items: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class NewMap:
    keys: tuple[str, ...]
    values: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """`weight` is the number of operations of one turn, inner loops not included."""

    macro: Macro
    over: Term
    variable: Local
    condition: Term | None
    result: Term | None
    weight: int


Term: TypeAlias = (
    Const
    | Document
    | Now
    | Local
    | Field
    | Present
    | Apply
    | And
    | Or
    | Either
    | NewList
    | NewMap
    | Loop
)


def subterms(term: Term) -> tuple[Term, ...]:
    """Return the terms right below."""
    match term:
        case Field(operand=operand) | Present(operand=operand):
            return (operand,)
        case Apply(args=terms) | And(operands=terms) | Or(operands=terms):
            return terms
        case Either(condition=condition, yes=yes, no=no):
            return (condition, yes, no)
        case NewList(items=terms) | NewMap(values=terms):
            return terms
        case Loop(over=over, condition=condition, result=result):
            return tuple(each for each in (over, condition, result) if each is not None)
        case _:
            return ()


def weigh(term: Term) -> int:
    """Count the operations of a term without the turns of its loops."""
    if isinstance(term, Loop):
        return 1 + weigh(term.over)
    own = 0 if isinstance(term, Const | Local | Document | Now) else 1
    return own + sum(weigh(each) for each in subterms(term))


def path_of(term: Term) -> tuple[str, ...] | None:
    """Return the field names from the document down to this term, None if it is no plain path."""
    names: list[str] = []
    while isinstance(term, Field | Present):
        names.append(term.name)
        term = term.operand
        while isinstance(term, Apply) and len(term.args) == 1:  # a conversion on the way
            term = term.args[0]
    return tuple(reversed(names)) if isinstance(term, Document) else None


def paths_read(term: Term) -> set[tuple[str, ...]]:
    """Return the paths of the document that a rule reads; `()` is the whole document."""
    if (path := path_of(term)) is not None:
        return {path}
    return {path for each in subterms(term) for path in paths_read(each)}
