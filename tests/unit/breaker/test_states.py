"""What moves a breaker, and what does not."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from dataquarantine.breaker.states import (
    Breaker,
    BreakerState,
    Reset,
    Trip,
    half_opened,
    opened,
    read_breaker,
    read_control,
    tried,
    tripped,
)
from dataquarantine.settings import BreakerSettings
from tests.unit.breaker.entries import START, entry

SETTINGS = BreakerSettings(trial_records=100)
CLOSED = Breaker(topic="raw-events")
OPEN = opened(CLOSED, 1000, 900, "a flood", START)
RESET = Reset(topic="raw-events", who="ann", why="mended", at=START + timedelta(minutes=5))
HALF_OPEN = half_opened(OPEN, RESET)


def test_an_open_breaker_remembers_what_opened_it() -> None:
    again = opened(OPEN, 5, 5, "another reason", START + timedelta(minutes=1))

    assert (OPEN.state, OPEN.seen, OPEN.bad, OPEN.since) == (BreakerState.OPEN, 1000, 900, START)
    assert again is OPEN


def test_only_a_reset_leaves_open_and_it_is_signed() -> None:
    assert (HALF_OPEN.state, HALF_OPEN.who, HALF_OPEN.why) == (
        BreakerState.HALF_OPEN,
        "ann",
        "mended",
    )
    assert tried(OPEN, entry(0, 100, 0), SETTINGS, START) is OPEN
    assert half_opened(CLOSED, RESET) is CLOSED


@pytest.mark.parametrize(
    ("entries", "state"),
    [
        pytest.param([(50, 0)], BreakerState.HALF_OPEN, id="too few to tell"),
        pytest.param([(50, 10), (60, 10)], BreakerState.CLOSED, id="mostly good"),
        pytest.param([(50, 40), (60, 40)], BreakerState.OPEN, id="still bad"),
        pytest.param([(100, 50)], BreakerState.CLOSED, id="exactly half is not above"),
    ],
)
def test_the_trial_decides(entries: list[tuple[int, int]], state: BreakerState) -> None:
    breaker = HALF_OPEN
    for second, (seen, bad) in enumerate(entries):
        breaker = tried(breaker, entry(second, seen, bad), SETTINGS, START)

    assert breaker.state is state
    assert breaker.who == "ann"


def test_an_admitted_backlog_passes_before_the_trial_counts() -> None:
    admitting = half_opened(OPEN, msgspec.structs.replace(RESET, admit=500))
    for second in range(5):
        admitting = tried(admitting, entry(second, 100, 100), SETTINGS, START)
    assert (admitting.state, admitting.admitted) == (BreakerState.HALF_OPEN, None)

    assert tried(admitting, entry(9, 100, 0), SETTINGS, START).state is BreakerState.CLOSED
    assert tried(admitting, entry(9, 100, 99), SETTINGS, START).state is BreakerState.OPEN


def test_requests_for_a_breaker_that_moved_change_nothing() -> None:
    trip = Trip(topic="raw-events", worker="host/0", seen=9, bad=9, at=START, codes={"X": 9})
    later = START + timedelta(minutes=9)
    closed_later = msgspec.structs.replace(CLOSED, since=later)

    assert tripped(CLOSED, trip, START).codes == {"X": 9}
    assert tripped(closed_later, trip, later) is closed_later
    assert half_opened(OPEN, msgspec.structs.replace(RESET, since=later)) is OPEN
    assert half_opened(OPEN, msgspec.structs.replace(RESET, since=OPEN.since)) is not OPEN


@pytest.mark.parametrize("value", [b"", None, b"{}", b'{"kind":"pause"}', b"nope"])
def test_control_records_of_others_are_passed_over(value: bytes | None) -> None:
    assert read_control(value) is None


def test_rows_and_control_records_read_back() -> None:
    trip = Trip(topic="raw-events", worker="host/0", seen=1, bad=1, at=START)

    assert read_breaker("raw-events", msgspec.json.encode(OPEN)) == OPEN
    assert read_breaker("raw-events", None) == CLOSED
    assert read_control(msgspec.json.encode(RESET)) == RESET
    assert read_control(msgspec.json.encode(trip)) == trip
