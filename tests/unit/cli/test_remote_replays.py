"""How far back a backtest through the API looks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dataquarantine.cli.remote_replays import span


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(timedelta(seconds=1), "1m", id="never none"),
        pytest.param(timedelta(minutes=90), "90m", id="whole"),
        pytest.param(timedelta(minutes=90, seconds=1), "91m", id="rounded up"),
        pytest.param(timedelta(days=7), "168h", id="more minutes than four digits hold"),
        pytest.param(timedelta(days=7, microseconds=900), "168h", id="the time a call takes"),
        pytest.param(timedelta(days=4000), "4000d", id="years"),
        pytest.param(timedelta(days=40_000), "9999d", id="more than may be asked"),
    ],
)
def test_a_time_is_said_in_the_finest_unit_that_holds_it(age: timedelta, expected: str) -> None:
    assert span(age) == expected
