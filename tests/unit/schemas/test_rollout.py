from __future__ import annotations

import pytest

from dataquarantine.schemas.rollout import ShadowFigures, fallback_order, is_sampled
from dataquarantine.schemas.states import MOVES, State, refused_move


def test_fallback_keeps_the_order_of_the_file_and_skips_what_does_not_judge() -> None:
    states = {
        "1.0.0": State.ENFORCED, "0.9.0": State.RETIRED, "0.8.0": State.DEPRECATED,
        "0.7.0": State.SHADOW,
    }  # fmt: skip

    order = fallback_order(["0.8.0", "0.9.0", "0.7.0", "3.0.0", "1.0.0", "0.8.0"], states)

    assert order == ("0.8.0", "1.0.0")


@pytest.mark.parametrize("sampling", [0.01, 0.1, 0.5, 1.0])
def test_sampling_takes_its_share_and_the_same_records_again(sampling: float) -> None:
    taken = [offset for offset in range(100_000) if is_sampled(offset, sampling)]

    assert len(taken) == pytest.approx(100_000 * sampling, rel=0.02)
    assert all(is_sampled(offset, sampling) for offset in taken[:50])


def test_figures_of_workers_add_up() -> None:
    one = ShadowFigures(10, 1, 0, by_code={"A": 1})
    one.add(ShadowFigures(5, 2, 1, by_code={"A": 1, "B": 1}))

    assert (one.compared, one.newly_failing, one.newly_passing) == (15, 3, 1)
    assert one.by_code == {"A": 2, "B": 1}
    assert one.agreeing == 11


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_every_move_outside_the_table_is_refused(before: State, after: State) -> None:
    assert (refused_move(before, after) is None) == (after in MOVES[before])


def test_no_state_is_a_dead_end() -> None:
    assert all(MOVES[state] for state in State)
