"""Whatever bytes arrive, every record gets an outcome and nothing is raised."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataquarantine.outcomes import ErrorType
from dataquarantine.validation.engine import Engine
from dataquarantine.validation.tally import count_outcomes
from tests.unit.validation.judging import GOOD, engine_of, listed, record

RULE = {"name": "past", "expression": "timestamp <= now()"}
STEP = {"trim": "user_id"}
ENGINES = {
    source: engine_of(
        listed(key="user_id", schema_id=1, rules=[RULE], remediation=[STEP]),
        selection={"from": source},
        source="user_event",
    )
    for source in ("field", "header", "confluent", "topic")
}

NAMES = st.sampled_from(["_schema", "_schema_version", "user_id", "event_type", "timestamp", "a"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["user_event", "1.0.0", "USER123456", " USER123456", "click", "2024-01-15"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=10,
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Take the good event and overwrite, insert or cut a few bytes."""
    value = bytearray(GOOD)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(value)))
        value[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(value)


JSON = VALUES.map(lambda value: json.dumps(value).encode())
ANYTHING = st.none() | st.binary(max_size=40) | damaged() | JSON
FRAMED = ANYTHING.map(lambda value: value and b"\x00\x00\x00\x00\x01" + value)
HEADERS = st.lists(
    st.tuples(st.sampled_from(["dq-schema", "x"]), st.none() | st.binary(max_size=9))
)


def judge_and_check(engine: Engine, values: list[bytes | None], headers: Any) -> None:
    chunk = engine.judge([record(value, headers=headers) for value in values])

    assert len(chunk.outcomes) == len(chunk.keys) == len(values)
    refused = {i for i, outcome in enumerate(chunk.outcomes) if not outcome.passed}
    assert chunk.rendered.keys() <= refused
    assert not chunk.remediated.keys() & refused
    for outcome in chunk.outcomes:
        assert outcome.passed or (outcome.error_message and outcome.violations)
        assert outcome.error_type is not ErrorType.VALIDATOR_ERROR
    for body in [*chunk.rendered.values(), *chunk.remediated.values()]:
        json.loads(body.removeprefix(b"\x00\x00\x00\x00\x01"))
    assert count_outcomes(chunk).seen == len(values)


@pytest.mark.parametrize("source", ENGINES)
@given(values=st.lists(ANYTHING | FRAMED, max_size=4), headers=HEADERS | st.just([]))
def test_every_record_gets_an_outcome(
    source: str, values: list[bytes | None], headers: list[tuple[str, bytes | None]]
) -> None:
    judge_and_check(ENGINES[source], values, headers)
