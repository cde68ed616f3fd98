"""Which partitions may be fetched from."""

from __future__ import annotations

import pytest

from dataquarantine.records import TopicPartition
from dataquarantine.stream.gate import Allowance, Gate, Pace, Trial

RAW = TopicPartition("raw-events", 0)
DLQ = TopicPartition("quarantine-dlq", 0)
CONTROL = TopicPartition("dataquarantine-control", 0)


@pytest.fixture
def sources() -> Allowance:
    return Allowance(max_bytes=100, max_chunks=3)


@pytest.fixture
def gate(sources: Allowance) -> Gate:
    return Gate([(["raw-events"], sources), (["quarantine-dlq"], Allowance(100, 3))])


@pytest.mark.parametrize(
    ("sizes", "is_open"),
    [
        pytest.param([], True, id="empty"),
        pytest.param([99], True, id="below"),
        pytest.param([100], False, id="bytes spent"),
        pytest.param([1, 1, 1], False, id="chunks spent"),
        pytest.param([10_000_000], False, id="one large chunk was let in"),
    ],
)
def test_a_spent_allowance_closes_its_own_topics_only(
    gate: Gate, sources: Allowance, sizes: list[int], is_open: bool
) -> None:
    for size in sizes:
        sources.take(size)

    assert gate.is_open(RAW) is is_open
    assert gate.is_open(DLQ)


def test_a_topic_opens_when_its_last_reason_is_released(gate: Gate) -> None:
    gate.hold("raw-events", "breaker")
    gate.hold("raw-events", "operator")
    gate.release("raw-events", "breaker")
    assert not gate.is_open(RAW)

    gate.release("raw-events", "operator")

    assert gate.is_open(RAW)
    assert gate.reasons("raw-events") == frozenset()


def test_topics_that_are_not_chunked_are_never_closed(gate: Gate) -> None:
    gate.hold("dataquarantine-control", "operator")

    assert "dataquarantine-control" not in gate
    assert gate.is_open(CONTROL)


def test_a_trial_ends_with_its_records(gate: Gate) -> None:
    gate.hold("raw-events", "breaker")
    gate.except_for("raw-events", Trial(0, 10))
    assert gate.is_open(RAW)
    assert not gate.is_open(TopicPartition("raw-events", 1))

    gate.hold("raw-events", "spool")
    assert not gate.is_open(RAW)

    gate.release("raw-events", "spool")
    gate.took(RAW, 10)
    assert not gate.is_open(RAW)


def test_a_pace_is_kept_over_time(gate: Gate) -> None:
    now = [0.0]
    gate.slow_down("raw-events", Pace(100, lambda: now[0]))
    gate.took(RAW, 200)
    assert not gate.is_open(RAW)

    now[0] = 2.0
    assert gate.is_open(RAW)
    gate.slow_down("raw-events", None)
    gate.took(RAW, 200)
    assert gate.is_open(RAW)
