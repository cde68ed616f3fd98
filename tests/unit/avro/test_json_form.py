from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from dataquarantine.validation.avro import AvroDecoder, json_form, parse_avro, to_json
from dataquarantine.validation.json_schema import compile_json_schema
from tests.unit.avro.test_agreement import decoder_of, schemas, values, written

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PERSON = {
    "type": "record",
    "name": "Person",
    "fields": [
        {"name": "email", "type": "string", "x-pii": "mask"},
        {"name": "born", "type": ["null", {"type": "int", "logicalType": "date"}], "default": None},
        {"name": "state", "type": ["null", {"type": "enum", "name": "S", "symbols": ["A"]}]},
        {"name": "friends", "type": {"type": "array", "items": "Person"}, "default": []},
        {"name": "home", "type": {"type": "record", "name": "Home", "fields": []}},
        {"name": "other", "type": ["null", "Home", "int"]},
    ],
}


def test_form_has_types_marks_and_required_fields() -> None:
    form = json_form(parse_avro(PERSON))

    assert form["required"] == ["email", "state", "home", "other"]
    assert form["additionalProperties"] is False
    assert form["properties"] == {
        "email": {"type": "string", "x-pii": "mask"},
        "born": {"type": ["string", "null"], "format": "date"},
        "state": {"type": ["string", "null"], "enum": ["A", None]},
        "friends": {"type": "array", "items": {"$ref": "#/$defs/Person"}},
        "home": {"$ref": "#/$defs/Home"},
        "other": {
            "anyOf": [
                {"type": "null"},
                {"$ref": "#/$defs/Home"},
                {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
            ]
        },
    }


def test_form_of_a_schema_that_is_no_record() -> None:
    form = json_form(parse_avro({"type": "map", "values": ["null", "long"]}))

    assert form["additionalProperties"] == {
        "type": ["integer", "null"],
        "minimum": -(2**63),
        "maximum": 2**63 - 1,
    }


def has_infinity(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(has_infinity, value.values()))
    if isinstance(value, list):
        return any(map(has_infinity, value))
    return value in (float("inf"), float("-inf"))


@given(st.data())
def test_rendered_documents_pass_the_form(data: st.DataObject) -> None:
    definition = data.draw(schemas())
    decoder: AvroDecoder = decoder_of(definition)
    value = data.draw(values(definition).filter(lambda value: not has_infinity(value)))
    document = decoder.decode(written(definition, value))

    layer = compile_json_schema(json_form(decoder.schema))

    assert layer.passes(msgspec.json.decode(to_json(document)), NOW)
