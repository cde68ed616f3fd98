import time

import msgspec
import pytest

from dataquarantine.outcomes import Code, ErrorType, ValidationResult
from dataquarantine.records import SourceRecord
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.settings import PipelineSettings
from dataquarantine.validation.isolation import (
    EngineRecipe,
    IsolationFailed,
    Limits,
    judge_isolated,
)
from tests.unit.isolation.engines import ObedientEngine, deadly_engine, no_engine

FAST = Limits(cpu_s=1, wall_s=60, memory_bytes=64 * 2**20)
IMPATIENT = msgspec.structs.replace(FAST, wall_s=1)


def records(*values: bytes) -> list[SourceRecord]:
    return [
        SourceRecord(value, offset=offset, key=b"k", headers=[("h", b"\xff"), ("n", None)])
        for offset, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("deed", "how"),
    [
        pytest.param(b"segfault", "ended its process (SIGSEGV)", id="native-crash"),
        pytest.param(b"abort", "ended its process (SIGABRT)", id="abort"),
        pytest.param(b"exit", "ended its process (exit code 3)", id="exit"),
        pytest.param(b"spin", "took more than 1 s of processor time", id="endless-loop"),
        pytest.param(b"sleep", "took more than 1 s", id="endless-wait"),
        pytest.param(b"eat", "ended its process (SIGABRT)", id="memory"),
    ],
)
def test_poison_is_found_and_the_others_are_judged(deed: bytes, how: str) -> None:
    started = time.monotonic()
    limits = IMPATIENT if deed == b"sleep" else FAST

    chunk = judge_isolated(records(b"a", deed, b"b", b"c"), ObedientEngine, limits)

    results = [outcome.result for outcome in chunk.outcomes]
    assert results == [
        ValidationResult.VALID,
        ValidationResult.ERROR,
        ValidationResult.VALID,
        ValidationResult.VALID,
    ]
    poison = chunk.outcomes[1]
    assert poison.error_type is ErrorType.VALIDATOR_ERROR
    assert [v.code for v in poison.violations] == [Code.POISON]
    assert poison.error_message == f"judging this record {how}"
    assert chunk.keys == [b"k"] * 4
    assert chunk.remediated == {0: b"new", 2: b"new", 3: b"new"}
    assert time.monotonic() - started < 90


def test_record_that_breaks_a_later_one_costs_neither() -> None:
    chunk = judge_isolated(records(b"break", b"a", b"b"), ObedientEngine, FAST)

    assert [outcome.result for outcome in chunk.outcomes] == [ValidationResult.VALID] * 3


def test_output_of_a_record_does_not_disturb() -> None:
    chunk = judge_isolated(records(b"print", b"a"), ObedientEngine, FAST)

    assert [outcome.result for outcome in chunk.outcomes] == [ValidationResult.VALID] * 2


def test_no_records_need_no_child() -> None:
    assert judge_isolated([], no_engine, FAST).outcomes == []


@pytest.mark.parametrize(
    ("make_engine", "reason"),
    [
        pytest.param(no_engine, "ValueError: no such schema folder", id="raises"),
        pytest.param(deadly_engine, "ended its process", id="dies"),
    ],
)
def test_engine_that_can_not_be_made_is_no_fault_of_a_record(
    make_engine: type[ObedientEngine], reason: str
) -> None:
    with pytest.raises(IsolationFailed, match=reason):
        judge_isolated(records(b"a"), make_engine, FAST)


def test_real_engine_judges_as_it_does_here() -> None:
    document = SchemaDocument.model_validate(
        {
            "name": "user_event",
            "version": "1.0.0",
            "schema": {"type": "object", "required": ["user_id"]},
        }
    )
    recipe = EngineRecipe((ListedSchema(document),), PipelineSettings())
    chunk_records = records(
        b'{"_schema": "user_event", "user_id": "u"}', b'{"_schema": "user_event"}', b"{", b""
    )

    isolated = judge_isolated(chunk_records, recipe)

    here = recipe().judge(chunk_records)
    assert isolated == here
