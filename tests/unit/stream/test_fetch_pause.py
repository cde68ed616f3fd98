"""How soon a fetch follows the one before."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from dataquarantine.stream.fetch_pause import (
    FEW_RECORDS,
    PAUSE_S,
    SPACING_S,
    FetchPause,
    hold_fetches,
)
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


def test_what_other_brokers_answer_is_taken_before_the_pause_ends(
    pause: FetchPause, clock: ManualClock
) -> None:
    pause.fetched(3)
    assert pause.spacing_left_s == pytest.approx(SPACING_S)

    clock.advance(SPACING_S)
    assert pause.spacing_left_s == pytest.approx(0)
    assert pause.left_s > 0


@pytest.mark.parametrize("count", [0, FEW_RECORDS], ids=["nothing", "a backlog"])
def test_nothing_and_a_backlog_are_followed_by_none(pause: FetchPause, count: int) -> None:
    pause.fetched(count)
    assert pause.left_s == 0


class Asking:
    """Stands for aiokafka's fetcher: notes when it would ask the broker."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def _proc_fetch_request(self, assignment: Any, node_id: int, request: Any) -> bool:
        self.asked.append((node_id, request))
        return True


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> list[float]:
    found: list[float] = []

    async def sleep(seconds: float) -> None:
        found.append(seconds)
        clock.advance(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return found


def ask(fetcher: Asking, *, is_active: bool = True) -> bool:
    assignment = SimpleNamespace(active=is_active)
    return asyncio.run(fetcher._proc_fetch_request(assignment, 1, "request"))  # noqa: SLF001


def test_the_broker_is_asked_when_the_pause_is_over(pause: FetchPause, slept: list[float]) -> None:
    fetcher = Asking()
    hold_fetches(fetcher, pause)
    pause.fetched(3)

    assert ask(fetcher)

    assert slept == [pytest.approx(PAUSE_S)]
    assert fetcher.asked == [(1, "request")]


def test_nobody_is_asked_for_partitions_that_went_meanwhile(
    pause: FetchPause, slept: list[float]
) -> None:
    fetcher = Asking()
    hold_fetches(fetcher, pause)

    assert not ask(fetcher, is_active=False)
    assert fetcher.asked == []


def test_a_fetch_that_is_called_off_in_its_pause_ends_quietly(
    pause: FetchPause, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def called_off(seconds: float) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(asyncio, "sleep", called_off)
    fetcher = Asking()
    hold_fetches(fetcher, pause)

    assert not ask(fetcher)
    assert fetcher.asked == []
