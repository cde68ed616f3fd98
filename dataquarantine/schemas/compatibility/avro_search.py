"""Look for an Avro record that the writer can write and the reader can't read."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from typing import Any

import fastavro

from dataquarantine.errors import InvalidSchema
from dataquarantine.schemas.compatibility.avro_types import AvroNames, Type, read_type
from dataquarantine.schemas.compatibility.report import NO_EXAMPLE
from dataquarantine.validation.avro import NotDecodable, parse_avro
from dataquarantine.validation.avro.errors import Unresolvable
from dataquarantine.validation.avro.primitives import Read

MAX_VALUES = 24
_PLAIN: dict[str, tuple[Any, ...]] = {
    "null": (None,),
    "boolean": (True, False),
    "int": (1, -1, 2**31 - 1, -(2**31)),
    "long": (1, -1, 2**40, 2**63 - 1, -(2**63)),
    "float": (1.5, -1.0, 3e38),
    "double": (1.5, -1.0, 1e300),
    "bytes": (b"a", b"", b"\xff\xfe", b"\x7f" * 16),
    "string": ("a", "", "é"),
}
#: Values that a logical type accepts, so that a record has a sound base to vary.
_LOGICAL: dict[str, tuple[Any, ...]] = {
    "uuid": ("7f1b3d0c-6a2e-4c0f-9b1e-2d3c4b5a6978",),
    "decimal": (b"\x01",),
}


def counter_example(reader: Any, writer: Any, examples: Iterable[Any] = ()) -> tuple[Any, str]:
    """Return a record that the gateway reads by the writer's schema and not by the reader's."""
    try:
        new, old = parse_avro(reader), parse_avro(writer)
    except InvalidSchema:
        return NO_EXAMPLE, ""
    try:
        read = new.reader_of(old)
    except Unresolvable as exc:
        read, unresolvable = None, str(exc)
    names = AvroNames.of(writer)
    encode = fastavro.parse_schema(_plain(writer))
    for value in [*examples, *_values(read_type(writer, "", names), names, 0)]:
        data = _encoded(value, encode)
        if data is None or _problem(old.read, data) is not None:
            continue
        problem = unresolvable if read is None else _problem(read, data)
        if problem is not None:
            return printable(value), problem
    return NO_EXAMPLE, ""


def _encoded(value: Any, schema: Any) -> bytes | None:
    data = io.BytesIO()
    try:
        fastavro.schemaless_writer(data, schema, value)
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError):
        return None  # an example in JSON form that Avro's types don't hold
    return data.getvalue()


def _problem(read: Read, data: bytes) -> str | None:
    try:
        read(data, 0, 0)
    except NotDecodable as exc:
        return str(exc)
    return None


def printable(value: Any) -> Any:
    """Write bytes as JSON can show them."""
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: printable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [printable(item) for item in value]
    return value


def _plain(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_plain(branch) for branch in schema]
    if isinstance(schema, dict):
        return {
            key: part if key == "default" else _plain(part)
            for key, part in schema.items()
            if key != "logicalType"
        }
    return schema


def _values(kind: Type, names: AvroNames, depth: int) -> list[Any]:
    """Return values of a type that vary one part at a time."""
    if depth > 6:
        return []
    if kind.kind in _PLAIN:
        return [*_LOGICAL.get(kind.logical or "", ()), *_PLAIN[kind.kind]]
    if kind.kind == "enum":
        return list(kind.schema["symbols"])
    if kind.kind == "fixed":
        size = kind.schema["size"]
        return [bytes(size), b"\xff" * size]
    if kind.kind == "union":
        branches = [read_type(b, kind.namespace, names) for b in kind.schema["branches"]]
        return [v for b in branches for v in _values(b, names, depth + 1)][:MAX_VALUES]
    if kind.kind == "record":
        return _records(kind, names, depth)
    part = "items" if kind.kind == "array" else "values"
    inner = _values(read_type(kind.schema[part], kind.namespace, names), names, depth + 1)
    if kind.kind == "array":
        return [[], *([value] for value in inner)]
    return [{}, *({"a": value} for value in inner)]


def _records(kind: Type, names: AvroNames, depth: int) -> list[Any]:
    choices = {
        part["name"]: _values(read_type(part["type"], kind.namespace, names), names, depth + 1)
        for part in kind.schema["fields"]
    }
    if any(not values for values in choices.values()):
        return []
    base = {name: values[0] for name, values in choices.items()}
    found = [base]
    for name, values in choices.items():
        found += [{**base, name: value} for value in values[1:]]
    return found if depth == 0 else found[:MAX_VALUES]
