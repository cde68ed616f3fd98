"""What the benchmarks compute from their measurements."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.check import verdict
from benchmarks.dry_run import moved
from benchmarks.latency import quantiles
from benchmarks.processes import PAGE, Tree
from benchmarks.report import from_curves, put, table, throughput
from benchmarks.throughput import spread

BASELINE = {"cpu_to_loop": {"median": 1.5}, "at": "2026-01-01T00:00:00+00:00"}


@pytest.mark.parametrize(
    ("ratio", "passes"),
    [
        pytest.param(1.2, True, id="cheaper"),
        pytest.param(1.64, True, id="nine-percent-dearer"),
        pytest.param(1.66, False, id="eleven-percent-dearer"),
    ],
)
def test_the_gate_allows_ten_percent(ratio: float, passes: bool) -> None:
    said, passed = verdict(ratio, BASELINE)

    assert passed is passes
    assert "baseline 1.50" in said


def test_quantiles_are_in_milliseconds() -> None:
    found = quantiles([n / 1000 for n in range(1000, 0, -1)])

    assert (found["p50"], found["p99"], found["n"]) == (501.0, 991.0, 1000)
    assert quantiles([]) == {"n": 0}


def test_what_a_dry_run_moves_is_told_by_medians() -> None:
    pairs = [(False, 10.0), (True, 12.0), (False, 11.0), (True, 99.0), (False, 9.0), (True, 11.0)]

    rounds = [{"is_dry": is_dry, "p99": p99} for is_dry, p99 in pairs]

    assert moved(rounds) == pytest.approx(0.2)


def test_spread_keeps_what_a_reader_needs() -> None:
    assert spread([100_000.4, 120_000.0, 90_000.0]) == {
        "median": 100_000.0,
        "min": 90_000.0,
        "max": 120_000.0,
    }


def test_a_section_of_the_page_is_replaced_and_no_other() -> None:
    page = "a\n<!-- bench:x -->\nold\n<!-- /bench -->\nb\n"

    assert put(page, "x", "new") == "a\n<!-- bench:x -->\n\nnew\n<!-- /bench -->\nb\n"
    with pytest.raises(ValueError, match="bench:y"):
        put(page, "y", "new")


def test_throughput_names_every_contender_and_the_conditions() -> None:
    one = {"median": 2.0, "min": 1.0, "max": 3.0}
    found = {"records_per_s": one, "cpu_us_per_record": one, "peak_rss_mb": 10}
    report = {
        **{"at": "2026-01-02T03:04:05+00:00", "machine": "a machine", "python": "3.11"},
        **{"broker": "a broker", "versions": {"lib": "1"}, "records": 5, "runs": [[], []]},
        "medians": {"gateway": found, "loop": found},
        "gateway_to": {"loop": {"records_per_s": one, "cpu": one}},
        "pair_to": {"loop": {"records_per_s": {**one, "median": 2.5}, "cpu": one}},
    }

    text = throughput(report)

    assert text.splitlines()[2:4] == [
        "| gateway | 2 (1-3) | 2.0 (1.0-3.0) | 10 |  |  |  |",
        "| loop | 2 (1-3) | 2.0 (1.0-3.0) | 10 | 2.00 x | 2.00 x | 2.50 x |",
    ]
    assert "2026-01-02; a machine" in text


def test_tables_are_markdown() -> None:
    assert table(("", "s"), [("a", "1")]) == "|  | s |\n|---|--:|\n| a | 1 |"


def test_the_capacity_model_takes_refused_records_at_their_dearest() -> None:
    costs = {("invalid", 0.0): 6.0, ("invalid", 0.02): 9.0, ("invalid", 1.0): 56.0}

    found = from_curves(costs)

    assert found == {"valid_us": 6.0, "invalid_us": pytest.approx(150.0)}


CHILD = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
PARENT = f"""
import subprocess, sys, threading
ended = threading.Event()
def start():
    subprocess.Popen([sys.executable, "-c", {CHILD!r}])
    ended.wait()
threading.Thread(target=start).start()
"""


def test_a_tree_has_the_children_that_any_thread_started() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        together = Tree([parent.pid]).rss_mb()
        apart = Tree([child]).rss_mb() + _rss_mb(parent.pid)
        os.kill(child, signal.SIGKILL)
        parent.kill()

    assert together == pytest.approx(apart, rel=0.05)


def _rss_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 2**20
