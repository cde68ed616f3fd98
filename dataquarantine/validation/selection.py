"""How a record names its schema; the text is the sender's and never trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dataquarantine.outcomes import Code, ErrorType, Violation
from dataquarantine.records import Header
from dataquarantine.schemas.catalog import UnknownSchema
from dataquarantine.schemas.documents import is_schema_name, is_version

HEADER: Final = "dq-schema"
CONFLUENT_MAGIC: Final = 0
CONFLUENT_PREFIX_BYTES: Final = 5


@dataclass(frozen=True, slots=True)
class Reference:
    """A well-formed reference; version `None` means the latest enforced one."""

    name: str
    version: str | None


@dataclass(frozen=True, slots=True)
class NotSelected:
    """No schema can be looked up for a record; says why."""

    error_type: ErrorType
    violation: Violation


def parse_reference(text: Any, version: Any, source: str) -> Reference | NotSelected:
    """Read `name`, `name@version` or a name with a version beside it.

    Args: source: what to call the place in a message.
    """
    if not isinstance(text, str):
        return _invalid(source, f"must be text, not {_type_name(text)}")
    name, at, inline = text.partition("@")
    if not is_schema_name(name):
        return _invalid(source, "is no schema name")
    if at and not is_version(inline):
        return _invalid(source, "names no SemVer version after the @")
    if version is not None and not (isinstance(version, str) and is_version(version)):
        return _invalid(f"{source}_version", "is no SemVer version")
    if at and version is not None and version != inline:
        return _invalid(source, f"and {source}_version name different versions")
    return Reference(name, inline or version)


def pinned_by_header(headers: Sequence[Header]) -> str | None:
    """Read the `dq-schema` header; it wins over everything the value says."""
    for name, value in headers:
        if name == HEADER and value is not None:
            return value.decode("utf-8", "replace")
    return None


def confluent_id(value: bytes) -> int | NotSelected:
    """Read the schema id of the Confluent wire format: magic 0, then 4 bytes, big-endian."""
    if len(value) < CONFLUENT_PREFIX_BYTES or value[0] != CONFLUENT_MAGIC:
        shown = f"byte {value[0]}" if value else "nothing"
        return NotSelected(
            ErrorType.MALFORMED_PAYLOAD,
            Violation(
                Code.UNKNOWN_FRAMING,
                "payload",
                f"the value starts with {shown}; expected magic byte 0 and a 4-byte schema id",
            ),
        )
    return int.from_bytes(value[1:CONFLUENT_PREFIX_BYTES], "big")


def missing(source: str, *, is_field: bool) -> NotSelected:
    """Say that a record names no schema and the pipeline has no default."""
    message = f"the record names no schema; expected {source} to hold name or name@version"
    return NotSelected(
        ErrorType.SCHEMA_MISSING,
        Violation(Code.SCHEMA_MISSING, "schema", message, field_path=source if is_field else None),
    )


def unknown(schema: UnknownSchema) -> Violation:
    """Say that a schema or its version is not registered."""
    if schema.version and schema.known_versions:
        known = ", ".join(schema.known_versions[-5:])
        return Violation(
            Code.SCHEMA_VERSION_UNKNOWN,
            "schema",
            f"schema {schema.name} has no version {schema.version}; known: {known}",
        )
    return Violation(
        Code.SCHEMA_UNKNOWN, "schema", f"schema {schema.name} is not registered; register it first"
    )


def unknown_id(schema_id: int) -> Violation:
    """Say that nobody registered that id."""
    return Violation(Code.SCHEMA_UNKNOWN, "schema", f"schema id {schema_id} is not registered")


def _invalid(source: str, why: str) -> NotSelected:
    return NotSelected(
        ErrorType.SCHEMA_MISSING,
        Violation(
            Code.SCHEMA_REFERENCE_INVALID,
            "schema",
            f"{source} {why}; expected name or name@version",
        ),
    )


def _type_name(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, dict):
        return "an object"
    return "an array" if isinstance(value, list) else "null"
