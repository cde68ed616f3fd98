"""How soon a fetch follows the one before."""

from __future__ import annotations

import pytest

from dataquarantine.stream.fetch_pause import FEW_RECORDS, PAUSE_S, FetchPause
from dataquarantine.testing import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def pause(clock: ManualClock) -> FetchPause:
    return FetchPause(clock.monotonic)


def test_the_first_fetch_waits_for_nothing(pause: FetchPause) -> None:
    assert pause.left_s == 0


def test_few_records_are_followed_by_a_pause_that_ends(
    pause: FetchPause, clock: ManualClock
) -> None:
    pause.fetched(3)
    assert pause.left_s == pytest.approx(PAUSE_S)

    clock.advance(2 * PAUSE_S)
    assert pause.left_s == 0


@pytest.mark.parametrize("count", [0, FEW_RECORDS], ids=["nothing", "a backlog"])
def test_nothing_and_a_backlog_are_followed_by_none(pause: FetchPause, count: int) -> None:
    pause.fetched(count)
    assert pause.left_s == 0
