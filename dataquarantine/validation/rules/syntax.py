"""What a rule says, as its author wrote it: the tree between parser and checker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


class UInt(int):
    """An unsigned integer of 64 bits. Its arithmetic is done by `values`, never by `int`'s own."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Literal:
    position: int
    value: bool | int | UInt | float | str | None


@dataclass(frozen=True, slots=True)
class Name:
    position: int
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.field`; the position is the field's."""

    position: int
    operand: Node
    field: str


@dataclass(frozen=True, slots=True)
class Index:
    position: int
    operand: Node
    key: Node


@dataclass(frozen=True, slots=True)
class ListOf:
    position: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapOf:
    position: int
    keys: tuple[Node, ...]
    values: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """`function(args)` or `target.function(args)`; macros and `has` look the same here."""

    position: int
    function: str
    target: Node | None
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Operator:
    """`&&` and `||` hold all operands of their chain, so that a long rule is not a deep one."""

    position: int
    symbol: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """`condition ? yes : no`; `guard; expression` has no `no`: then there is nothing to say."""

    position: int
    condition: Node
    yes: Node
    no: Node | None


Node: TypeAlias = Literal | Name | Select | Index | ListOf | MapOf | Call | Operator | Choice


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes right below."""
    match node:
        case Select(operand=operand):
            return (operand,)
        case Index(operand=operand, key=key):
            return (operand, key)
        case ListOf(items=items):
            return items
        case MapOf(keys=keys, values=values):
            return (*keys, *values)
        case Call(target=target, args=args):
            return args if target is None else (target, *args)
        case Operator(operands=operands):
            return operands
        case Choice(condition=condition, yes=yes, no=no):
            return (condition, yes) if no is None else (condition, yes, no)
        case _:
            return ()
