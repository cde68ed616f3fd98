"""What a worker stops by itself, before it is produced."""

from __future__ import annotations

import pytest

from dataquarantine.breaker.flood import FLOOD, FloodGuard, FloodWindow
from dataquarantine.outcomes import (
    Code,
    ErrorType,
    JudgedChunk,
    ValidationOutcome,
    ValidationResult,
    Violation,
    rejected,
)
from dataquarantine.records import SourceRecord, TopicPartition
from dataquarantine.settings import BreakerSettings
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.gate import Allowance, Gate
from dataquarantine.stream.owner import PartitionOwner
from dataquarantine.testing import ManualClock
from dataquarantine.validation.tally import count_outcomes

TP = TopicPartition("raw-events", 3)
SETTINGS = BreakerSettings(flood_records=100, flood_window_s=30, sample_records=4)
GOOD = ValidationOutcome(ValidationResult.VALID, schema_name="user_event", schema_version="1.0.0")
BAD = rejected(
    ErrorType.SCHEMA_VIOLATION,
    [Violation(Code.MISSING_FIELD, "required", "'user_id' is a required property", "user_id")],
    schema_name="user_event",
    schema_version="1.0.0",
)


@pytest.mark.parametrize(
    ("chunks", "trips"),
    [
        pytest.param([(0, 99, 99)], False, id="too few"),
        pytest.param([(0, 100, 100)], True, id="enough, all bad"),
        pytest.param([(0, 100, 95)], True, id="exactly the share"),
        pytest.param([(0, 100, 94)], False, id="below the share"),
        pytest.param([(0, 50, 50), (31, 50, 50)], False, id="too slow"),
        pytest.param([(0, 50, 50), (29, 50, 50)], True, id="just within the window"),
        pytest.param([(0, 5000, 0), (1, 60, 60), (2, 60, 60)], True, id="only the last count"),
    ],
)
def test_the_last_records_decide(chunks: list[tuple[float, int, int]], trips: bool) -> None:
    window = FloodWindow(SETTINGS)

    found = [window.add(at, seen, bad) for at, seen, bad in chunks]

    assert found[-1] is trips
    assert not any(found[:-1])


@pytest.fixture
def gate() -> Gate:
    return Gate([([TP.topic], Allowance(1_000_000, 100))])


@pytest.fixture
def guard(gate: Gate) -> FloodGuard:
    return FloodGuard(SETTINGS, [TP.topic], gate, ManualClock(), "host/0")


def note(guard: FloodGuard, outcomes: list[ValidationOutcome], first_offset: int = 0) -> None:
    """Have a judged chunk counted."""
    records = [SourceRecord(b"{}", offset=first_offset + n) for n in range(len(outcomes))]
    chunk = Chunk(records, PartitionOwner(TP, 1, Allowance(1, 1)))
    judged = JudgedChunk(outcomes, [None] * len(outcomes))
    chunk.tally = count_outcomes(judged)
    guard.note(chunk, judged)


def test_a_flood_holds_its_source_and_withholds_what_is_judged(
    guard: FloodGuard, gate: Gate
) -> None:
    note(guard, [BAD] * 60)
    assert not guard.withholds(TP.topic)

    note(guard, [BAD, GOOD] + [BAD] * 40, first_offset=60)

    assert guard.withholds(TP.topic)
    assert gate.reasons(TP.topic) == {FLOOD}
    trip = guard.trip(TP.topic)
    assert trip is not None
    assert (trip.worker, trip.seen, trip.bad) == ("host/0", 102, 101)
    assert (trip.schemas, trip.codes) == (("user_event@1.0.0",), {"MISSING_FIELD": 41})
    assert [(s.partition, s.offset) for s in trip.sample] == [(3, 60), (3, 71), (3, 81), (3, 91)]
    assert trip.sample[0].message == "'user_id' is a required property"


def test_an_answered_trip_begins_to_count_anew(guard: FloodGuard, gate: Gate) -> None:
    note(guard, [BAD] * 100)
    guard.dropped(TP.topic)
    guard.answered(TP.topic)
    note(guard, [BAD] * 99)

    assert guard.trip(TP.topic) is None
    assert not gate.reasons(TP.topic)


def test_a_backlog_that_is_let_in_on_purpose_is_no_flood(guard: FloodGuard) -> None:
    guard.admit(TP.topic, True)
    note(guard, [BAD] * 500)
    assert guard.trip(TP.topic) is None

    guard.admit(TP.topic, False)
    note(guard, [BAD] * 100)
    assert guard.trip(TP.topic) is not None
