"""A short run, and what the suite itself promises; CHAOS_* choose another run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.arena import Arena, open_arena
from tests.chaos.report import page, record
from tests.chaos.run import Outcome, run
from tests.chaos.schedule import KINDS, schedule
from tests.integration.conftest import require_kafka

SEED = int(os.environ.get("CHAOS_SEED", "64"))
SECONDS = int(os.environ.get("CHAOS_SECONDS", "60"))
DELIVERY = os.environ.get("CHAOS_DELIVERY", "exactly_once")
RATE = int(os.environ.get("CHAOS_RATE", "500"))


@pytest.fixture(scope="module")
def arena() -> Iterator[Arena]:
    require_kafka()
    with open_arena() as arena:
        yield arena


@pytest.mark.alone
@pytest.mark.kafka
@pytest.mark.timeout(SECONDS + 600)
def test_nothing_is_lost_whatever_breaks(arena: Arena, tmp_path: Path) -> None:
    outcome = run(arena, tmp_path, seed=SEED, delivery=DELIVERY, seconds=SECONDS, rate=RATE)

    print(outcome.check, outcome.faults)
    assert outcome.problems == []


def test_a_seed_makes_the_same_schedule_every_time() -> None:
    assert schedule(3, 180) == schedule(3, 180)
    assert schedule(3, 180) != schedule(4, 180)


@pytest.mark.parametrize("seed", range(20))
def test_a_long_run_has_kills_and_a_broker_restart_and_a_rebalance(seed: int) -> None:
    kinds = [fault.kind for fault in schedule(seed, 200)]

    assert kinds.count("worker killed") >= 3
    assert {"broker restarted", "scaled 1-3-1"} <= set(kinds)
    assert set(kinds) == set(KINDS)


def test_a_run_is_recorded_as_the_page_reads_it(tmp_path: Path) -> None:
    check = {"records": 7, "duplicates": 0, "missing_rows": 0}
    outcome = Outcome(3, "exactly_once", 180, {"slow S3": 2}, check, {"clean": True}, exits=0)

    record(outcome, tmp_path / "results.jsonl")
    run = json.loads((tmp_path / "results.jsonl").read_text())

    assert "| 3 | `exactly_once` | 180 | 7 | 2 | 0 | 0 | clean |" in page([run])


def test_the_page_counts_runs_and_faults() -> None:
    check = {"records": 1000, "duplicates": 2, "missing_rows": 0}
    made = page(
        [
            {
                "seed": 5,
                "delivery": "exactly_once",
                "seconds": 180,
                "faults": {"S3 stopped": 2},
                "check": check,
                "audit": {"clean": True},
            }
        ]
    )

    assert "| 5 | `exactly_once` | 180 | 1,000 | 2 | 2 | 0 | clean |" in made
    assert "| S3 stopped | 2 |" in made


def test_a_run_that_did_not_settle_is_a_problem() -> None:
    outcome = Outcome(3, "at_least_once", 180, audit={"clean": True}, unsettled="7 rows")

    assert outcome.problems == ["unsettled: 7 rows"]
