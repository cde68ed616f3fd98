from typing import Any

import pytest

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.avro import parse_avro


def record(*fields: Any, name: str = "R") -> dict[str, Any]:
    numbered = [{"name": f"f{index}", "type": kind} for index, kind in enumerate(fields)]
    return {"type": "record", "name": name, "fields": numbered}


def nested(depth: int) -> Any:
    schema: Any = "int"
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        pytest.param(None, "no Avro schema|is unknown", id="nothing"),
        pytest.param(5, "no Avro schema|is unknown", id="number"),
        pytest.param({}, "a type lacks 'type'", id="no-type"),
        pytest.param({"type": "array"}, "a type lacks 'items'", id="no-items"),
        pytest.param("colour", "'colour' is unknown", id="unknown-type"),
        pytest.param(record("colour"), "'colour' is unknown", id="unknown-field-type"),
        pytest.param({"type": "enum", "name": "E", "symbols": ["a", "a"]}, "unique", id="symbols"),
        pytest.param({"type": "record", "name": "R", "fields": [{"name": "a"}]}, "missing 'type'",
            id="field-without-type"),
        pytest.param([], "no branches", id="empty-union"),
        pytest.param(["int", "int"], "int twice", id="branch-twice"),
        pytest.param(["int", ["null", "string"]], "direct member of a union", id="union-in-union"),
        pytest.param(nested(101), "nested deeper than 100", id="too-deep"),
        pytest.param(nested(5000), "nested deeper than 100", id="much-too-deep"),
        pytest.param(record(*["int"] * 120_000), "more than 200000 parts", id="too-large"),
        pytest.param({"type": "array", "items": "null"}, "take no bytes", id="array-of-nulls"),
        pytest.param({"type": "array", "items": record()}, "take no bytes", id="array-of-empties"),
        pytest.param({"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}},
            "take no bytes", id="array-of-fixed-0"),
        pytest.param(record("R"), "holds another, without end", id="endless-record"),
        pytest.param({"type": "bytes", "logicalType": "decimal"}, "precision", id="no-precision"),
        pytest.param({"type": "bytes", "logicalType": "decimal", "precision": 10**9}, "1 to 1000",
            id="large-precision"),
        pytest.param({"type": "bytes", "logicalType": "decimal", "precision": 2, "scale": 3},
            "scale", id="large-scale"),
        pytest.param({"type": "int", "__fastavro_parsed": True}, "not allowed", id="parser-mark"),
        pytest.param({1: 2}, "not allowed", id="key-is-a-number"),
    ],
)  # fmt: skip
def test_unusable_schema_is_refused(definition: Any, problem: str) -> None:
    with pytest.raises(InvalidSchema, match=problem) as refused:
        parse_avro(definition, where="event.yaml:3")

    assert str(refused.value).startswith("event.yaml:3: ")
    assert refused.value.remedy


@pytest.mark.parametrize(
    "definition",
    [
        pytest.param(record(["null", "R"]), id="optional-recursion"),
        pytest.param(record({"type": "array", "items": "R"}), id="recursion-in-array"),
        pytest.param(record({"type": "map", "values": "null"}), id="map-of-nulls"),
        pytest.param(record(*["int"] * 10_000), id="10000-fields"),
        pytest.param(nested(90), id="90-deep"),
    ],
)
def test_usual_and_large_schemas_are_taken(definition: Any) -> None:
    assert parse_avro(definition).fingerprint


@pytest.mark.parametrize(
    ("definition", "fingerprint"),
    [
        # the values of the specification's own test data, share/test/data/schema-tests.txt
        pytest.param("null", 7195948357588979594, id="null"),
        pytest.param("boolean", -6970731678124411036, id="boolean"),
        pytest.param("int", 8247732601305521295, id="int"),
        pytest.param({"type": "string"}, -8142146995180207161, id="string"),
    ],
)
def test_fingerprint_is_crc_64_avro(definition: Any, fingerprint: int) -> None:
    assert parse_avro(definition).fingerprint == fingerprint.to_bytes(8, "little", signed=True)
