import io
from typing import Any

import fastavro
import pytest

from dataquarantine.outcomes import Code
from dataquarantine.validation.avro import (
    AvroDecoder,
    AvroSchema,
    NotDecodable,
    parse_avro,
    to_json,
)

ORDER = {
    "type": "record",
    "name": "Order",
    "namespace": "shop",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "amount", "type": ["null", "double"], "default": None},
        {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["NEW", "PAID"]}},
        {
            "name": "items",
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "Item",
                    "fields": [
                        {"name": "sku", "type": "string"},
                        {"name": "count", "type": "int"},
                    ],
                },
            },
        },
        {"name": "labels", "type": {"type": "map", "values": "long"}},
    ],
}
DOCUMENT = {
    "id": "o-1",
    "amount": 12.5,
    "state": "PAID",
    "items": [{"sku": "a", "count": 1}, {"sku": "b", "count": -70000}],
    "labels": {"x": 2**40, "y": -1},
}
LINKED = {
    "type": "record",
    "name": "Node",
    "fields": [{"name": "next", "type": ["null", "Node"]}],
}


def encoded(definition: Any, document: Any) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(definition), document)
    return out.getvalue()


def decoder(definition: Any) -> AvroDecoder:
    return AvroDecoder(parse_avro(definition))


def no_writer(reference: int | bytes) -> None:
    return None


def test_bare_value_is_read() -> None:
    assert decoder(ORDER).decode(encoded(ORDER, DOCUMENT)) == DOCUMENT


def test_every_cut_is_refused_with_a_place() -> None:
    value = encoded(ORDER, DOCUMENT)

    for size in range(len(value)):
        with pytest.raises(NotDecodable) as refused:
            decoder(ORDER).decode(value[:size])
        assert refused.value.code is Code.NOT_AVRO
        assert refused.value.field_path


@pytest.mark.parametrize(
    ("definition", "value", "code", "path"),
    [
        pytest.param("long", b"\x02\x00", Code.NOT_AVRO, None, id="left-over"),
        pytest.param("boolean", b"\x02", Code.NOT_AVRO, None, id="boolean-2"),
        pytest.param("int", encoded("long", 2**31), Code.NOT_AVRO, None, id="int-33-bits"),
        pytest.param("int", b"\x80" * 5 + b"\x00", Code.NOT_AVRO, None, id="int-6-bytes"),
        pytest.param("long", b"\x80" * 10 + b"\x00", Code.NOT_AVRO, None, id="long-11-bytes"),
        pytest.param("long", b"\xff" * 9 + b"\x02", Code.NOT_AVRO, None, id="long-65-bits"),
        pytest.param("bytes", encoded("long", -1), Code.NOT_AVRO, None, id="negative-length"),
        pytest.param("string", encoded("long", 2**62), Code.NOT_AVRO, None, id="huge-length"),
        pytest.param("string", b"\x04\xff\xfe", Code.INVALID_ENCODING, None, id="not-utf-8"),
        pytest.param(["null", "int"], b"\x01\x02", Code.NOT_AVRO, None, id="branch-minus-1"),
        pytest.param(["null", "int"], b"\x04\x02", Code.NOT_AVRO, None, id="branch-2"),
        pytest.param(ORDER, b"\x00\x00\x04", Code.NOT_AVRO, "state", id="symbol-2"),
        pytest.param(ORDER, b"\x00\x00\x01", Code.NOT_AVRO, "state", id="symbol-minus-1"),
        pytest.param(
            ORDER, b"\x00\x00\x00\x04\x02a\x02\x02b\x80", Code.NOT_AVRO, "items[1].count", id="deep"
        ),
        pytest.param(
            {"type": "array", "items": "int"}, encoded("long", 2**50) + b"\x02", Code.NOT_AVRO,
            "[0]", id="array-of-2-to-the-50",
        ),
        pytest.param(
            {"type": "array", "items": "int"}, encoded("long", -(2**63)) + b"\x02\x02",
            Code.NOT_AVRO, "[0]", id="smallest-count",
        ),
        pytest.param(
            {"type": "array", "items": "int"}, b"\x03\x06\x02\x02\x00", Code.NOT_AVRO, "[2]",
            id="block-of-another-size",
        ),
        pytest.param(LINKED, b"\x02" * 1_000_000 + b"\x00", Code.NESTED_TOO_DEEP,
            ".".join(["next"] * 101), id="a-million-nested"),
        pytest.param("string", b"", Code.NOT_AVRO, None, id="empty"),
    ],
)  # fmt: skip
def test_bad_bytes_are_refused(definition: Any, value: bytes, code: Code, path: str | None) -> None:
    with pytest.raises(NotDecodable) as refused:
        decoder(definition).decode(value)

    assert (refused.value.code, refused.value.field_path) == (code, path)


def test_deepest_value_is_read_and_shown_from_a_deep_stack() -> None:
    """Each level of the data takes an array, a union and a reference to the record."""
    items = {"type": "array", "items": ["null", "Deep"]}
    deep = {"type": "record", "name": "Deep", "fields": [{"name": "a", "type": items}]}
    value = b"\x02\x02" * 50 + b"\x00" * 51

    def at_depth(frames: int) -> bytes:
        return at_depth(frames - 1) if frames else to_json(decoder(deep).decode(value))

    assert at_depth(300).count(b"a") == 51


def test_blocks_with_a_size_are_read() -> None:
    assert decoder({"type": "array", "items": "int"}).decode(b"\x03\x04\x02\x04\x02\x06\x00") == [
        1,
        2,
        3,
    ]


class Registry:
    """Schemas by id and fingerprint."""

    def __init__(self, **by_id: Any) -> None:
        self.schemas: dict[int | bytes, AvroSchema] = {}
        for number, definition in by_id.items():
            schema = parse_avro(definition)
            self.schemas[int(number.removeprefix("id"))] = schema
            self.schemas[schema.fingerprint] = schema


OLD = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}
NEW = {
    "type": "record",
    "name": "R",
    "fields": [
        {"name": "a", "type": "double"},
        {"name": "b", "type": {"type": "array", "items": "string"}, "default": ["x"]},
    ],
}


def test_confluent_value_is_read_by_its_writers_schema() -> None:
    registry = Registry(id7=OLD, id8=NEW)
    reading = AvroDecoder(registry.schemas[8])

    document = reading.decode_framed(b"\x00\x00\x00\x00\x07\x06", registry.schemas.get)

    assert document == {"a": 3.0, "b": ["x"]}


def test_documents_do_not_share_a_default() -> None:
    registry = Registry(id7=OLD, id8=NEW)
    reading = AvroDecoder(registry.schemas[8])
    reading.decode_framed(b"\x00\x00\x00\x00\x07\x06", registry.schemas.get)["b"].append("changed")

    assert reading.decode_framed(b"\x00\x00\x00\x00\x07\x06", registry.schemas.get)["b"] == ["x"]


def test_single_object_value_is_read_by_its_fingerprint() -> None:
    registry = Registry(id7=OLD, id8=NEW)
    reading = AvroDecoder(registry.schemas[8])
    framed = b"\xc3\x01" + registry.schemas[7].fingerprint + b"\x06"

    assert reading.decode_framed(framed, registry.schemas.get) == {"a": 3.0, "b": ["x"]}


def test_own_fingerprint_needs_no_lookup() -> None:
    schema = parse_avro(OLD)

    framed = b"\xc3\x01" + schema.fingerprint + b"\x06"

    assert AvroDecoder(schema).decode_framed(framed, no_writer) == {"a": 3}


@pytest.mark.parametrize(
    ("value", "code"),
    [
        pytest.param(b"\x00\x00\x00\x00\x63\x06", Code.SCHEMA_UNKNOWN, id="unknown-id"),
        pytest.param(b"\xc3\x01" + b"\x63" * 8, Code.SCHEMA_UNKNOWN, id="unknown-fingerprint"),
        pytest.param(b"\x06", Code.UNKNOWN_FRAMING, id="no-header"),
        pytest.param(b"", Code.UNKNOWN_FRAMING, id="empty"),
    ],
)
def test_framed_value_without_known_writer_is_refused(value: bytes, code: Code) -> None:
    with pytest.raises(NotDecodable) as refused:
        decoder(OLD).decode_framed(value, no_writer)

    assert refused.value.code is code
