"""What is known of a value before any record is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataquarantine.validation.rules.declarations import Shape


class Kind(Enum):
    """The types of CEL, and two of ours; the values are the words of error messages."""

    DYN = "dyn"  # anything: checked when a record is judged
    NULL = "null"
    BOOL = "bool"
    INT = "int"
    UINT = "uint"
    DOUBLE = "double"
    STRING = "string"
    DATE_TIME = "date-time"  # a string that a schema declares so: timestamp or string, as used
    TIMESTAMP = "timestamp"
    DURATION = "duration"
    LIST = "list"
    MAP = "map"
    NUMBER = "number"  # int, uint or double; only in signatures

    @property
    def is_number(self) -> bool:
        return self in NUMBERS


NUMBERS = frozenset({Kind.INT, Kind.UINT, Kind.DOUBLE, Kind.NUMBER})


@dataclass(frozen=True, slots=True)
class Type:
    """A kind, with what is known of elements, values and declared fields."""

    kind: Kind
    element: Type | None = None
    shape: Shape | None = None
    nullable: bool = False
    private: bool = False  # declared `x-pii`: its value must not reach a message

    @property
    def item(self) -> Type:
        """The type of an element or value."""
        return self.element or DYN

    def or_null(self) -> Type:
        return replace(self, nullable=True)

    def __str__(self) -> str:
        return self.kind.value


DYN = Type(Kind.DYN)
NULL = Type(Kind.NULL)
BOOL = Type(Kind.BOOL)
INT = Type(Kind.INT)
UINT = Type(Kind.UINT)
DOUBLE = Type(Kind.DOUBLE)
STRING = Type(Kind.STRING)
DATE_TIME = Type(Kind.DATE_TIME)
TIMESTAMP = Type(Kind.TIMESTAMP)
DURATION = Type(Kind.DURATION)
LIST = Type(Kind.LIST)
MAP = Type(Kind.MAP)


def may_equal(left: Kind, right: Kind) -> bool:
    """Tell whether values of two kinds can be equal at all."""
    if left is right or Kind.DYN in (left, right) or Kind.NULL in (left, right):
        return True
    if left in NUMBERS and right in NUMBERS:
        return True
    texts = {Kind.STRING, Kind.DATE_TIME}
    return {left, right} <= texts or {left, right} == {Kind.DATE_TIME, Kind.TIMESTAMP}
