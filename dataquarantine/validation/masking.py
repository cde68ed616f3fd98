"""Hiding what a schema marks as personal: `x-pii: mask | hash | drop`."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import msgspec

from dataquarantine.validation.subschemas import children, resolve_local, same_value, walk

Action = Literal["mask", "hash", "drop"]

KEYWORD: Final = "x-pii"
_STRENGTH: Final[dict[str, int]] = {"mask": 1, "hash": 2, "drop": 3}
_DROPPED: Final = object()
_RUN: Final = re.compile(r"\w+")


def marks_personal_data(definition: Any) -> bool:
    """Tell whether a schema marks anything, so that the rest can be skipped."""
    return any(isinstance(at.schema, dict) and KEYWORD in at.schema for at in walk(definition))


def mark_at(definition: Any, path: Sequence[str | int]) -> Action | None:
    """Tell how the value at a path, or one that holds it, is to be hidden."""
    for length in range(len(path) + 1):
        if action := _action(_judging(definition, path[:length]), definition):
            return action
    return None


def is_masked(definition: Any, path: Sequence[str | int]) -> bool:
    """Tell whether the value at a path, or one that holds it, is to be hidden."""
    return mark_at(definition, path) is not None


def holds_marks(definition: Any, path: Sequence[str | int]) -> bool:
    """Tell whether a path, or anything below it, is marked: a stray value there may be personal."""
    waiting = list(_judging(definition, path))
    seen: set[int] = set()
    while waiting:
        for schema in same_value(definition, waiting.pop()):
            if KEYWORD in schema:
                return True
            if id(schema) not in seen:
                seen.add(id(schema))
                waiting.extend(child.schema for child in children(schema))
    return False


def mask_document(document: Any, definition: Any, *, key: bytes | None = None) -> Any:
    """Return a copy with every marked value hidden; shape and unmarked values stay.

    Args: definition: in one document; what lies behind a `$ref` that leads elsewhere is masked.
        key: of the HMAC for `hash`; without one, `hash` hides like `mask`.
    """
    if not marks_personal_data(definition):
        return document
    masked = _hide(document, [definition], definition, key)
    return None if masked is _DROPPED else masked


def mask_value(value: Any) -> Any:
    """Keep the shape, hide the content: `a@b.c` -> `x@x.x`, numbers -> 0."""
    if isinstance(value, str):
        return _RUN.sub(lambda run: "x" * min(len(run[0]), 8), value)
    if isinstance(value, dict):
        return {name: mask_value(item) for name, item in value.items()}
    if isinstance(value, list):
        return [mask_value(item) for item in value]
    return value if value is None else 0


def hash_value(value: Any, key: bytes) -> str:
    """Give equal values equal, irreversible names."""
    content = msgspec.json.encode(value, order="deterministic")
    return f"hmac:{hmac.new(key, content, hashlib.sha256).hexdigest()[:32]}"


def _judging(definition: Any, path: Sequence[str | int]) -> list[dict[str, Any]]:
    """Collect the schemas that judge the value at a path."""
    judging = list(same_value(definition, definition))
    for part in path:
        below = [child for schema in judging for child in _children(schema, part)]
        judging = [found for schema in below for found in same_value(definition, schema)]
    return judging


def _hide(value: Any, schemas: Sequence[Any], root: Any, key: bytes | None) -> Any:
    judging = [found for schema in schemas for found in same_value(root, schema)]
    action = _action(judging, root)
    if action == "drop":
        return _DROPPED
    if action:
        return hash_value(value, key) if action == "hash" and key else mask_value(value)
    if not judging or not isinstance(value, (dict, list)):
        return value
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    hidden = [
        (part, _hide(item, [c for s in judging for c in _children(s, part)], root, key))
        for part, item in pairs
    ]
    kept = [(part, item) for part, item in hidden if item is not _DROPPED]
    return dict(kept) if isinstance(value, dict) else [item for _, item in kept]


def _action(schemas: Sequence[dict[str, Any]], root: Any) -> Action | None:
    """Pick the strongest mark; an unknown word hides too, rather than show what was meant."""
    marks = [schema[KEYWORD] for schema in schemas if KEYWORD in schema]
    if not marks:
        return "mask" if any(_leads_away(schema, root) for schema in schemas) else None
    strongest = max(marks, key=lambda mark: _STRENGTH.get(str(mark), 1))
    return strongest if strongest in ("hash", "drop") else "mask"


def _leads_away(schema: dict[str, Any], root: Any) -> bool:
    """Tell whether a reference can't be followed here; what stands there may be marked."""
    references = [schema.get(keyword) for keyword in ("$ref", "$dynamicRef")]
    return any(isinstance(at, str) and resolve_local(root, at) is None for at in references)


def _children(schema: dict[str, Any], part: str | int) -> Iterator[Any]:
    """Yield the schemas that judge one property or item."""
    if isinstance(part, int):
        yield from _item_schemas(schema, part)
        return
    properties = schema.get("properties")
    declared = isinstance(properties, dict) and part in properties
    if declared:
        yield schema["properties"][part]
    patterns = schema.get("patternProperties")
    if isinstance(patterns, dict):
        # Which patterns match is not asked: hiding too much is the safe side.
        yield from patterns.values()
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        if keyword in schema and not declared:
            yield schema[keyword]


def _item_schemas(schema: dict[str, Any], index: int) -> Iterator[Any]:
    for keyword in ("items", "prefixItems"):
        value = schema.get(keyword)
        if isinstance(value, list):
            if index < len(value):
                yield value[index]
        elif value is not None:
            yield value
    for keyword in ("additionalItems", "contains", "unevaluatedItems"):
        if keyword in schema:
            yield schema[keyword]
