from __future__ import annotations

import io
import itertools
import random
from pathlib import Path
from typing import Any

import fastavro
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import make_avsc_object

from dataquarantine.schemas.compatibility import (
    CompatibilityReport,
    Policy,
    check,
    compare_schemas,
)
from dataquarantine.schemas.compatibility.dialect import Root
from dataquarantine.schemas.compatibility.proof import validator
from dataquarantine.schemas.compatibility.search import sends_undeclared
from dataquarantine.schemas.compatibility.walk import Walk
from dataquarantine.schemas.documents import Compatibility, SchemaDocument
from dataquarantine.validation.avro import NotDecodable, parse_avro
from tests.unit.schemas.compatibility_cases import (
    AVRO_CASES,
    COLUMNS,
    JSON_CASES,
    Case,
    obj,
    rec,
    table,
)
from tests.unit.schemas.random_schemas import INSTANCES, random_pairs

CASES = JSON_CASES + AVRO_CASES
REFERENCE = Path(__file__).parents[3] / "docs/reference/compatibility.md"
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.change)


@every_case
def test_each_change_is_answered_as_the_table_says(case: Case) -> None:
    reports = [case.report(direction, policy) for direction, policy in COLUMNS]

    assert "".join("y" if report.compatible else "n" for report in reports) == case.answers
    if case.code:
        assert case.code in {d.code for d in reports[0].differences}


#: These records are read, and mean another time: no single record can show it.
SILENT = "milliseconds become microseconds"


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.change != SILENT], ids=lambda case: case.change
)
@pytest.mark.parametrize("direction", ["BACKWARD", "FORWARD"])
def test_every_strict_refusal_shows_a_record_that_proves_it(case: Case, direction: str) -> None:
    report = case.report(direction, Policy.STRICT)

    assert report.has_counter_example is not report.compatible


def test_reference_page_holds_the_tables() -> None:
    page = REFERENCE.read_text("utf-8")

    assert table(JSON_CASES) in page
    assert table(AVRO_CASES) in page


@pytest.mark.parametrize("case", JSON_CASES, ids=lambda case: case.change)
@pytest.mark.parametrize(("direction", "policy"), COLUMNS)
def test_no_small_record_contradicts_an_answer(case: Case, direction: str, policy: Policy) -> None:
    reader, writer = (case.new, case.old) if direction == "BACKWARD" else (case.old, case.new)

    if case.report(direction, policy).compatible:
        assert not list(lost_instances(reader, writer, policy))


@pytest.mark.parametrize("seed", range(8))
def test_no_random_pair_is_called_compatible_against_a_record(seed: int) -> None:
    for reader, writer in random_pairs(random.Random(seed), 60):
        for policy in Policy:
            if compare_schemas(reader, writer, policy=policy).compatible:
                assert not list(lost_instances(reader, writer, policy)), (reader, writer, policy)


@pytest.mark.parametrize("seed", range(8))
def test_the_keywords_alone_prove_nothing_wrong(seed: int) -> None:
    for reader, writer in random_pairs(random.Random(100 + seed), 150):
        walk = Walk(Root.of(reader), Root.of(writer), ask=lambda *_: "unknown")
        walk.compare(reader, writer, "")
        for policy in Policy:
            if not any(d.breaks_under(policy) for d in walk.differences):
                assert not list(lost_instances(reader, writer, policy)), (reader, writer, policy)


def lost_instances(reader: Any, writer: Any, policy: Policy) -> Any:
    accepts, refuses = validator(writer), validator(reader)
    assert accepts is not None and refuses is not None
    for value in INSTANCES:
        if accepts.is_valid(value) and not refuses.is_valid(value):
            if policy is Policy.STRICT or not sends_undeclared(value, writer, Root.of(writer)):
                yield value


@pytest.mark.parametrize(
    ("reader", "writer"),
    [pair for case in AVRO_CASES for pair in ((case.new, case.old), (case.old, case.new))],
    ids=[f"{case.change}, {way}" for case in AVRO_CASES for way in ("backward", "forward")],
)
def test_avro_is_never_laxer_than_the_reference_implementation(reader: Any, writer: Any) -> None:
    oracle = ReaderWriterCompatibilityChecker().get_compatibility(
        make_avsc_object(reader), make_avsc_object(writer)
    )
    if not compare_schemas(reader, writer, kind="avro", policy=Policy.LENIENT).compatible:
        return

    assert oracle.compatibility is SchemaCompatibilityType.compatible


def test_an_avro_counter_example_is_a_record_that_the_gateway_can_not_read() -> None:
    writer, reader = rec({"name": "a", "type": "bytes"}), rec({"name": "a", "type": "string"})
    report = compare_schemas(reader, writer, kind="avro")
    assert report.counter_example == {"a": {"base64": "//4="}}
    data = io.BytesIO()
    fastavro.schemaless_writer(data, writer, {"a": b"\xff\xfe"})

    with pytest.raises(NotDecodable):
        parse_avro(reader).reader_of(parse_avro(writer))(data.getvalue(), 0, 0)


def document(version: str, definition: Any, **more: Any) -> SchemaDocument:
    return SchemaDocument.model_validate(
        {"name": "event", "version": version, "schema": definition, **more}
    )


A, AB, B = obj("a", a={}), obj("a b", a={}, b={}), obj("b", b={})


@pytest.mark.parametrize(
    ("mode", "versions", "compatible"),
    [
        ("NONE", [A, AB], True),
        ("BACKWARD", [A, AB], False),
        ("BACKWARD", [AB, A], True),
        ("BACKWARD", [B, AB, A], True),
        ("BACKWARD_TRANSITIVE", [B, AB, A], False),
        ("FORWARD", [A, AB], True),
        ("FORWARD", [AB, A], False),
        ("FORWARD", [B, A, AB], True),
        ("FORWARD_TRANSITIVE", [B, A, AB], True),
        ("FORWARD_TRANSITIVE", [AB, A, AB], True),
        ("FORWARD_TRANSITIVE", [AB, B, B], False),
        ("FULL", [A, AB], False),
        ("FULL", [A, A], True),
        ("FULL_TRANSITIVE", [AB, A, A], False),
    ],
    ids=str,
)
def test_modes_choose_direction_and_versions(
    mode: Compatibility, versions: list[Any], compatible: bool
) -> None:
    documents = [document(f"1.{i}.0", each) for i, each in enumerate(versions)]

    assert check(documents[-1], documents[:-1], mode).compatible is compatible


def test_a_report_names_pointer_direction_policy_and_versions() -> None:
    report = check(document("1.1.0", obj(a={}, b={"type": "string"})), [document("1.0.0", A)])

    wrong = next(report.breaking())
    assert wrong.pointer == "/properties/b"
    assert wrong.direction == "BACKWARD"
    assert wrong.decided_by(report.policy) == "STRICT"
    assert report.compared == ("event@1.1.0 <- event@1.0.0",)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rules": [{"name": "r", "expression": "x > 0"}]}, "RULE_ADDED"),
        ({"type": "pydantic", "model": "m:A"}, "SCHEMA_TYPE_CHANGED"),
        ({"strict": True}, "STRICT_ADDED"),
    ],
    ids=["a rule", "a type", "strictness"],
)
def test_what_stands_beside_the_schema_counts_too(change: dict[str, Any], code: str) -> None:
    report = check(document("1.1.0", A, **change), [document("1.0.0", A)])

    assert not report.compatible
    assert code in {d.code for d in report.breaking()}


def test_a_rule_that_only_warns_breaks_nothing() -> None:
    rules = [{"name": "r", "expression": "x > 0", "severity": "warn"}]

    assert check(document("1.1.0", A, rules=rules), [document("1.0.0", A)]).compatible


@pytest.mark.parametrize(
    ("reader", "writer"),
    [
        ({"$ref": "https://nowhere.example/x"}, {"type": "string"}),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, {"type": "string"}),
        ({"$schema": "https://example.org/own", "type": "string"}, {"type": "string"}),
        ({"type": "string", "pattern": "^a*$"}, {"type": "string", "pattern": "^(aa)*$"}),
    ],
    ids=["unresolved reference", "reference loop", "unknown dialect", "patterns"],
)
def test_what_can_not_be_decided_is_refused_and_said(reader: Any, writer: Any) -> None:
    report = compare_schemas(reader, writer)

    assert not report.compatible
    assert report.undecided


def test_references_between_registered_schemas_are_followed() -> None:
    address = {"$id": "https://x.example/address", "type": "object", "required": ["street"]}
    reader = obj(home={"$ref": "https://x.example/address"})
    resources = {"https://x.example/address": address}

    assert not compare_schemas(reader, obj(home={"type": "object"}), resources=resources).compatible
    assert compare_schemas(reader, reader, resources=resources).compatible


@pytest.mark.parametrize(
    ("old", "new"),
    [("draft-07/schema#", "draft-04/schema#"), ("draft-04/schema#", "draft-07/schema#")],
)
def test_drafts_may_differ_where_their_meaning_does_not(old: str, new: str) -> None:
    base = "http://json-schema.org/"
    reader = {**obj("a", a={"type": "string", "maxLength": 5}), "$schema": base + new}
    writer = {**obj("a", a={"type": "string", "maxLength": 3}), "$schema": base + old}

    assert compare_schemas(reader, writer).compatible


def test_draft_4_does_not_take_1_0_for_an_integer() -> None:
    report = compare_schemas(
        {"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"},
        {"$schema": "http://json-schema.org/draft-07/schema#", "type": "integer"},
    )

    assert not report.compatible
    assert report.counter_example == 1.0


def test_an_answer_is_deterministic() -> None:
    reports: list[CompatibilityReport] = [
        case.report("BACKWARD", Policy.STRICT) for case in JSON_CASES[:6] for _ in range(2)
    ]

    assert all(one == two for one, two in itertools.pairwise(reports[:2]))
    assert reports[::2] == reports[1::2]
