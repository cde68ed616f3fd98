"""Between Confluent's schema objects and our documents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dataquarantine.api.confluent.wire import invalid_schema, invalid_version
from dataquarantine.schemas.compatibility.references import in_one_document
from dataquarantine.schemas.registry import Entry, Registry
from dataquarantine.schemas.reviews import schema_hash

TYPES = {"JSON": "json_schema", "AVRO": "avro"}
#: Fields of a request that are ours to read; whatever else comes is kept and given back.
_READ = frozenset({"schema", "schemaType", "id", "version", "subject", "guid"})


def document_of(subject: str, body: Mapping[str, Any], registry: Registry) -> dict[str, Any]:
    """Make a document without a version of a request; references are copied in.

    Raises: ApiError 42201.
    """
    kind = TYPES.get(str(body.get("schemaType") or "AVRO").upper())
    if kind is None:
        raise invalid_schema(f"schema type {body['schemaType']} is not supported: JSON or AVRO")
    text = body.get("schema")
    if not isinstance(text, str) or not text:
        raise invalid_schema("Empty schema")
    try:
        definition = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise invalid_schema("the schema is not JSON") from exc
    definition = combined(kind, definition, _references(body, registry))
    return {"name": subject, "type": kind, "schema": definition}


def combined(kind: str, definition: Any, references: dict[str, Any]) -> Any:
    """Copy referred schemas, by the names they are referred to, into the one that refers."""
    if kind == "avro":
        return _avro_in_one(definition, references)
    return in_one_document(definition, references) if references else definition


def _references(body: Mapping[str, Any], registry: Registry) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for reference in body.get("references") or ():
        try:
            name, subject = reference["name"], reference["subject"]
            number = int(reference["version"])
        except (KeyError, TypeError, ValueError) as exc:
            raise invalid_schema("a reference needs name, subject and version") from exc
        versions = registry.by_number(subject)
        if not 0 < number <= len(versions):
            raise invalid_schema(
                f"no schema reference found for subject {subject!r} and version {number}"
            )
        found[name] = versions[number - 1].document.definition
    return found


def _avro_in_one(definition: Any, references: Mapping[str, Any]) -> Any:
    """Write each referenced type where it is first named."""
    waiting = {
        f"{d.get('namespace', '')}.{d['name']}".lstrip("."): d
        for d in references.values()
        if isinstance(d, dict) and "name" in d
    }
    return _filled(definition, waiting) if waiting else definition


def _filled(node: Any, waiting: dict[str, Any]) -> Any:
    if isinstance(node, str):
        return waiting.pop(node, node)
    if isinstance(node, list):
        return [_filled(branch, waiting) for branch in node]
    if not isinstance(node, dict):
        return node
    made = dict(node)
    for keyword in ("type", "items", "values"):
        if keyword in made:
            made[keyword] = _filled(made[keyword], waiting)
    if isinstance(made.get("fields"), list):
        made["fields"] = [_filled(part, waiting) for part in made["fields"]]
    return made


def extras_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what we don't read, and the text itself where references were copied in."""
    kept = {key: value for key, value in body.items() if key not in _READ and value is not None}
    if body.get("references"):
        kept["schema"] = body["schema"]
    return kept


def hash_of(document: Mapping[str, Any]) -> str:
    """Hash the schema of a document without a version."""
    return schema_hash(document["type"], document["schema"])


def schema_object(entry: Entry, *, with_subject: bool = True) -> dict[str, Any]:
    """Return a version as Confluent writes it; `schemaType` is left out for Avro."""
    record = entry.record
    extras: dict[str, Any] = dict(record["extras"])
    document = entry.document
    text = extras.pop("schema", None)
    if text is None:
        definition = {} if document.definition is None else document.definition
        text = json.dumps(definition, ensure_ascii=False, separators=(",", ":"))
    found: dict[str, Any] = {"schema": text}
    if document.type != "avro":
        found["schemaType"] = "JSON"
    if with_subject:
        found |= {"subject": entry.name, "version": entry.number, "id": entry.id}
    return extras | found


def parse_version(text: str) -> int | None:
    """Read a version: a number, or `latest` and -1 as None.

    Raises: ApiError 42202.
    """
    if text in ("latest", "-1"):
        return None
    if not text.isdecimal() or not text.isascii() or not 0 < int(text) < 2**31:
        raise invalid_version(text)
    return int(text)
