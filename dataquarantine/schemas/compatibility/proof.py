"""What jsonschema-rs can prove about a pair of schemas, and what it says about single values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jsonschema_rs
from jsonschema_rs import canonical

from dataquarantine.schemas.compatibility.dialect import Root

_SCHEMA_URI = {
    4: "http://json-schema.org/draft-04/schema#",
    6: "http://json-schema.org/draft-06/schema#",
    7: "http://json-schema.org/draft-07/schema#",
    19: "https://json-schema.org/draft/2019-09/schema",
    20: "https://json-schema.org/draft/2020-12/schema",
}
#: The linear-time engine, as the gateway judges by it.
_PATTERNS = jsonschema_rs.RegexOptions()
_LIBRARY_ERRORS = (
    canonical.CanonicalizationError,
    jsonschema_rs.ValidationError,
    jsonschema_rs.ReferencingError,
    ValueError,
)


def standalone(schema: Any, root: Root) -> dict[str, Any] | None:
    """Return a subschema as a document of its own; None when its references would get lost."""
    if root.draft is None:
        return None
    if schema is root.schema and isinstance(schema, Mapping):
        return dict(schema)
    document = {"allOf": [schema]} if isinstance(schema, bool) else dict(schema)
    if not isinstance(root.schema, Mapping):
        return document
    for group in ("definitions", "$defs"):
        if group in root.schema:
            document[group] = root.schema[group]
    text = json.dumps(document)
    if any(mark in text for mark in ('"$dynamicRef"', '"$recursiveRef"', '"$id"', '"id": "')):
        return None
    if not all(
        reference.startswith(("#/definitions/", "#/$defs/")) for reference in _references(document)
    ):
        return None
    document["$schema"] = _SCHEMA_URI[root.draft]
    return document


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [reference for item in node for reference in _references(item)]
    if not isinstance(node, Mapping):
        return []
    found = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return found + [reference for item in node.values() for reference in _references(item)]


def containment(reader: Any, reader_root: Root, writer: Any, writer_root: Root) -> str:
    """Ask whether a reader takes all that a writer takes: `yes`, `no` or `unknown`."""
    new, old = standalone(reader, reader_root), standalone(writer, writer_root)
    if new is None or old is None:
        return "unknown"
    try:
        return str(_canonical(new).covers(_canonical(old)))
    except _LIBRARY_ERRORS:
        return "unknown"


def covers(reader: Any, reader_root: Root, writer: Any, writer_root: Root) -> bool:
    """Tell whether it is proved that a reader takes all that a writer takes."""
    return containment(reader, reader_root, writer, writer_root) == "yes"


def lost_values(reader: Any, writer: Any) -> Any:
    """Return a schema of what the writer takes and the reader refuses, or None if unknown."""
    try:
        lost = _canonical(writer).subtract(_canonical(reader))
        return lost.to_json_schema()
    except _LIBRARY_ERRORS:
        return None


def _canonical(schema: Any) -> jsonschema_rs.CanonicalSchema:
    return jsonschema_rs.canonicalize(
        schema, validate_formats=True, offline=True, pattern_options=_PATTERNS
    )


def validator(schema: Any) -> jsonschema_rs.Validator | None:
    """Compile a schema as the gateway judges by it: formats asserted, nothing fetched."""
    try:
        return jsonschema_rs.validator_for(
            schema, validate_formats=True, offline=True, pattern_options=_PATTERNS
        )
    except _LIBRARY_ERRORS:
        return None


def passing(values: list[Any], schema: Any, root: Root) -> list[bool] | None:
    """Try values on a subschema; None when it can't be compiled alone."""
    document = standalone(schema, root)
    compiled = None if document is None else validator(document)
    return None if compiled is None else [compiled.is_valid(value) for value in values]
