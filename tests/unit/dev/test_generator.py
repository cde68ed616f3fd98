"""Generated records follow the schema's examples; faults are where they are said to be."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from dataquarantine.dev.faults import faults
from dataquarantine.dev.generator import CannotGenerate, Generator, Mix
from dataquarantine.outcomes import Code, ValidationOutcome
from dataquarantine.records import SourceRecord
from dataquarantine.schemas.catalog import FileCatalog
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.files import SchemaFiles, load_schema_file
from dataquarantine.settings import PipelineSettings
from dataquarantine.testing import ManualClock
from dataquarantine.validation.engine import Engine

SCHEMAS = Path(__file__).parents[3] / "schemas"


@pytest.fixture
def user_event() -> SchemaDocument:
    return load_schema_file(SCHEMAS / "user_event" / "1.0.0.yaml")


def judged(values: list[bytes]) -> list[ValidationOutcome]:
    catalog = FileCatalog(SchemaFiles(SCHEMAS))
    catalog.refresh()
    return Engine(catalog, PipelineSettings()).judge([SourceRecord(v) for v in values]).outcomes


def test_records_are_as_valid_as_they_say(user_event: SchemaDocument) -> None:
    made = Generator(user_event, Mix(invalid_share=0.3)).make(500)

    outcomes = judged([record.value for record in made])

    assert [outcome.passed for outcome in outcomes] == [record.valid for record in made]
    assert 100 < sum(not record.valid for record in made) < 200


def test_the_same_seed_gives_the_same_records(user_event: SchemaDocument) -> None:
    def made(seed: int) -> list[Any]:
        mix = Mix(invalid_share=0.2, seed=seed)
        return [*Generator(user_event, mix, clock=ManualClock()).make(200)]

    assert made(7) == made(7)
    assert made(7) != made(8)


def test_the_record_key_is_the_documents_key(user_event: SchemaDocument) -> None:
    for record in Generator(user_event, Mix()).make(50):
        assert record.key == orjson.loads(record.value)["user_id"].encode()


def test_values_are_padded_to_the_size(user_event: SchemaDocument) -> None:
    made = Generator(user_event, Mix(size_bytes=400)).make(50)

    assert all(abs(len(record.value) - 400) <= 25 for record in made)


def test_skewed_keys_repeat_and_even_ones_spread(user_event: SchemaDocument) -> None:
    def most_common(skew: float) -> int:
        made = Generator(user_event, Mix(keys=100, key_skew=skew)).make(5000)
        return Counter(record.key for record in made).most_common(1)[0][1]

    assert most_common(0.0) < 100
    assert most_common(1.5) > 1000


def test_a_schema_without_examples_is_refused(user_event: SchemaDocument) -> None:
    bare = user_event.model_copy(update={"examples": ()})

    with pytest.raises(CannotGenerate, match="has no examples"):
        Generator(bare, Mix())


def test_a_closed_schema_is_not_padded(user_event: SchemaDocument) -> None:
    closed = {**user_event.definition, "additionalProperties": False}

    with pytest.raises(CannotGenerate, match="allows no extra field"):
        Generator(user_event.model_copy(update={"definition": closed}), Mix(size_bytes=100))


DEFINITION = {
    "type": "object",
    "required": ["id", "kind"],
    "properties": {
        "id": {"type": ["integer", "null"]},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "owner": {"$ref": "#/definitions/person"},
        "items": {"type": "array", "items": {"type": "object", "required": ["price"]}},
        "either": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
    },
    "definitions": {"person": {"type": "object", "properties": {"name": {"type": "string"}}}},
}
DOCUMENT = {
    "id": 1,
    "kind": "a",
    "owner": {"name": "x"},
    "items": [{"price": 1}, {"price": 2}],
    "either": "x",
}


def test_faults_reach_references_and_items_but_not_alternatives() -> None:
    found = {(fault.code, fault.field_path) for fault in faults(DEFINITION, DOCUMENT)}

    assert found == {
        (Code.MISSING_FIELD, "id"),
        (Code.MISSING_FIELD, "kind"),
        (Code.MISSING_FIELD, "items[0].price"),
        (Code.WRONG_TYPE, "id"),
        (Code.WRONG_TYPE, "owner"),
        (Code.WRONG_TYPE, "owner.name"),
        (Code.WRONG_TYPE, "items"),
        (Code.WRONG_TYPE, "items[0]"),
        (Code.ENUM_MISMATCH, "kind"),
    }


def test_a_fault_leaves_the_document_alone() -> None:
    before = orjson.dumps(DOCUMENT)

    broken = [fault.break_(DOCUMENT) for fault in faults(DEFINITION, DOCUMENT)]

    assert orjson.dumps(DOCUMENT) == before
    assert all(orjson.dumps(document) != before for document in broken)
