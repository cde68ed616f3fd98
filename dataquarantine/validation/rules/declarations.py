"""What a JSON Schema says about the fields of a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from dataquarantine.validation.rules.types import (
    BOOL,
    DATE_TIME,
    DOUBLE,
    DYN,
    INT,
    LIST,
    MAP,
    NULL,
    STRING,
    Kind,
    Type,
)

_NAMED = {
    "null": NULL,
    "boolean": BOOL,
    "integer": INT,
    "number": DOUBLE,
    "string": STRING,
    "array": LIST,
    "object": MAP,
}
# bool before int: True is an int in Python.
_JSON_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)
_MAX_PARTS = 200
_MAX_HOPS = 20


@dataclass(frozen=True, slots=True)
class Shape:
    """An object as a schema declares it; fields are looked up when a rule asks for them.

    A field that is not declared counts as a slip of the pen unless the schema speaks of further
    properties itself (`additionalProperties: true` or a schema, `patternProperties`).
    """

    root: Mapping[str, Any]
    parts: tuple[Mapping[str, Any], ...]  # all apply to the object: the schema, its refs, allOf...
    whole: bool  # false when a part could not be read, so nothing can be called undeclared

    def field(self, name: str) -> Type | None:
        """Return the type of a field, None when there can't be one."""
        found = [
            type_of(part["properties"][name], self.root)
            for part in self.parts
            if isinstance(part.get("properties"), Mapping) and name in part["properties"]
        ]
        if found:
            return _narrowest(found)
        return self._undeclared()

    def names(self) -> set[str]:
        """Return the declared fields."""
        named = (part.get("properties") for part in self.parts)
        return {
            str(name)
            for properties in named
            if isinstance(properties, Mapping)
            for name in properties
        }

    def holds_private(self) -> bool:
        """Tell whether anything in the object is marked `x-pii`."""
        return _holds_private(self.parts, self.root)

    def _undeclared(self) -> Type | None:
        if not self.whole or not self.names():
            return self._additional() or DYN
        return self._additional()

    def _additional(self) -> Type | None:
        for part in self.parts:
            if part.get("patternProperties"):
                return DYN
            extra = part.get("additionalProperties", part.get("unevaluatedProperties"))
            if extra is True:
                return DYN
            if isinstance(extra, Mapping):
                return type_of(extra, self.root)
        return None


def document_type(definition: Mapping[str, Any] | None) -> Type:
    """Return the type of a whole document; without a schema, any object.

    A schema may leave out `type: object`: what it says of fields, `x-pii` too, counts all the same.
    """
    if not definition:
        return MAP
    found = type_of(definition, definition)
    if found.kind is Kind.MAP:
        return found
    parts, whole = _parts(definition, definition)
    return replace(MAP, shape=Shape(definition, parts, whole), private=found.private)


def type_of(schema: Any, root: Mapping[str, Any]) -> Type:
    """Return what a schema promises about a value; what it leaves open is DYN."""
    if not isinstance(schema, Mapping):
        return DYN
    parts, whole = _parts(schema, root)
    names = _type_names(schema, root, _MAX_HOPS) or set()
    found = _named(names)
    if found is STRING and any(part.get("format") == "date-time" for part in parts):
        found = DATE_TIME
    elif found is LIST:
        found = replace(LIST, element=_element(parts, root))
    elif found is MAP:
        found = replace(MAP, shape=Shape(root, parts, whole))
    nullable = "null" in names and found is not NULL
    # Of a value of unknown type any part may be read, so any part may make it private.
    private = _holds_private(parts, root) if found is DYN else any(map(_is_private, parts))
    return replace(found, nullable=nullable, private=private)


def _is_private(part: Mapping[str, Any]) -> bool:
    return bool(part.get("x-pii"))


def _holds_private(parts: tuple[Mapping[str, Any], ...], root: Mapping[str, Any]) -> bool:
    """Search schemas and what they refer to for `x-pii`."""
    waiting: list[Any] = list(parts)
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, Mapping):
            if _is_private(part):
                return True
            if isinstance(reference := part.get("$ref"), str):
                waiting.append(_resolve(reference, root))
            waiting.extend(part.values())
    return False


def _parts(
    schema: Mapping[str, Any], root: Mapping[str, Any]
) -> tuple[tuple[Mapping[str, Any], ...], bool]:
    """Gather the subschemas that apply to the same value: the schema, `$ref`, `allOf`, branches."""
    parts: list[Mapping[str, Any]] = []
    waiting = [schema]
    whole = True
    while waiting and len(parts) < _MAX_PARTS:
        part = waiting.pop()
        if any(part is known for known in parts):
            continue
        parts.append(part)
        for reference in (part.get("$ref"), part.get("$dynamicRef"), part.get("$recursiveRef")):
            if isinstance(reference, str):
                target = _resolve(reference, root)
                whole = whole and target is not None
                waiting.extend([target] if target is not None else [])
        waiting.extend(_branches(part))
    return tuple(parts), whole and not waiting


def _branches(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for keyword in ("allOf", "anyOf", "oneOf"):
        for branch in part.get(keyword) or ():
            if isinstance(branch, Mapping):
                yield branch
    for keyword in ("if", "then", "else"):
        if isinstance(part.get(keyword), Mapping):
            yield part[keyword]
    for keyword in ("dependentSchemas", "dependencies"):
        for branch in (part.get(keyword) or {}).values():
            if isinstance(branch, Mapping):
                yield branch


def _resolve(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Follow a pointer within the document itself; anything else is not ours to read."""
    if not reference.startswith("#"):
        return None
    if reference not in ("#", "#/") and not reference.startswith("#/"):
        return None
    target: Any = root
    for segment in reference[1:].split("/")[1:]:
        key = unquote(segment).replace("~1", "/").replace("~0", "~")
        if isinstance(target, Mapping) and key in target:
            target = target[key]
        elif isinstance(target, list) and key.isdecimal() and int(key) < len(target):
            target = target[int(key)]
        else:
            return None
    return target if isinstance(target, Mapping) else None


def _type_names(schema: Any, root: Mapping[str, Any], hops: int) -> set[str] | None:
    """Return the JSON types a schema allows, None when it does not restrict them."""
    if not isinstance(schema, Mapping) or hops == 0:
        return None
    allowed = _own_type_names(schema)
    together = list(schema.get("allOf") or ())
    if isinstance(reference := schema.get("$ref"), str):
        together.append(_resolve(reference, root))
    for part in together:
        allowed = _both(allowed, _type_names(part, root, hops - 1))
    for keyword in ("anyOf", "oneOf"):
        if branches := schema.get(keyword):
            each = [_type_names(branch, root, hops - 1) for branch in branches]
            known = [names for names in each if names is not None]
            allowed = _both(allowed, set().union(*known) if len(known) == len(each) else None)
    return allowed


def _both(left: set[str] | None, right: set[str] | None) -> set[str] | None:
    if left is None or right is None:
        return right if left is None else left
    if "number" in left and "integer" in right:
        left = left | {"integer"}
    if "number" in right and "integer" in left:
        right = right | {"integer"}
    return left & right


def _own_type_names(schema: Mapping[str, Any]) -> set[str] | None:
    named = schema.get("type")
    if isinstance(named, str):
        return {named}
    if isinstance(named, list):
        return {str(name) for name in named}
    if isinstance(schema.get("enum"), list):
        return {_name_of(value) for value in schema["enum"]}
    if "const" in schema:
        return {_name_of(schema["const"])}
    return None


def _named(names: set[str]) -> Type:
    rest = names - {"null"} or names
    if rest == {"integer", "number"}:
        return DOUBLE
    return _NAMED.get(next(iter(rest)), DYN) if len(rest) == 1 else DYN


def _name_of(value: Any) -> str:
    for python_type, name in _JSON_NAMES:
        if isinstance(value, python_type):
            return name
    return "null"


def _element(parts: tuple[Mapping[str, Any], ...], root: Mapping[str, Any]) -> Type:
    declared = [part["items"] for part in parts if isinstance(part.get("items"), Mapping)]
    if len(declared) != 1 or any(part.get("prefixItems") for part in parts):
        return DYN
    return type_of(declared[0], root)


def _narrowest(found: list[Type]) -> Type:
    """Join what several parts say about one field: all the same kind, or unknown."""
    known = [each for each in found if each.kind is not Kind.DYN]
    private = any(each.private for each in found)
    if not known or any(each.kind is not known[0].kind for each in known):
        return replace(DYN, private=private)
    nullable = any(each.nullable for each in known)
    if len(known) > 1 and known[0].kind is Kind.MAP:
        shapes = [each.shape for each in known if each.shape is not None]
        parts = tuple(part for shape in shapes for part in shape.parts)
        joined = Shape(shapes[0].root, parts, all(s.whole for s in shapes)) if shapes else None
        return replace(known[0], shape=joined, nullable=nullable, private=private)
    return replace(known[0], nullable=nullable, private=private)
