"""JSON Schemas of any draft in one shape, so that they can be compared keyword by keyword.

Sources: JSON Schema draft-04, -06, -07, 2019-09 and 2020-12, core and validation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DRAFTS = {"draft-04": 4, "draft-06": 6, "draft-07": 7, "2019-09": 19, "2020-12": 20}
DEFAULT_DRAFT = 20

#: Keywords that never refuse a record.
ANNOTATIONS = frozenset(
    "$schema $id id $comment $anchor $vocabulary title description default examples deprecated "
    "readOnly writeOnly definitions $defs contentSchema".split()
)
#: The first draft that knows a keyword; an older one ignores it.
SINCE = {
    "const": 6,
    "contains": 6,
    "propertyNames": 6,
    "if": 7,
    "then": 7,
    "else": 7,
    "contentEncoding": 7,
    "contentMediaType": 7,
    "dependentRequired": 19,
    "dependentSchemas": 19,
    "minContains": 19,
    "maxContains": 19,
    "unevaluatedProperties": 19,
    "unevaluatedItems": 19,
}
#: Applicators that look at the same value; with one of them, "evaluated" is no local question.
IN_PLACE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "$ref")
#: Keywords whose meaning depends on where a reference is followed from.
DYNAMIC = ("$dynamicRef", "$recursiveRef", "$dynamicAnchor", "$recursiveAnchor")
UNRESOLVED = "unresolvedReference"

#: JSON types split so that they never overlap. Draft 4 says 1.0 is no integer; later drafts do.
ATOMS = ("null", "boolean", "integer", "integral float", "fraction", "string", "array", "object")
NUMBERS = frozenset({"integer", "integral float", "fraction"})


Shape = dict[str, Any]


@dataclass(frozen=True)
class Root:
    """A whole schema document and its draft (`None`: a dialect nobody here knows)."""

    schema: Any
    draft: int | None
    text: str

    @classmethod
    def of(cls, schema: Any) -> Root:
        uri = schema.get("$schema", "") if isinstance(schema, Mapping) else ""
        if not uri:
            return cls(schema, DEFAULT_DRAFT, value_key(schema))
        draft = next((n for name, n in DRAFTS.items() if name in uri), None)
        return cls(schema, draft, value_key(schema))


def resolve_pointer(document: Any, reference: str) -> Any:
    """Follow a local reference (`#/...`).

    Raises: KeyError when it leads nowhere or out of the document.
    """
    if reference == "#":
        return document
    if not reference.startswith("#/"):
        raise KeyError(reference)
    found = document
    for token in reference[2:].split("/"):
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        elif isinstance(found, Mapping) and name in found:
            found = found[name]
        else:
            raise KeyError(reference)
    return found


def escape(name: str) -> str:
    """Write a property name as a JSON Pointer token."""
    return name.replace("~", "~0").replace("/", "~1")


def value_key(value: Any) -> str:
    """Return a text equal for values that JSON Schema holds equal (1 and 1.0; not 1 and true)."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=True)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value


def normalise(schema: Any, root: Root) -> Shape | bool:
    """Return a schema object with one spelling per assertion; references at the top resolved."""
    schema = _without_references(schema, root)
    if isinstance(schema, bool):
        return schema
    draft = root.draft or DEFAULT_DRAFT
    shape = {
        keyword: value
        for keyword, value in schema.items()
        if keyword not in ANNOTATIONS
        and not keyword.startswith("x-")
        and SINCE.get(keyword, 0) <= draft
    }
    if "if" not in shape:
        shape.pop("then", None)
        shape.pop("else", None)
    if "contains" in shape:
        shape.setdefault("minContains", 1)
    _one_enum(shape)
    _numeric_exclusive_bounds(shape, root.draft)
    _prefix_items(shape, root.draft)
    _dependents(shape)
    _local_unevaluated(shape)
    return merge_all_of(shape, root)


def _without_references(schema: Any, root: Root) -> Shape | bool:
    """Resolve `$ref`; before 2019-09 its siblings are ignored, since then they also apply."""
    seen: set[str] = set()
    while isinstance(schema, Mapping) and "$ref" in schema:
        reference = schema["$ref"]
        siblings = {k: v for k, v in schema.items() if k != "$ref" and k not in ANNOTATIONS}
        try:
            target = resolve_pointer(root.schema, reference)
        except KeyError:
            return {**siblings, UNRESOLVED: reference}
        if reference in seen:
            return {UNRESOLVED: reference}
        seen.add(reference)
        if siblings and (root.draft or 0) >= 19:
            return {**siblings, "allOf": [*siblings.get("allOf", []), {"$ref": reference}]}
        schema = target
    return schema if isinstance(schema, bool) else dict(schema)


def _one_enum(shape: Shape) -> None:
    if "const" in shape:
        const = shape.pop("const")
        allowed = shape.get("enum", [const])
        shape["enum"] = [v for v in allowed if value_key(v) == value_key(const)]


def _numeric_exclusive_bounds(shape: Shape, draft: int | None) -> None:
    for plain, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if draft == 4 and isinstance(shape.get(exclusive), bool):
            if shape.pop(exclusive) and plain in shape:
                shape[exclusive] = shape.pop(plain)


def _prefix_items(shape: Shape, draft: int | None) -> None:
    if draft == 20:
        return
    shape.pop("prefixItems", None)
    rest = shape.pop("additionalItems", None)
    if isinstance(shape.get("items"), list):
        shape["prefixItems"] = shape.pop("items")
        if rest is not None:
            shape["items"] = rest


def _dependents(shape: Shape) -> None:
    for name, needs in shape.pop("dependencies", {}).items():
        group = "dependentRequired" if isinstance(needs, list) else "dependentSchemas"
        shape[group] = {**shape.get(group, {}), name: needs}


def _local_unevaluated(shape: Shape) -> None:
    """Without in-place applicators, "unevaluated" means "additional" when that is absent."""
    if any(keyword in shape for keyword in IN_PLACE):
        return
    if "unevaluatedProperties" in shape:
        unevaluated = shape.pop("unevaluatedProperties")
        shape.setdefault("additionalProperties", unevaluated)
    if "unevaluatedItems" in shape and "contains" not in shape:
        unevaluated = shape.pop("unevaluatedItems")
        shape.setdefault("items", unevaluated)


_MERGEABLE = frozenset({"type", "required", "properties"})
#: Keywords that change each other's meaning when they stand in one object.
_ARRAYS = frozenset("items prefixItems contains minContains maxContains unevaluatedItems".split())
_CLOSING = ("additionalProperties", "patternProperties", "unevaluatedProperties")


def merge_all_of(shape: Shape, root: Root) -> Shape | bool:
    """Fold `allOf` branches into one object where that changes nothing; keep the others."""
    branches = shape.pop("allOf", None)
    if branches is None:
        return shape
    kept: list[Any] = []
    merged = dict(shape)
    for branch in branches:
        part = normalise(branch, root)
        if part is False:
            return False
        if part is True:
            continue
        if not isinstance(part, dict) or not merge(merged, part):
            kept.append(branch)
    if kept:
        merged["allOf"] = kept
    return merged


def merge(into: Shape, part: Shape) -> bool:
    """Add a normalised schema's keywords to another's; False when one object can't say both."""
    if any(keyword in schema for schema in (into, part) for keyword in _CLOSING):
        return False
    if set(into) & _ARRAYS and set(part) & _ARRAYS:
        return False
    if "allOf" in part or set(into) & set(part) - _MERGEABLE:
        return False
    if "type" in into and "type" in part and as_list(into["type"]) != as_list(part["type"]):
        return False
    properties = {**into.get("properties", {})}
    for name, schema in part.get("properties", {}).items():
        properties[name] = {"allOf": [properties[name], schema]} if name in properties else schema
    required = [*into.get("required", []), *part.get("required", [])]
    into.update(part)
    if properties:
        into["properties"] = properties
    if required:
        into["required"] = sorted(set(required))
    return True


def as_list(value: Any) -> list[Any]:
    """Return a keyword that may be one value or several as several."""
    return value if isinstance(value, list) else [value]


def atoms(shape: Mapping[str, Any], draft: int | None) -> frozenset[str]:
    """Return the kinds of value that `type` admits."""
    if "type" not in shape:
        return frozenset(ATOMS)
    names: set[str] = set()
    for name in as_list(shape["type"]):
        if name == "number":
            names |= NUMBERS
        elif name == "integer":
            names |= {"integer"} if draft == 4 else {"integer", "integral float"}
        else:
            names.add(name)
    return frozenset(names)


def declared_names(schema: Any, root: Root, depth: int = 0) -> Iterator[str]:
    """Yield every property name that a schema, or a branch of it, speaks of at its top level."""
    shape = _without_references(schema, root)
    if isinstance(shape, bool) or depth > 32:
        return
    yield from shape.get("properties", {})
    yield from shape.get("required", ())
    for keyword in ("allOf", "anyOf", "oneOf"):
        for branch in shape.get(keyword, ()):
            yield from declared_names(branch, root, depth + 1)
    for keyword in ("if", "then", "else", "not"):
        if keyword in shape:
            yield from declared_names(shape[keyword], root, depth + 1)
    for group in ("dependentSchemas", "dependentRequired", "dependencies"):
        for name, branch in shape.get(group, {}).items():
            yield name
            if not isinstance(branch, list):
                yield from declared_names(branch, root, depth + 1)
