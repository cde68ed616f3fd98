import io
from typing import Any

import fastavro
import pytest

from dataquarantine.outcomes import Code
from dataquarantine.validation.avro import AvroDecoder, NotDecodable, parse_avro

TREE = {
    "type": "record",
    "name": "Tree",
    "fields": [
        {"name": "value", "type": "int"},
        {"name": "children", "type": {"type": "array", "items": "Tree"}},
    ],
}
WIDER_TREE = {
    "type": "record",
    "name": "Tree",
    "fields": [
        {"name": "value", "type": "long"},
        {"name": "children", "type": {"type": "array", "items": "Tree"}},
        {"name": "colour", "type": "string", "default": "red"},
    ],
}


def record(*fields: tuple[Any, ...], **more: Any) -> dict[str, Any]:
    described = [
        {"name": name, "type": kind, **({"default": rest[0]} if rest else {})}
        for name, kind, *rest in fields
    ]
    return {"type": "record", "name": "R", "fields": described, **more}


def enum(*symbols: str, **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": "E", "symbols": list(symbols), **more}


def resolved(writer: Any, reader: Any, value: Any) -> Any:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(writer), value)
    return AvroDecoder(parse_avro(reader)).decode(out.getvalue(), writer=parse_avro(writer))


@pytest.mark.parametrize(
    ("writer", "reader", "value", "expected"),
    [
        pytest.param("int", "long", 5, 5, id="int-to-long"),
        pytest.param("int", "double", 5, 5.0, id="int-to-double"),
        pytest.param("long", "float", 5, 5.0, id="long-to-float"),
        pytest.param("float", "double", 0.5, 0.5, id="float-to-double"),
        pytest.param("string", "bytes", "€", "€".encode(), id="string-to-bytes"),
        pytest.param("bytes", "string", "€".encode(), "€", id="bytes-to-string"),
        pytest.param("int", ["null", "long"], 5, 5, id="into-a-union"),
        pytest.param("int", ["double", "int"], 5, 5, id="own-type-before-promotion"),
        pytest.param(["null", "int"], "int", 5, 5, id="out-of-a-union"),
        pytest.param(["null", "int"], ["string", "long", "null"], None, None, id="between-unions"),
        pytest.param({"type": "array", "items": "int"}, {"type": "array", "items": "double"}, [1],
            [1.0], id="array"),
        pytest.param({"type": "map", "values": "int"}, {"type": "map", "values": "double"},
            {"a": 1}, {"a": 1.0}, id="map"),
        pytest.param(record(("a", "int"), ("b", "string")), record(("b", "string")),
            {"a": 1, "b": "x"}, {"b": "x"}, id="dropped-field"),
        pytest.param(record(("a", TREE), ("b", "int")), record(("b", "int")),
            {"a": {"value": 1, "children": []}, "b": 2}, {"b": 2}, id="dropped-recursive-field"),
        pytest.param(record(("a", "int")), record(("b", "int", 7), ("a", "int")), {"a": 1},
            {"a": 1, "b": 7}, id="default"),
        pytest.param(record(), record(("a", "bytes", "\u00ff")), {}, {"a": b"\xff"},
            id="default-bytes"),
        pytest.param(record(), record(("a", ["null", "int"], None)), {}, {"a": None},
            id="default-null"),
        pytest.param(record(), record(("a", ["null", "int"], 5)), {}, {"a": 5},
            id="default-of-another-branch"),
        pytest.param(record(), record(("a", "double", 5)), {}, {"a": 5.0}, id="default-double"),
        pytest.param(record(), record(("a", TREE, {"value": 1, "children": []})), {},
            {"a": {"value": 1, "children": []}}, id="default-record"),
        pytest.param(record(("a", "int")),
            {"type": "record", "name": "R",
             "fields": [{"name": "b", "aliases": ["a"], "type": "int"}]},
            {"a": 1}, {"b": 1}, id="field-alias"),
        pytest.param({**record(("a", "int")), "name": "Old"},
            record(("a", "int"), aliases=["Old"]), {"a": 1}, {"a": 1}, id="record-alias"),
        pytest.param(record(("a", "int"), namespace="x"), record(("a", "int"), namespace="y"),
            {"a": 1}, {"a": 1}, id="other-namespace"),
        pytest.param(enum("A", "B"), enum("B", "C"), "B", "B", id="enum"),
        pytest.param(enum("A", "B"), enum("B", default="B"), "A", "B", id="enum-default"),
        pytest.param(TREE, WIDER_TREE,
            {"value": 1, "children": [{"value": 2, "children": []}]},
            {"value": 1, "colour": "red",
             "children": [{"value": 2, "children": [], "colour": "red"}]}, id="recursive"),
        pytest.param({"type": "int", "logicalType": "date"}, "int", 3, 3, id="logical-to-plain"),
    ],
)  # fmt: skip
def test_data_of_another_schema_is_read(
    writer: Any, reader: Any, value: Any, expected: Any
) -> None:
    assert resolved(writer, reader, value) == expected


@pytest.mark.parametrize(
    ("writer", "reader", "value", "code", "problem"),
    [
        pytest.param("string", "int", "x", Code.NOT_AVRO, "string is not int", id="type"),
        pytest.param("long", "int", 1, Code.NOT_AVRO, "long is not int", id="narrowing"),
        pytest.param(record(), record(("a", "int")), {}, Code.NOT_AVRO, "R.a has no default",
            id="no-default"),
        pytest.param(record(("a", "string")), record(("a", "int")), {"a": "x"}, Code.NOT_AVRO,
            "R.a: string is not int", id="field-type"),
        pytest.param(record(), {**record(), "name": "S"}, {}, Code.NOT_AVRO, "R is not S",
            id="name"),
        pytest.param(enum("A", "B"), enum("B"), "A", Code.ENUM_MISMATCH, "symbol A", id="symbol"),
        pytest.param(["null", "int"], "int", None, Code.NO_ALTERNATIVE_MATCHES,
            "null is not int", id="branch"),
        pytest.param("int", ["null", "string"], 1, Code.NOT_AVRO, "no member", id="no-branch"),
        pytest.param("bytes", "string", b"\xff", Code.INVALID_ENCODING, "no UTF-8", id="no-text"),
        pytest.param({"type": "fixed", "name": "F", "size": 2},
            {"type": "fixed", "name": "F", "size": 3}, b"ab", Code.NOT_AVRO, "2 bytes, not 3",
            id="fixed-size"),
        pytest.param({"type": "long", "logicalType": "timestamp-millis"},
            {"type": "long", "logicalType": "timestamp-micros"}, 0, Code.NOT_AVRO,
            "timestamp-millis is not timestamp-micros", id="logical-type"),
        pytest.param(
            {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2},
            {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 1}, b"\x01",
            Code.NOT_AVRO, "precision or scale", id="decimal-scale"),
    ],
)  # fmt: skip
def test_data_that_can_not_be_resolved_is_refused(
    writer: Any, reader: Any, value: Any, code: Code, problem: str
) -> None:
    with pytest.raises(NotDecodable, match=problem) as refused:
        resolved(writer, reader, value)

    assert refused.value.code is code
