"""Where a step works: `currency`, `user.address.city`, `items[].qty`, `"odd.name".x`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.rules.types import DYN, Kind, Type

_SEGMENT = re.compile(r'(?:"(?P<quoted>[^"]+)"|(?P<plain>[^".\[\]]+))(?P<each>(?:\[\])*)(?:\.|\Z)')


@dataclass(frozen=True, slots=True)
class Segment:
    """A field, and how many lists lie below it before the next field."""

    name: str
    lists: int


@dataclass(frozen=True, slots=True)
class Path:
    """A field of the document, or of each element of lists on the way."""

    text: str
    segments: tuple[Segment, ...]

    @property
    def name(self) -> str:
        return self.segments[-1].name

    @property
    def parent(self) -> tuple[Segment, ...]:
        return self.segments[:-1]

    def holders(self, document: Any) -> Iterator[tuple[dict[str, Any], Any]]:
        """Yield each object that has or could have the field, with the list element it is in."""
        yield from _holders(document, self.parent, None)

    def __str__(self) -> str:
        return self.text


def parse_path(text: Any, where: str) -> Path:
    """Read a path.

    Raises: InvalidSchema.
    """
    segments: list[Segment] = []
    position = 0
    while isinstance(text, str) and (match := _SEGMENT.match(text, position)):
        segments.append(Segment(match["quoted"] or match["plain"], len(match["each"]) // 2))
        position = match.end()
    if not isinstance(text, str) or position != len(text) or not text or text.endswith("."):
        raise InvalidSchema(
            f"{text!r} is no field", where=where, remedy="write it as a.b or items[].qty"
        )
    return Path(text, tuple(segments))


def _holders(
    value: Any, segments: tuple[Segment, ...], element: Any
) -> Iterator[tuple[dict[str, Any], Any]]:
    if not segments:
        if isinstance(value, dict):
            yield value, element
    elif isinstance(value, dict) and segments[0].name in value:
        below = value[segments[0].name]
        for each, within in _elements(below, segments[0].lists, element):
            yield from _holders(each, segments[1:], within)


def _elements(value: Any, lists: int, element: Any) -> Iterator[tuple[Any, Any]]:
    if lists == 0:
        yield value, element
    elif isinstance(value, list):
        for each in value:
            yield from _elements(each, lists - 1, each)


def holder_type(path: Path, document: Type) -> tuple[Type, Type | None]:
    """Return the declared type of the objects that hold a field, and of their list element."""
    found, element = document, None
    for segment in path.parent:
        found = field_type(found, segment.name) or DYN
        for _ in range(segment.lists):
            found = found.item if found.kind is Kind.LIST else DYN
            element = found
    return found, element


def field_type(holder: Type, name: str) -> Type | None:
    """Return the declared type of a field, None when the schema can't have it."""
    if holder.kind is not Kind.MAP or holder.shape is None:
        return DYN
    return holder.shape.field(name)
