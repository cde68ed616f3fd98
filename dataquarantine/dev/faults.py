"""Breaking a valid document in one known place: what a schema must notice, and where."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dataquarantine.outcomes import Code

Path = tuple[str | int, ...]

#: Keywords under which a broken part need not be reported at its own place.
_ALTERNATIVES = ("anyOf", "oneOf", "not", "if")
_MAX_DEPTH = 12
#: One value of each JSON type, to put where another type is wanted.
_OF_TYPE: Mapping[str, Any] = {
    "string": "text",
    "integer": 17,
    "boolean": True,
    "array": [],
    "object": {},
    "null": None,
}
_NO_MEMBER = "no-such-member"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break a document, and how that is to be reported."""

    kind: str
    code: Code
    path: Path
    replacement: Any = None

    @property
    def field_path(self) -> str:
        """The path as outcomes write it: `items[0].price`."""
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return "".join(parts).removeprefix(".")

    def break_(self, document: Any) -> Any:
        """Return a broken copy."""
        broken = copy.deepcopy(document)
        holder = _at(broken, self.path[:-1])
        if self.code is Code.MISSING_FIELD:
            del holder[self.path[-1]]
        else:
            holder[self.path[-1]] = self.replacement
        return broken


@dataclass(frozen=True, slots=True)
class _Place:
    """A value within a document and the schema that judges it."""

    schema: Mapping[str, Any]
    value: Any
    path: Path


def faults(definition: Mapping[str, Any], document: Any) -> Iterator[Fault]:
    """Yield every fault of three kinds: a required field removed, a type changed, an enum broken.

    Descends through properties, first items, local `$ref` and `allOf`; not into alternatives.
    """
    for place in _places(definition, _Place(definition, document, ()), 0):
        yield from _removed(place)
        if place.path:
            yield from _changed(place)


def _places(root: Mapping[str, Any], place: _Place, depth: int) -> Iterator[_Place]:
    schema = _resolved(root, place.schema)
    if depth > _MAX_DEPTH or any(keyword in schema for keyword in _ALTERNATIVES):
        return
    yield _Place(schema, place.value, place.path)
    for part in schema.get("allOf", ()):
        yield from _places(root, _Place(part, place.value, place.path), depth + 1)
    if isinstance(place.value, dict):
        for name, inner in schema.get("properties", {}).items():
            if name in place.value and isinstance(inner, dict):
                below = _Place(inner, place.value[name], (*place.path, name))
                yield from _places(root, below, depth + 1)
    items = schema.get("items")
    if isinstance(place.value, list) and place.value and isinstance(items, dict):
        yield from _places(root, _Place(items, place.value[0], (*place.path, 0)), depth + 1)


def _removed(place: _Place) -> Iterator[Fault]:
    for name in place.schema.get("required", ()):
        if isinstance(place.value, dict) and name in place.value:
            yield Fault("field removed", Code.MISSING_FIELD, (*place.path, name))


def _changed(place: _Place) -> Iterator[Fault]:
    if "enum" in place.schema:
        if isinstance(place.value, str):
            yield Fault("enum broken", Code.ENUM_MISMATCH, place.path, _NO_MEMBER)
    elif "type" in place.schema and "const" not in place.schema:
        other = _of_other_type(place.schema["type"])
        yield Fault("type changed", Code.WRONG_TYPE, place.path, other)


def _of_other_type(wanted: str | list[str]) -> Any:
    allowed = {wanted} if isinstance(wanted, str) else set(wanted)
    if "number" in allowed:
        allowed.add("integer")
    return next(value for kind, value in _OF_TYPE.items() if kind not in allowed)


def _at(document: Any, path: Path) -> Any:
    for part in path:
        document = document[part]
    return document


def _resolved(root: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while isinstance(reference := schema.get("$ref"), str) and reference.startswith("#/"):
        schema = _at(root, tuple(reference[2:].split("/")))
    return schema
