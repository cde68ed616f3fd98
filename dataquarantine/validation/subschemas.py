"""Walking a JSON Schema by its keywords, so that data inside `enum` is never taken for schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

#: Keywords whose value is a schema.
ONE: Final = frozenset(
    (
        "additionalItems",
        "additionalProperties",
        "contains",
        "contentSchema",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    )
)
#: Keywords whose value is a list of schemas.
MANY: Final = frozenset(("allOf", "anyOf", "items", "oneOf", "prefixItems"))
#: Keywords whose value maps names to schemas.
NAMED: Final = frozenset(
    (
        "$defs",
        "definitions",
        "dependencies",
        "dependentSchemas",
        "patternProperties",
        "properties",
    )
)
#: Keywords whose schemas judge the same value as the schema they stand in.
IN_PLACE: Final = ("allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas")

Pointer = tuple[str | int, ...]


class Subschema(NamedTuple):
    """A schema inside a schema and its place."""

    pointer: Pointer
    schema: Any


def children(schema: Any) -> Iterator[Subschema]:
    """Yield the schemas directly inside a schema."""
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        if keyword in NAMED and isinstance(value, dict):
            for name, child in value.items():
                if isinstance(child, (dict, bool)):
                    yield Subschema((keyword, name), child)
        elif keyword in MANY and isinstance(value, list):
            for index, child in enumerate(value):
                yield Subschema((keyword, index), child)
        elif keyword in ONE and isinstance(value, (dict, bool)):
            yield Subschema((keyword,), value)


def walk(definition: Any) -> Iterator[Subschema]:
    """Yield a schema and all schemas inside it; stops at no depth, recurses into none."""
    waiting = [Subschema((), definition)]
    while waiting:
        at = waiting.pop()
        yield at
        waiting.extend(
            Subschema(at.pointer + child.pointer, child.schema) for child in children(at.schema)
        )


def pointer_text(parts: Sequence[str | int]) -> str:
    """Write a JSON Pointer. Source: RFC 6901, section 3 and 4."""
    return "".join([f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts])


def resolve_local(root: Any, reference: str) -> Any:
    """Follow `#` and `#/a/b` inside one document; None when it leads elsewhere or nowhere."""
    if reference == "#":
        return root
    if not reference.startswith("#/"):
        return None
    at = root
    for part in reference[2:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(at, dict) and key in at:
            at = at[key]
        elif isinstance(at, list) and key.isdecimal() and int(key) < len(at):
            at = at[int(key)]
        else:
            return None
    return at


def refers_outside(definition: Any) -> bool:
    """Tell whether a schema depends on another one."""
    return any(
        isinstance(schema, dict) and not str(schema.get(keyword, "#")).startswith("#")
        for _, schema in walk(definition)
        for keyword in ("$ref", "$dynamicRef")
    )


def same_value(root: Any, schema: Any) -> Iterator[dict[str, Any]]:
    """Yield a schema and every schema that judges the same value beside it (`allOf`, `$ref`...)."""
    waiting, seen = [schema], set[int]()
    while waiting:
        at = waiting.pop()
        if not isinstance(at, dict) or id(at) in seen:
            continue
        seen.add(id(at))
        yield at
        waiting.extend(c.schema for c in children(at) if c.pointer[0] in IN_PLACE)
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            if isinstance(at.get(keyword), str):
                waiting.append(resolve_local(root, at[keyword]))


def named_properties(definition: Any) -> frozenset[str]:
    """Name the properties a schema speaks of, at any depth."""
    names: set[str] = set()
    for _, schema in walk(definition):
        if not isinstance(schema, dict):
            continue
        for keyword in ("properties", "dependencies", "dependentRequired", "dependentSchemas"):
            named = schema.get(keyword)
            for name, value in named.items() if isinstance(named, dict) else ():
                names.add(name)
                names.update(value if isinstance(value, list) else ())
        required = schema.get("required")
        names.update(required if isinstance(required, list) else ())
    return frozenset(names)


def declared_properties(definition: Any) -> frozenset[str]:
    """Name the top-level properties a schema speaks of."""
    names: set[str] = set()
    for schema in same_value(definition, definition):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            names.update(properties)
        required = schema.get("required")
        if isinstance(required, list):
            names.update(name for name in required if isinstance(name, str))
    return frozenset(names)
