"""A record that the newest version refuses may be one of an earlier version."""

from __future__ import annotations

from typing import Any

import pytest

from dataquarantine.outcomes import ErrorType
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.settings import PipelineSettings
from dataquarantine.validation.engine import Engine
from dataquarantine.validation.tally import count_outcomes
from tests.unit.avro.test_judging import V1, VALUE, encoded
from tests.unit.avro.test_judging import document as avro_document
from tests.unit.validation.judging import catalog_of, engine_of, judge, judge_all, listed, record

OLD = {"required": ["id"], "additionalProperties": False, "properties": {"id": {"type": "string"}}}
NEW = {"required": ["id", "at"], "properties": {"id": {"type": "string"}, "at": {}}}
FIRST = listed("order", "1.0.0", OLD, enforced=False, key="id")
OF_FIRST = b'{"_schema":"order","id":"a"}'


def second(**more: Any) -> ListedSchema:
    return listed("order", "2.0.0", NEW, **{"fallback": ["1.0.0"], **more})


def test_the_verdict_names_the_version_that_accepted() -> None:
    chunk = judge_all(engine_of(FIRST, second()), OF_FIRST, b'{"_schema":"order","id":"b","at":1}')

    assert [(o.passed, o.schema_version) for o in chunk.outcomes] == [
        (True, "1.0.0"),
        (True, "2.0.0"),
    ]
    assert chunk.keys == [b"a", b"own"]
    assert chunk.remediated == chunk.rendered == {}
    assert set(count_outcomes(chunk).schemas) == {"order@1.0.0", "order@2.0.0"}


def test_a_record_that_all_versions_refuse_keeps_the_reasons_of_the_newest() -> None:
    outcome = judge(engine_of(FIRST, second()), b'{"_schema":"order","id":1}')

    assert outcome.error_type is ErrorType.SCHEMA_VIOLATION
    assert outcome.schema_version == "2.0.0"
    assert {violation.field_path for violation in outcome.violations} == {"id", "at"}


def test_versions_are_tried_in_the_order_of_the_list() -> None:
    versions = [listed("order", version, {}, enforced=False) for version in ("1.0.0", "1.1.0")]
    engine = engine_of(*versions, second(fallback=["9.9.9", "1.1.0", "1.0.0"]))

    assert judge(engine, OF_FIRST).schema_version == "1.1.0"


def test_without_a_fallback_earlier_versions_are_not_tried() -> None:
    assert not judge(engine_of(FIRST, second(fallback=[])), OF_FIRST).passed


def test_a_fallback_of_a_fallback_is_not_followed() -> None:
    middle = listed("order", "1.5.0", NEW, enforced=False, fallback=["1.0.0"])

    assert not judge(engine_of(FIRST, middle, second(fallback=["1.5.0"])), OF_FIRST).passed


def test_remediation_to_the_newest_version_goes_before_a_fallback() -> None:
    engine = engine_of(FIRST, second(remediation=[{"default": {"field": "at", "value": 0}}]))

    outcome = judge(engine, OF_FIRST)

    assert (outcome.schema_version, outcome.remediated) == ("2.0.0", True)


def test_a_pinned_record_falls_back_as_well() -> None:
    engine = engine_of(FIRST, second())

    outcome = engine.judge([record(b'{"id":"a"}', headers=[("dq-schema", b"order@2.0.0")])])

    assert outcome.outcomes[0].schema_version == "1.0.0"


@pytest.mark.parametrize(
    ("fallback", "accepted"), [(["1.0.0"], "1.0.0"), ([], None)], ids=["fallback", "none"]
)
def test_avro_that_a_rule_refuses_falls_back(fallback: list[str], accepted: str | None) -> None:
    paid = [{"name": "early", "expression": "at < timestamp('2020-01-01T00:00:00Z')"}]
    catalog = catalog_of(
        ListedSchema(avro_document("1.0.0", V1), enforced=False, schema_id=7),
        ListedSchema(avro_document("2.0.0", V1, rules=paid, fallback=fallback), schema_id=8),
    )
    pipeline = PipelineSettings.model_validate({"schema": {"from": "confluent"}})

    chunk = Engine(catalog, pipeline).judge([record(b"\x00\x00\x00\x00\x08" + encoded(V1, VALUE))])

    outcome = chunk.outcomes[0]
    assert (outcome.schema_version if outcome.passed else None) == accepted
