from dataquarantine.outcomes import (
    TOMBSTONE_FORWARDED,
    Code,
    ErrorType,
    JudgedChunk,
    ValidationOutcome,
    ValidationResult,
)
from dataquarantine.validation.tally import UNKNOWN, Tally, count_outcomes
from tests.unit.validation.judging import GOOD, engine_of, judge_all, listed

RULE = {"name": "small", "expression": "amount < 10", "severity": "warn"}
AMOUNT = {"type": "object", "properties": {"amount": {"type": "integer"}}}
CLOSED = {
    "type": "object",
    "properties": {"id": {"type": "integer"}},
    "additionalProperties": False,
}
MISSING = b'{"_schema":"user_event","event_type":"view","timestamp":"never"}'


def count(*values: bytes | None) -> Tally:
    schemas = (
        listed(),
        listed("w", "2.0.0", AMOUNT, rules=[RULE]),
        listed("r", "1.0.0", CLOSED, remediation=[{"drop_unknown": True}]),
    )
    return count_outcomes(judge_all(engine_of(*schemas), *values))


def test_an_empty_chunk_counts_nothing() -> None:
    assert count_outcomes(JudgedChunk([], [])) == Tally()


def test_every_record_is_counted_once() -> None:
    tally = count(GOOD, GOOD, None, MISSING, b"", b'{"_schema":"gone"}', b'{"_schema":"r","x":1}')

    assert tally.seen == 7
    assert (tally.valid, tally.invalid, tally.error) == (3, 2, 1)
    assert (tally.tombstones_forwarded, tally.remediated) == (1, 1)
    assert tally.seen == (tally.valid + tally.invalid + tally.error + tally.tombstones_forwarded)


def test_schemas_are_counted_by_version() -> None:
    tally = count(GOOD, MISSING, MISSING, b'{"_schema":"r","x":1}')

    seed, repaired = tally.schemas["user_event@1.0.0"], tally.schemas["r@1.0.0"]
    assert (seed.name, seed.version) == ("user_event", "1.0.0")
    assert (seed.processed, seed.valid, seed.remediated) == (3, 1, 0)
    assert seed.error_types == {ErrorType.SCHEMA_VIOLATION: 2}
    assert seed.codes == {Code.MISSING_FIELD: 2}
    assert seed.violations == {Code.MISSING_FIELD: 2, Code.FORMAT_MISMATCH: 2}
    assert (repaired.processed, repaired.valid, repaired.remediated) == (1, 1, 1)


def test_a_senders_word_is_no_label() -> None:
    tally = count(b'{"_schema":"alice"}', b'{"_schema":"user_event@9.9.9"}', b"nope", b"{}")

    assert list(tally.schemas) == [UNKNOWN]
    unknown = tally.schemas[UNKNOWN]
    assert (unknown.name, unknown.version, unknown.processed) == (UNKNOWN, None, 4)
    assert unknown.error_types == {
        ErrorType.SCHEMA_NOT_FOUND: 2,
        ErrorType.MALFORMED_PAYLOAD: 1,
        ErrorType.SCHEMA_MISSING: 1,
    }


def test_warnings_count_though_the_record_passes() -> None:
    schema = count(b'{"_schema":"w","amount":11}').schemas["w@2.0.0"]

    assert (schema.valid, schema.error_types, schema.codes) == (1, {}, {})
    assert schema.violations == {Code.RULE_FAILED: 1}


def test_equal_outcomes_that_are_not_shared_add_up() -> None:
    outcomes = [
        ValidationOutcome(ValidationResult.VALID, schema_name="a", schema_version="1.0.0")
        for _ in range(3)
    ]

    tally = count_outcomes(JudgedChunk([*outcomes, TOMBSTONE_FORWARDED], [None] * 4))

    assert tally.valid == tally.schemas["a@1.0.0"].processed == 3
    assert tally.tombstones_forwarded == 1
