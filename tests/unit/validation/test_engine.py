import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from dataquarantine.outcomes import (
    TOMBSTONE_FORWARDED,
    Code,
    ErrorType,
    Severity,
    ValidationResult,
    Violation,
)
from dataquarantine.records import Header
from dataquarantine.settings import PipelineSettings
from dataquarantine.testing import ManualClock
from dataquarantine.validation.compiled import CompiledSchema
from dataquarantine.validation.engine import Engine
from tests.unit.validation.judging import (
    GOOD,
    NOW,
    USER_EVENT,
    catalog_of,
    engine_of,
    judge,
    judge_all,
    listed,
    record,
)

CLOSED = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}


def test_the_seeds_valid_event_passes_with_its_key() -> None:
    chunk = judge_all(engine_of(listed(key="user_id")), GOOD)

    outcome = chunk.outcomes[0]
    assert outcome.result is ValidationResult.VALID
    assert (outcome.schema_name, outcome.schema_version) == ("user_event", "1.0.0")
    assert chunk.keys == [b"USER123456"]
    assert chunk.rendered == chunk.remediated == {}


def test_the_seeds_invalid_event_comes_out_as_written() -> None:
    value = b'{"_schema":"user_event","event_type":"purchase","timestamp":"2024-01-15T10:30:00Z"}'

    outcome = judge(engine_of(), value)

    assert outcome.result is ValidationResult.INVALID
    assert outcome.error_type is ErrorType.SCHEMA_VIOLATION
    assert outcome.error_message == "'user_id' is a required property"
    assert outcome.field_path == "user_id"
    assert outcome.violations == (
        Violation(
            Code.MISSING_FIELD,
            "required",
            "'user_id' is a required property",
            field_path="user_id",
            instance_location="",
            keyword_location="/required",
        ),
    )


def test_valid_records_share_one_outcome() -> None:
    chunk = judge_all(engine_of(), GOOD, GOOD, GOOD)

    assert len({id(outcome) for outcome in chunk.outcomes}) == 1


def test_the_clock_is_read_once_a_chunk() -> None:
    class CountingClock(ManualClock):
        reads = 0

        def now(self) -> datetime:
            self.reads += 1
            return NOW

    clock = CountingClock()
    Engine(catalog_of(listed()), PipelineSettings(), clock=clock).judge([record(GOOD)] * 5)

    assert clock.reads == 1


@pytest.mark.parametrize(
    ("setting", "forwarded"), [("forward", True), ("quarantine", False)], ids=str
)
def test_a_tombstone_goes_where_the_pipeline_says(setting: str, forwarded: bool) -> None:
    outcome = judge(engine_of(on_tombstone=setting), None)

    assert (outcome is TOMBSTONE_FORWARDED) is forwarded
    if not forwarded:
        assert outcome.error_message == ("the value is null (a tombstone); expected a JSON object")


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        (b'"_schema":"user_event"', "1.2.0"),
        (b'"_schema":"user_event@1.0.0"', "1.0.0"),
        (b'"_schema":"user_event","_schema_version":"1.0.0"', "1.0.0"),
        (b'"_schema":"user_event@1.2.0","_schema_version":"1.2.0"', "1.2.0"),
        (b'"_schema":"user_event","_schema_version":null', "1.2.0"),
        (b'"_schema":"user_event@2.0.0-rc.1"', "2.0.0-rc.1"),
        (b'"_schema":"user_event@3.0.0"', "3.0.0"),
    ],
    ids=["latest", "inline", "beside", "both agree", "null", "pre-release", "deprecated"],
)
def test_a_record_names_its_version(reference: bytes, version: str) -> None:
    versions = [listed(version=v) for v in ("1.0.0", "1.2.0", "2.0.0-rc.1")]
    versions.append(listed(version="3.0.0", enforced=False))

    outcome = judge(engine_of(*versions), GOOD.replace(b'"_schema":"user_event"', reference))

    assert outcome.passed, outcome
    assert outcome.schema_version == version


@pytest.mark.parametrize(
    ("source", "value", "headers"),
    [
        ("field", b'{"_schema":"a"}', []),
        ("field", b'{"_schema":"b"}', [("dq-schema", b"a")]),
        ("field", b"{}", [("other", b"b"), ("dq-schema", b"a@1.0.0")]),
        ("header", b"{}", [("dq-schema", b"a")]),
        ("topic", b"{}", []),
        ("topic", b"{}", [("dq-schema", b"a")]),
        ("confluent", b"\x00\x00\x00\x00\x07{}", []),
    ],
    ids=["field", "pinned", "pinned version", "header", "topic", "pinned on topic", "confluent"],
)
def test_the_schema_is_found_by(source: str, value: bytes, headers: list[Header]) -> None:
    engine = engine_of(
        listed("a", definition=True, schema_id=7),
        listed("b", definition=False, schema_id=8),
        selection={"from": source},
        source="a",
    )

    assert judge(engine, value, headers=headers).schema_name == "a"


@pytest.mark.parametrize("source", ["field", "header", "confluent"])
def test_the_default_serves_records_that_name_none(source: str) -> None:
    engine = engine_of(selection={"from": source, "default": "user_event"})

    outcome = judge(engine, b"{}")

    assert outcome.schema_name == "user_event"
    assert outcome.error_message == "'user_id' is a required property"


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        (
            b"{}",
            Code.UNKNOWN_FRAMING,
            "the value starts with byte 123; expected magic byte 0 and a 4-byte schema id",
        ),
        (
            b"\x00\x00",
            Code.UNKNOWN_FRAMING,
            "the value starts with byte 0; expected magic byte 0 and a 4-byte schema id",
        ),
        (b"\x00\x00\x00\x00\x63{}", Code.SCHEMA_UNKNOWN, "schema id 99 is not registered"),
        (
            b"\x00\x00\x00\x00\x07",
            Code.NOT_JSON,
            "the value is not JSON: it ends too early",
        ),
    ],
    ids=["unknown magic byte", "cut off", "unknown id", "nothing framed"],
)
def test_broken_framing_is_named(value: bytes, code: Code, message: str) -> None:
    engine = engine_of(listed(schema_id=7), selection={"from": "confluent"})

    outcome = judge(engine, value)

    assert outcome.violations[0].code is code
    assert outcome.error_message == message


def test_the_selector_does_not_break_a_closed_schema() -> None:
    engine = engine_of(listed("c", definition=CLOSED))

    assert judge(engine, b'{"_schema":"c","a":1}').passed
    assert judge(engine, b'{"_schema":"c","_schema_version":"1.0.0","a":1}').passed


def test_a_declared_selector_is_judged() -> None:
    declaring = {**CLOSED, "properties": {"_schema": {"const": "c"}}}
    engine = engine_of(listed("c", definition=declaring))

    assert judge(engine, b'{"_schema":"c"}').passed
    assert not judge(engine, b'{"_schema":"c@1.0.0"}').passed


def test_without_field_selection_nothing_is_removed() -> None:
    engine = engine_of(listed("c", definition=CLOSED), selection={"from": "topic"}, source="c")

    outcome = judge(engine, b'{"_schema":"c","a":1}')

    assert outcome.violations[0].code is Code.UNKNOWN_FIELD


@pytest.mark.parametrize(
    ("declared", "value", "key"),
    [
        ("id", {"id": "é"}, "é".encode()),
        ("id", {"id": 7}, b"7"),
        ("id", {"id": 10**30}, str(10**30).encode()),
        ("id", {"id": True}, b"true"),
        ("id", {"id": {"a": 1}}, b'{"a":1}'),
        ("id", {"id": None}, b"own"),
        ("id", {}, b"own"),
        ("user.id", {"user": {"id": "x"}}, b"x"),
        ("user.id", {"user.id": "flat"}, b"flat"),
        ("user.id", {"user": "x"}, b"own"),
        (None, {"id": "x"}, b"own"),
    ],
    ids=str,
)
def test_the_output_key_is_the_declared_field(
    declared: str | None, value: dict[str, Any], key: bytes
) -> None:
    engine = engine_of(listed("k", definition=True, key=declared))
    text = json.dumps({"_schema": "k", **value}).encode()

    assert engine.judge([record(text)] * 2).keys == [key, key]


def test_a_refused_record_keeps_its_own_key() -> None:
    engine = engine_of(listed(key="user_id"))

    chunk = judge_all(engine, b'{"_schema":"user_event","user_id":"USER123456"}')

    assert chunk.keys == [b"own"]


def test_warnings_pass_and_are_named() -> None:
    rule = {"name": "small", "expression": "amount < 10", "severity": "warn"}
    definition = {"properties": {"amount": {"type": "integer"}}}
    engine = engine_of(listed("w", definition=definition, rules=[rule]))

    outcome = judge(engine, b'{"_schema":"w","amount":11}')

    assert outcome.passed
    assert [(v.rule, v.severity) for v in outcome.violations] == [("small", Severity.WARN)]


def test_rules_are_asked_only_when_the_structure_is_right() -> None:
    rule = {"name": "small", "expression": "amount < 10"}
    definition = {"properties": {"amount": {"type": "integer"}}}
    engine = engine_of(listed("r", definition=definition, rules=[rule]))

    structure = judge(engine, b'{"_schema":"r","amount":"x"}')
    rules = judge(engine, b'{"_schema":"r","amount":11}')

    assert structure.error_type is ErrorType.SCHEMA_VIOLATION
    assert rules.error_type is ErrorType.RULE_VIOLATION


def test_more_than_twenty_violations_are_cut_and_say_so() -> None:
    engine = engine_of(listed("m", definition={"required": [f"f{i:02}" for i in range(30)]}))

    outcome = judge(engine, b'{"_schema":"m"}')

    assert len(outcome.violations) == 20
    assert outcome.violations_truncated


class Broken:
    """A layer that fails as a layer must not."""

    error_type = ErrorType.RULE_VIOLATION

    def passes(self, document: Any, now: datetime) -> bool:
        if document.get("boom"):
            raise RuntimeError(f"secret {document}")
        return True

    def violations(self, document: Any, now: datetime) -> list[Violation]:
        return []


class BrokenCatalog:
    """A catalog whose one schema has a layer that raises."""

    def __init__(self) -> None:
        sound = catalog_of(listed("b", definition=True)).find("b", None)
        assert isinstance(sound, CompiledSchema)
        self.schema = CompiledSchema(sound.document, (Broken(),), sound.valid)

    def find(self, name: str, version: str | None) -> CompiledSchema:
        return self.schema

    def find_by_id(self, schema_id: int) -> None:
        return None

    def find_by_fingerprint(self, fingerprint: bytes) -> None:
        return None


def test_a_layer_that_raises_fails_that_record_only(caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(BrokenCatalog(), PipelineSettings(), clock=ManualClock(NOW))
    sound, boom = b'{"_schema":"b"}', b'{"_schema":"b","boom":"alice"}'

    chunk = judge_all(engine, sound, boom, sound, boom, boom)

    assert [outcome.passed for outcome in chunk.outcomes] == [True, False, True, False, False]
    failed = chunk.outcomes[1]
    assert failed.result is ValidationResult.ERROR
    assert failed.error_type is ErrorType.VALIDATOR_ERROR
    assert failed.violations[0].code is Code.VALIDATOR_FAILED
    assert failed.error_message == "the validator of b@1.0.0 failed (RuntimeError)"
    assert len(caplog.records) == 1
    assert "alice" not in caplog.text


def test_an_unusable_schema_is_an_error_of_its_records_only() -> None:
    engine = engine_of(listed("broken", definition={"type": "nope"}), listed())

    chunk = judge_all(engine, b'{"_schema":"broken"}', GOOD)

    outcome = chunk.outcomes[0]
    assert outcome.error_type is ErrorType.VALIDATOR_ERROR
    assert outcome.result is ValidationResult.ERROR
    assert (outcome.schema_name, outcome.schema_version) == ("broken", "1.0.0")
    assert "the schema can't be used: broken@1.0.0#/type" in (outcome.error_message or "")
    assert chunk.outcomes[1].passed


REPAIRED = {
    "type": "object",
    "required": ["amount"],
    "additionalProperties": False,
    "properties": {"amount": {"type": "number", "minimum": 0}, "note": {"type": "string"}},
}


def repairing(*steps: dict[str, Any]) -> Engine:
    return engine_of(listed("r", definition=REPAIRED, remediation=list(steps)))


def test_remediation_keeps_what_then_passes() -> None:
    engine = repairing({"trim": "note"}, {"cast": {"field": "amount", "to": "number"}})
    value = b'{"_schema":"r","amount":"1.10","note":" x "}'

    chunk = judge_all(engine, value)

    outcome = chunk.outcomes[0]
    assert outcome.passed
    assert outcome.remediated
    assert outcome.remediation_steps
    assert chunk.remediated == {0: b'{"_schema":"r","amount":1.10,"note":"x"}'}
    assert chunk.rendered == {}


def test_remediation_leaves_what_it_does_not_mention_exact() -> None:
    engine = repairing({"trim": "note"}, {"drop_unknown": True})
    value = b'{"_schema": "r", "x": 1, "amount": 123456789012345678901234567890.10, "note": "y"}'

    chunk = judge_all(engine, value)

    expected = b'{"_schema":"r","amount":123456789012345678901234567890.10,"note":"y"}'
    assert chunk.remediated == {0: expected}


def test_remediation_that_does_not_help_changes_nothing() -> None:
    engine = repairing({"trim": "note"})
    value = b'{"_schema":"r","amount":-1,"note":" x "}'

    chunk = judge_all(engine, value)

    assert not chunk.outcomes[0].passed
    assert chunk.outcomes[0].field_path == "amount"
    assert chunk.remediated == {}
    assert chunk.rendered == {0: value}


def test_remediation_is_not_asked_for_records_that_pass() -> None:
    chunk = judge_all(repairing({"trim": "note"}), b'{"_schema":"r","amount":1,"note":" x "}')

    assert chunk.outcomes[0].passed
    assert not chunk.outcomes[0].remediated


class Raising:
    """A remediation that fails as it must not."""

    def apply(self, document: Any, now: datetime) -> tuple[Any, tuple[str, ...]]:
        raise RuntimeError("out of order")


def test_a_remediation_that_raises_is_an_error_with_the_violations() -> None:
    catalog = catalog_of(listed())
    schema = catalog.find("user_event", None)
    assert isinstance(schema, CompiledSchema)
    schema.remediation = Raising()

    outcome = judge(Engine(catalog, PipelineSettings()), b'{"_schema":"user_event"}')

    assert outcome.error_type is ErrorType.REMEDIATION_ERROR
    assert outcome.violations[0].code is Code.REMEDIATION_FAILED
    assert outcome.violations[1].code is Code.MISSING_FIELD


def test_a_framed_record_keeps_its_frame_when_remediated() -> None:
    schema = replace(
        listed("r", definition=REPAIRED, remediation=[{"trim": "note"}, {"drop_unknown": True}]),
        schema_id=7,
    )
    engine = engine_of(schema, selection={"from": "confluent"})

    chunk = judge_all(engine, b'\x00\x00\x00\x00\x07{"amount":1,"x":2}')

    assert chunk.remediated == {0: b'\x00\x00\x00\x00\x07{"amount":1}'}


def test_a_differing_second_opinion_is_told_and_does_not_decide() -> None:
    told: list[str] = []
    catalog = catalog_of(listed())
    schema = catalog.find("user_event", None)
    assert isinstance(schema, CompiledSchema)
    schema.layers[0].second_opinion = lambda document: False  # type: ignore[attr-defined]
    engine = Engine(
        catalog, PipelineSettings(), on_disagreement=lambda schema: told.append(schema.name)
    )

    chunk = engine.judge([record(GOOD)] * 3)

    assert all(outcome.passed for outcome in chunk.outcomes)
    assert told == ["user_event"]


def test_both_engines_agree_on_the_seeds_events() -> None:
    told: list[CompiledSchema] = []
    engine = engine_of(listed(definition=USER_EVENT), on_disagreement=told.append)

    judge_all(engine, GOOD)
    judge_all(engine, b'{"_schema":"user_event"}')

    assert told == []


@pytest.mark.parametrize("keep", [True, False], ids=["keep_original", "not asked for"])
def test_remediated_records_whose_original_is_to_be_kept_are_named(keep: bool) -> None:
    trimmed = {"required": ["a"], "properties": {"a": {"type": "string", "pattern": "^x$"}}}
    schema = listed("r", definition=trimmed, remediation=[{"trim": "a"}], keep_original=keep)

    chunk = judge_all(
        engine_of(schema),
        b'{"_schema":"r","a":"x"}',
        b'{"_schema":"r","a":" x"}',
        b'{"_schema":"r"}',
    )

    assert [outcome.passed for outcome in chunk.outcomes] == [True, True, False]
    assert chunk.originals == ({1} if keep else set())
