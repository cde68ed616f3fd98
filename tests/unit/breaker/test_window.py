"""When a window of the ledger trips the breaker; time is the entries' own."""

from __future__ import annotations

import msgspec
import pytest

from dataquarantine.breaker.window import ErrorWindow
from dataquarantine.settings import BreakerSettings
from tests.unit.breaker.entries import entry

SETTINGS = BreakerSettings(min_records=1000)


def tripped_at(series: list[tuple[float, int, int]]) -> float | None:
    """Fold (second, seen, bad) and tell when it tripped first."""
    window = ErrorWindow()
    for at_s, seen, bad in series:
        window.fold(entry(at_s, seen, bad), SETTINGS)
        if window.trips(SETTINGS):
            return at_s
    return None


@pytest.mark.parametrize(
    ("series", "at_s"),
    [
        pytest.param([(s, 100, 60) for s in range(0, 400, 10)], 300, id="bad for five minutes"),
        pytest.param([(s, 100, 60) for s in range(0, 300, 10)], None, id="a bucket less"),
        pytest.param([(s, 100, 50) for s in range(0, 900, 10)], None, id="half is not above"),
        pytest.param(
            [(s, 100, 10 if s == 200 else 90) for s in range(0, 900, 10)], 510,
            id="one good bucket begins the run anew",
        ),
        pytest.param(
            [(s, 100, 90) for s in (*range(0, 100, 10), *range(400, 500, 10))], 400,
            id="empty buckets don't end a run",
        ),
        pytest.param([(s, 10, 9) for s in range(0, 600, 10)], None, id="too few records"),
        pytest.param([(s, 10, 9) for s in range(0, 1200, 10)], 990, id="few records, long"),
        pytest.param([(s, 0, 0) for s in range(0, 900, 10)], None, id="no records at all"),
        pytest.param(
            [(s / 2, 100, 100 if s % 20 < 11 else 0) for s in range(0, 700)], 300,
            id="a bucket counts as a whole",
        ),
    ],
)  # fmt: skip
def test_the_window_trips(series: list[tuple[float, int, int]], at_s: float | None) -> None:
    assert tripped_at(series) == at_s


def test_a_range_that_is_read_again_counts_once() -> None:
    window = ErrorWindow()

    assert window.fold(entry(1, 100, 90, next_offset=100), SETTINGS)
    assert not window.fold(entry(2, 100, 90, next_offset=100), SETTINGS)
    assert window.fold(entry(2, 100, 90, next_offset=100, partition=1), SETTINGS)

    assert (window.total_seen, window.total_bad) == (200, 180)


def test_a_late_entry_counts_in_the_present_bucket() -> None:
    window = ErrorWindow()
    window.fold(entry(20, 10, 10), SETTINGS)
    window.fold(entry(5, 10, 10, next_offset=2_000_000), SETTINGS)

    assert (window.seen, window.run_seen) == (20, 0)


def test_a_cleared_window_starts_anew_but_knows_what_it_counted() -> None:
    window = ErrorWindow()
    window.fold(entry(0, 100, 90, next_offset=100), SETTINGS)
    window.clear()

    assert not window.fold(entry(400, 100, 90, next_offset=100), SETTINGS)
    assert (window.total_seen, window.bad_since) == (0, None)


def test_a_window_survives_the_table() -> None:
    window = ErrorWindow()
    for at_s in range(0, 50, 10):
        window.fold(entry(at_s, 100, 90), SETTINGS)

    assert msgspec.json.decode(msgspec.json.encode(window), type=ErrorWindow) == window
