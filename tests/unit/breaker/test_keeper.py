"""The writer of the tables counts on nothing that its own changelog may have set back."""

from __future__ import annotations

import msgspec

from dataquarantine.breaker.keeper import BreakerKeeper
from dataquarantine.breaker.states import BreakerState, Reset, Trip, read_breaker
from dataquarantine.settings import BreakerSettings
from dataquarantine.testing import ManualClock
from tests.unit.breaker.entries import START, entry

TOPIC = "raw-events"
TRIP = Trip(topic=TOPIC, worker="host/0", seen=1000, bad=1000, at=START)
RESET = Reset(topic=TOPIC, who="ann", why="known", at=START, admit=300)


class Behind(dict[bytes, bytes]):
    """A global table that has read an older row of its own changelog back."""

    newest: bytes | None = None

    def __setitem__(self, key: bytes, value: bytes) -> None:
        super().__setitem__(key, self.newest or value)
        self.newest = value


def keeper(breakers: dict[bytes, bytes], windows: dict[bytes, bytes]) -> BreakerKeeper:
    settings = BreakerSettings(trial_records=100, window_s=60)
    return BreakerKeeper(settings, [TOPIC], windows, breakers, ManualClock(START))


def fold(watched: BreakerKeeper, at_s: float, *, seen: int, bad: int) -> None:
    watched.fold(msgspec.json.encode(entry(at_s, seen, bad)))


def admit(watched: BreakerKeeper) -> None:
    """Open, reset, and read the backlog of 300 in three entries."""
    watched.control(msgspec.json.encode(TRIP))
    watched.control(msgspec.json.encode(RESET))
    for number in range(3):
        fold(watched, number + 1, seen=100, bad=100)


def test_a_row_that_comes_back_older_loses_no_count() -> None:
    breakers = Behind()
    watched = keeper(breakers, {})

    admit(watched)
    fold(watched, 4, seen=100, bad=0)

    assert read_breaker(TOPIC, breakers.newest).state is BreakerState.CLOSED


def test_a_new_writer_goes_on_from_what_the_last_one_wrote() -> None:
    windows: dict[bytes, bytes] = {}
    breakers: dict[bytes, bytes] = {}
    admit(keeper(breakers, windows))

    after = keeper(breakers, windows)
    fold(after, 4, seen=100, bad=0)

    assert after.breaker(TOPIC).state is BreakerState.CLOSED


def test_what_the_others_do_not_know_is_told_again() -> None:
    windows: dict[bytes, bytes] = {}
    admit(keeper({}, windows))
    breakers: dict[bytes, bytes] = {}

    fold(keeper(breakers, windows), 4, seen=1, bad=0)

    told = keeper(breakers, {}).breaker(TOPIC)
    assert (told.state, told.seen) == (BreakerState.HALF_OPEN, 1)
