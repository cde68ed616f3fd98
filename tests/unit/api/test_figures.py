"""The cluster's figures, folded from the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from dataquarantine.api.figures import LatencyFigures, LedgerFigures
from dataquarantine.audit.entry import LedgerEntry

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
INF = float("inf")


def entry(first: int, end: int, *, ago_s: float = 10, bad: int = 0, topic: str = "raw") -> bytes:
    """Write an entry about `end - first` records."""
    seen = end - first
    return msgspec.json.encode(
        LedgerEntry(
            topic=topic,
            partition=0,
            generation=1,
            first_offset=first,
            next_offset=end,
            seen=seen,
            valid=seen - bad,
            invalid=bad,
            error=0,
            tombstone_forwarded=0,
            remediated=0,
            unjudged=0,
            expired=0,
            schemas={},
            codes={"NOT_JSON": bad} if bad else {},
            mode="enforce",
            worker="w",
            gateway_version="1",
            at=NOW - timedelta(seconds=ago_s),
        )
    )


def folded(*entries: bytes) -> LedgerFigures:
    figures = LedgerFigures(["raw"])
    for each in entries:
        figures.fold(each)
    return figures


def test_a_range_that_is_read_again_counts_once() -> None:
    figures = folded(entry(0, 100, bad=10), entry(0, 100, bad=10), entry(100, 160, bad=5))

    assert figures.totals()["seen"] == 160
    assert figures.totals()["invalid"] == 15
    assert figures.codes() == [{"code": "NOT_JSON", "count": 15}]


def test_other_gateways_and_other_records_do_not_count() -> None:
    assert folded(entry(0, 9, topic="theirs"), b"{}", b"").totals()["seen"] == 0


def test_rates_are_of_the_last_minute() -> None:
    figures = folded(entry(0, 600, ago_s=90), entry(600, 900, ago_s=30))

    assert figures.rates(NOW)["valid"] == 5.0


def test_the_series_has_every_step_also_empty_ones() -> None:
    series = folded(entry(0, 50, ago_s=12)).series(NOW)

    assert len(series) == 72
    assert [point["valid"] for point in series[-4:]] == [0, 10.0, 0, 0]


def test_what_is_older_than_an_hour_is_forgotten() -> None:
    figures = folded(entry(0, 10, ago_s=4000), entry(10, 30, ago_s=60))

    figures.forget(NOW)

    assert figures.totals()["seen"] == 20


def test_entries_of_a_slow_clock_find_their_step() -> None:
    figures = folded(entry(0, 10, ago_s=5), entry(10, 20, ago_s=50), entry(20, 30, ago_s=50))

    assert [point["valid"] for point in figures.series(NOW) if point["valid"]] == [4.0, 2.0]


def test_latency_is_of_the_last_minute() -> None:
    figures = LatencyFigures()
    figures.observe(0, [0.01, 0.1, INF], [1000, 1000, 1000])

    found = figures.observe(30, [0.01, 0.1, INF], [1000, 1100, 1100])

    assert found is not None
    assert [bucket["count"] for bucket in found["buckets"]] == [0, 100, 0]  # type: ignore[attr-defined]  # a list
    assert found["p50_ms"] == pytest.approx(55)


def test_latency_above_the_last_bucket_is_unknown() -> None:
    found = LatencyFigures().observe(0, [0.01, INF], [0, 10])

    assert found is not None
    assert (found["p50_ms"], found["p99_ms"]) == (None, None)


def test_without_measurements_there_is_no_latency() -> None:
    assert LatencyFigures().observe(0, [0.01, INF], [0, 0]) is None


def test_a_histogram_that_was_watched_before_its_first_observation_is_shown() -> None:
    figures = LatencyFigures()
    assert figures.observe(0, [], []) is None
    assert figures.observe(2, [0.01, INF], [10, 10]) is not None
