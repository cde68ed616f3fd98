"""Ranges of offsets that grow together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataquarantine.audit.intervals import Intervals, Span

SPANS = st.tuples(st.integers(0, 40), st.integers(1, 15)).map(lambda s: (s[0], s[0] + s[1]))


@pytest.mark.parametrize(
    ("before", "claimed", "fresh", "after"),
    [
        pytest.param([], (3, 5), [(3, 5)], [(3, 5)], id="first"),
        pytest.param([(0, 3)], (3, 5), [(3, 5)], [(0, 5)], id="touching"),
        pytest.param([(0, 9)], (3, 5), [], [(0, 9)], id="inside"),
        pytest.param([(2, 4)], (0, 9), [(0, 2), (4, 9)], [(0, 9)], id="around"),
        pytest.param([(0, 3), (5, 8)], (2, 6), [(3, 5)], [(0, 8)], id="bridging"),
    ],
)
def test_claiming_tells_what_is_new(
    before: list[Span], claimed: Span, fresh: list[Span], after: list[Span]
) -> None:
    intervals = Intervals()
    for span in before:
        intervals.claim(*span)

    assert intervals.claim(*claimed) == fresh
    assert list(intervals) == after


@given(st.lists(SPANS))
def test_intervals_hold_what_a_set_would(spans: list[Span]) -> None:
    intervals, offsets = Intervals(), set[int]()
    for first, end in spans:
        fresh = {o for low, high in intervals.claim(first, end) for o in range(low, high)}
        assert fresh == set(range(first, end)) - offsets
        offsets |= set(range(first, end))

    assert len(intervals) == len(offsets)
    missing = {o for low, high in intervals.missing(0, 60) for o in range(low, high)}
    assert missing == set(range(60)) - offsets
