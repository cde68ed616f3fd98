"""Work beside the flow stays behind it."""

from __future__ import annotations

import os

import pytest

from dataquarantine.replay.beside import LONGEST_REST_S, NICENESS, rest_s, run_beside


def _where() -> tuple[int, bool]:
    """Say how nice this process is, and whether it leads a session of its own."""
    return os.getpriority(os.PRIO_PROCESS, 0), os.getsid(0) == os.getpid()


def test_it_is_done_by_a_nice_process_in_a_session_of_its_own() -> None:
    assert run_beside(_where) == (NICENESS, True)


@pytest.mark.parametrize(("worked_s", "rested_s"), [(0.0, 0.0), (0.05, 0.15), (9, LONGEST_REST_S)])
def test_rests_are_longer_than_the_work_and_bounded(worked_s: float, rested_s: float) -> None:
    assert rest_s(worked_s) == pytest.approx(rested_s)
