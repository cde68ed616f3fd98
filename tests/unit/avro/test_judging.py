"""Avro records through the engine."""

import io
from pathlib import Path
from typing import Any

import fastavro
import orjson
import pytest
import yaml

from dataquarantine.outcomes import Code, ErrorType, ValidationOutcome, ValidationResult
from dataquarantine.records import SourceRecord
from dataquarantine.schemas.catalog import Catalog
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.files import ListedSchema, SchemaFiles
from dataquarantine.settings import PipelineSettings
from dataquarantine.validation.avro import parse_avro
from dataquarantine.validation.engine import Engine

V1 = {
    "type": "record",
    "name": "Order",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ],
}
V2 = {**V1, "fields": [*V1["fields"], {"name": "amount", "type": "double", "default": 0}]}
VALUE = {"id": "o-1", "at": 1_764_000_000_000}


class Schemas:
    """Two versions of one Avro schema, with ids."""

    def read(self) -> list[ListedSchema]:
        return [
            ListedSchema(document("1.0.0", V1), schema_id=7),
            ListedSchema(document("2.0.0", V2), schema_id=8),
            ListedSchema(document("3.0.0", V2, rules=[STRICT]), schema_id=9, enforced=False),
        ]


def document(version: str, definition: Any, **more: Any) -> SchemaDocument:
    values = {"name": "order", "version": version, "type": "avro", "key": "id"}
    return SchemaDocument.model_validate({**values, "schema": definition, **more})


STRICT = {"name": "paid", "expression": "amount > 0.0 && at <= now()", "error": "not paid"}


def engine(from_: str, default: str | None = None) -> Engine:
    catalog = Catalog([Schemas()])
    catalog.refresh()
    selection = {"from": from_, "default": default}
    return Engine(catalog, PipelineSettings.model_validate({"schema": selection}))


def encoded(definition: Any, value: Any) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(definition), value)
    return out.getvalue()


def judged(engine: Engine, value: bytes, **more: Any) -> tuple[ValidationOutcome, Any, Any]:
    chunk = engine.judge([SourceRecord(value, **more)])
    return chunk.outcomes[0], chunk.keys[0], chunk.rendered.get(0)


PAYLOAD = encoded(V1, VALUE)
FINGERPRINT = parse_avro(V1).fingerprint


@pytest.mark.parametrize(
    ("from_", "default", "value", "headers", "version"),
    [
        pytest.param("confluent", None, b"\0\0\0\0\7" + PAYLOAD, [], "1.0.0", id="confluent-id"),
        pytest.param("confluent", None, b"\0\0\0\0\7" + PAYLOAD, [("dq-schema", b"order@2.0.0")],
            "2.0.0", id="confluent-id-read-by-a-pinned-version"),
        pytest.param("topic", None, PAYLOAD, [("dq-schema", b"order@1.0.0")], "1.0.0", id="header"),
        pytest.param("header", "order@1.0.0", PAYLOAD, [], "1.0.0", id="default"),
        pytest.param("header", "order", b"\xc3\x01" + FINGERPRINT + PAYLOAD, [], "2.0.0",
            id="single-object-of-an-older-version"),
    ],
)  # fmt: skip
def test_avro_record_passes_and_gives_its_key(
    from_: str, default: str | None, value: bytes, headers: Any, version: str
) -> None:
    outcome, key, _ = judged(engine(from_, default), value, headers=headers)

    assert outcome.passed
    assert (outcome.schema_version, key) == (version, b"o-1")


@pytest.mark.parametrize(
    ("from_", "value", "error_type", "code", "field_path"),
    [
        pytest.param("confluent", b"\0\0\0\0\7" + PAYLOAD[:-1], ErrorType.MALFORMED_PAYLOAD,
            Code.NOT_AVRO, "at", id="cut"),
        pytest.param("confluent", b"\0\0\0\0\7" + PAYLOAD + b"!", ErrorType.MALFORMED_PAYLOAD,
            Code.NOT_AVRO, None, id="left-over"),
        pytest.param("confluent", b"\0\0\0\0\x63" + PAYLOAD, ErrorType.SCHEMA_NOT_FOUND,
            Code.SCHEMA_UNKNOWN, None, id="unknown-id"),
        pytest.param("confluent", b"\1\0\0\0\7" + PAYLOAD, ErrorType.MALFORMED_PAYLOAD,
            Code.UNKNOWN_FRAMING, None, id="unknown-magic"),
        pytest.param("header", b"\xc3\x01" + b"\1" * 8 + PAYLOAD, ErrorType.MALFORMED_PAYLOAD,
            Code.NOT_AVRO, "id", id="unknown-fingerprint"),
        pytest.param("header", b'{"id": "o-1"}', ErrorType.MALFORMED_PAYLOAD, Code.NOT_AVRO, "id",
            id="json"),
    ],
)  # fmt: skip
def test_bad_avro_record_is_refused(
    from_: str, value: bytes, error_type: ErrorType, code: Code, field_path: str | None
) -> None:
    default = "order" if from_ == "header" else None
    outcome, _, rendered = judged(engine(from_, default), value)

    assert not outcome.passed
    assert (outcome.error_type, outcome.violations[0].code) == (error_type, code)
    assert outcome.field_path == field_path
    assert rendered is None


def test_writer_that_nobody_registered_is_a_missing_schema() -> None:
    headers = [("dq-schema", b"order@2.0.0")]
    outcome, _, _ = judged(engine("confluent"), b"\0\0\0\0\x63" + PAYLOAD, headers=headers)

    assert outcome.result is ValidationResult.ERROR
    assert outcome.error_type is ErrorType.SCHEMA_NOT_FOUND


def test_rules_see_the_json_form_and_so_does_the_reader_of_the_quarantine() -> None:
    framed = b"\0\0\0\0\x09"
    paid = encoded(V2, {**VALUE, "amount": 1.5})
    unpaid = encoded(V2, {**VALUE, "amount": -0.5})

    assert judged(engine("confluent"), framed + paid)[0].passed
    outcome, _, rendered = judged(engine("confluent"), framed + unpaid)
    assert outcome.error_type is ErrorType.RULE_VIOLATION
    assert outcome.error_message == "not paid"
    assert rendered == b'{"id":"o-1","at":"2025-11-24T16:00:00Z","amount":-0.5}'


def test_json_record_that_names_an_avro_schema_is_judged_by_its_json_form() -> None:
    by_field = engine("field")
    good = {"_schema": "order", "id": "o-1", "at": "2026-01-01T00:00:00Z", "amount": 1.5}
    bad = {"_schema": "order", "id": 5, "at": "soon", "more": 1}

    assert judged(by_field, orjson.dumps(good))[0].passed
    outcome, _, rendered = judged(by_field, orjson.dumps(bad))
    assert outcome.error_type is ErrorType.SCHEMA_VIOLATION
    assert {(v.code, v.field_path) for v in outcome.violations} == {
        (Code.WRONG_TYPE, "id"),
        (Code.FORMAT_MISMATCH, "at"),
        (Code.UNKNOWN_FIELD, "more"),
    }
    assert rendered == orjson.dumps(bad)


def test_schemas_of_all_types_are_found_in_files(tmp_path: Path) -> None:
    folder = tmp_path / "order"
    folder.mkdir()
    values = {"name": "order", "version": "1.0.0", "type": "avro", "schema": V1}
    (folder / "1.0.0.yaml").write_text(yaml.safe_dump(values))
    catalog = Catalog([SchemaFiles(tmp_path)])
    catalog.refresh()
    selection = {"from": "header", "default": "order"}
    pipeline = PipelineSettings.model_validate({"schema": selection})

    assert judged(Engine(catalog, pipeline), PAYLOAD)[0].passed
