"""The reader against other implementations, and against any bytes at all."""

import io
import json
import math
from collections.abc import Sequence
from typing import Any

import avro.errors
import avro.io
import avro.schema
import fastavro
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from hypothesis import assume, given
from hypothesis import strategies as st

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.avro import AvroDecoder, NotDecodable, parse_avro, to_json

PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"]
#: Of a union's branches that a value could be promoted to, fastavro takes the first, not the alike.
UNLIKE = ["null", "boolean", "long", "string"]
NAMES = ["a", "b", "c"]


@st.composite
def schemas(draw: st.DrawFn, depth: int = 3, members: Sequence[str] = PRIMITIVES) -> Any:
    """Draw a schema; its named types have numbers."""
    kind = draw(st.sampled_from(["primitive", "array", "map", "record", "enum", "fixed", "union"]))
    if depth == 0 or kind == "primitive":
        return draw(st.sampled_from(PRIMITIVES))
    inner = schemas(depth - 1, members)
    name = f"N{draw(st.integers(0, 10**6))}"
    if kind == "array":
        return {"type": "array", "items": draw(inner)}
    if kind == "map":
        return {"type": "map", "values": draw(inner)}
    if kind == "enum":
        return {"type": "enum", "name": name, "symbols": ["X", "Y", "Z"]}
    if kind == "fixed":
        return {"type": "fixed", "name": name, "size": draw(st.integers(1, 4))}
    if kind == "union":
        return draw(st.lists(st.sampled_from(members), min_size=1, max_size=3, unique=True))
    fields = [{"name": name, "type": draw(inner)} for name in NAMES[: draw(st.integers(1, 3))]]
    return {"type": "record", "name": name, "fields": fields}


def values(schema: Any) -> st.SearchStrategy[Any]:
    """Draw a value of a schema."""
    if isinstance(schema, list):
        return st.sampled_from(schema).flatmap(values)
    kind = schema if isinstance(schema, str) else schema["type"]
    match kind:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "int":
            return st.integers(-(2**31), 2**31 - 1)
        case "long":
            return st.integers(-(2**63), 2**63 - 1)
        case "float":
            return st.floats(width=32, allow_nan=False)
        case "double":
            return st.floats(allow_nan=False)
        case "bytes":
            return st.binary(max_size=8)
        case "string":
            return st.text(st.characters(codec="utf-8"), max_size=8)
        case "array":
            return st.lists(values(schema["items"]), max_size=3)
        case "map":
            keys = st.text(st.characters(codec="utf-8"), max_size=3)
            return st.dictionaries(keys, values(schema["values"]), max_size=3)
        case "enum":
            return st.sampled_from(schema["symbols"])
        case "fixed":
            return st.binary(min_size=schema["size"], max_size=schema["size"])
    return st.fixed_dictionaries({f["name"]: values(f["type"]) for f in schema["fields"]})


def decoder_of(definition: Any) -> AvroDecoder:
    try:
        return AvroDecoder(parse_avro(definition))
    except InvalidSchema:  # a name was drawn twice, or the items of an array take no bytes
        assume(False)
        raise


def written(definition: Any, value: Any) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(definition), value)
    return out.getvalue()


@given(st.data())
def test_what_fastavro_writes_is_read(data: st.DataObject) -> None:
    definition = data.draw(schemas())
    decoder = decoder_of(definition)
    value = data.draw(values(definition))
    encoded = written(definition, value)

    expected = fastavro.schemaless_reader(
        io.BytesIO(encoded), fastavro.parse_schema(definition), None
    )

    assert decoder.decode(encoded) == expected


@given(st.data())
def test_what_apache_avro_writes_is_read(data: st.DataObject) -> None:
    definition = data.draw(schemas())
    decoder = decoder_of(definition)
    value = data.draw(values(definition))
    out = io.BytesIO()
    schema = avro.schema.parse(json.dumps(definition))
    try:
        avro.io.DatumWriter(schema).write(value, avro.io.BinaryEncoder(out))
    except (avro.errors.AvroException, OverflowError):  # it takes no infinite float, for one
        assume(False)

    reader = avro.io.DatumReader(schema)
    expected = reader.read(avro.io.BinaryDecoder(io.BytesIO(out.getvalue())))

    assert decoder.decode(out.getvalue()) == expected


@given(st.data())
def test_any_bytes_are_read_or_refused(data: st.DataObject) -> None:
    definition = data.draw(schemas())
    decoder = decoder_of(definition)
    encoded = bytearray(written(definition, data.draw(values(definition))))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(encoded)))
        encoded[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))

    try:
        document = decoder.decode(bytes(encoded))
    except NotDecodable as refused:
        assert refused.message
    else:
        assert to_json(document)


@given(st.data())
def test_resolution_agrees_with_fastavro(data: st.DataObject) -> None:
    writer = data.draw(schemas(2, UNLIKE))
    reader = data.draw(changed(writer))
    writing, reading = decoder_of(writer), decoder_of(reader)
    value = data.draw(values(writer))
    encoded = written(writer, value)

    try:
        document = reading.decode(encoded, writer=writing.schema)
    except NotDecodable:
        if never_resolves(writer, reader):  # fastavro finds out only where there is a value
            return
        with pytest.raises((fastavro.read.SchemaResolutionError, UnicodeDecodeError)):
            fastavro_resolves(encoded, writer, reader)
    else:
        assert same(document, fastavro_resolves(encoded, writer, reader))


def fastavro_resolves(encoded: bytes, writer: Any, reader: Any) -> Any:
    return fastavro.schemaless_reader(
        io.BytesIO(encoded), fastavro.parse_schema(writer), fastavro.parse_schema(reader)
    )


def never_resolves(writer: Any, reader: Any) -> bool:
    parsed = [avro.schema.parse(json.dumps(schema)) for schema in (writer, reader)]
    result = ReaderWriterCompatibilityChecker().get_compatibility(parsed[1], parsed[0])
    return bool(result.compatibility is SchemaCompatibilityType.incompatible)


@st.composite
def changed(draw: st.DrawFn, schema: Any) -> Any:
    """Change a schema here and there, as a later version would."""
    if isinstance(schema, list):
        return schema if draw(st.booleans()) else [*schema[1:], schema[0]]
    if isinstance(schema, str):
        return draw(st.sampled_from([schema, schema, "double", "string", "long"]))
    kind = schema["type"]
    if kind == "array":
        return {**schema, "items": draw(changed(schema["items"]))}
    if kind == "map":
        return {**schema, "values": draw(changed(schema["values"]))}
    if kind != "record":
        return schema
    fields = [{**field, "type": draw(changed(field["type"]))} for field in schema["fields"]]
    if draw(st.booleans()):
        fields.pop()
    if draw(st.booleans()):
        fields.insert(0, {"name": "z", "type": "int", "default": 5})
    return {**schema, "fields": fields}


def same(ours: Any, theirs: Any) -> bool:
    """Compare values; types count, 1 is not 1.0."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, float) and isinstance(theirs, float) and math.isnan(ours):
        return math.isnan(theirs)
    return type(ours) is type(theirs) and bool(ours == theirs)
