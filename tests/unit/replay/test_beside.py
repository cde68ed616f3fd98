"""Work beside the flow stays behind it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from dataquarantine.replay import beside
from dataquarantine.replay.beside import (
    LONGEST_REST_S,
    NICENESS,
    give_way,
    rest_s,
    run_beside,
    starves,
)


def _where() -> tuple[int, bool]:
    """Say how nice this process is, and whether it leads a session of its own."""
    return os.getpriority(os.PRIO_PROCESS, 0), os.getsid(0) == os.getpid()


def test_it_is_done_by_a_nice_process_in_a_session_of_its_own() -> None:
    assert run_beside(_where) == (NICENESS, True)


@pytest.mark.parametrize(("worked_s", "rested_s"), [(0.0, 0.0), (0.05, 0.15), (9, LONGEST_REST_S)])
def test_rests_are_longer_than_the_work_and_bounded(worked_s: float, rested_s: float) -> None:
    assert rest_s(worked_s) == pytest.approx(rested_s)


@pytest.fixture
def pair() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two processes that share one processor and never rest; of a session, or both get a half."""
    [processor, *_] = os.sched_getaffinity(0)
    endless = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(endless) for _ in range(2)]
    for each in processes:
        os.sched_setaffinity(each.pid, {processor})
    yield processes
    for each in processes:
        each.kill()
        each.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="classes of the scheduler are Linux's")
def test_who_gives_way_starves_beside_a_busy_process(
    pair: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "PATIENCE_S", 0.5)
    first, second = (each.pid for each in pair)
    give_way(second)

    deadline = time.monotonic() + 60
    while not starves(second) and time.monotonic() < deadline:
        os.sched_yield()

    assert os.sched_getscheduler(second) == os.SCHED_IDLE
    assert (starves(first), starves(second)) == (False, True)


def test_a_process_that_ended_does_not_starve() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()

    assert not starves(ended.pid)
    give_way(ended.pid)  # it may have ended in between
