"""The state machines of records and incidents."""

from __future__ import annotations

import pytest

from dataquarantine.quarantine.states import (
    INCIDENT_MOVES,
    MOVES,
    IllegalMove,
    IncidentState,
    RecordState,
    check_incident_move,
    check_move,
    sources_of,
)


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        ("quarantined", "stored"),
        ("stored", "replaying"),
        ("in_review", "fixed"),
        ("fixed", "replaying"),
        ("replaying", "reprocessed"),
        ("replaying", "failed_again"),
        ("replaying", "stored"),
        ("failed_again", "parked"),
        ("failed_again", "replaying"),
        ("parked", "in_review"),
        ("stored", "discarded"),
    ],
)
def test_these_moves_are_allowed(current: str, wanted: str) -> None:
    check_move(RecordState(current), RecordState(wanted))


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        ("stored", "quarantined"),
        ("discarded", "in_review"),
        ("reprocessed", "replaying"),
        ("parked", "replaying"),
        ("in_review", "stored"),
        ("stored", "stored"),
        ("replaying", "discarded"),
    ],
)
def test_these_moves_are_refused_with_what_is_allowed(current: str, wanted: str) -> None:
    with pytest.raises(IllegalMove, match=f"{current} can't become {wanted}; it can become: "):
        check_move(RecordState(current), RecordState(wanted))


def test_every_state_is_in_the_tables_and_can_be_reached() -> None:
    assert set(MOVES) == set(RecordState)
    assert set(INCIDENT_MOVES) == set(IncidentState)
    assert all(sources_of(state) for state in RecordState)


def test_a_resolved_incident_can_only_come_back_as_regressed_or_be_archived() -> None:
    check_incident_move(IncidentState.RESOLVED, IncidentState.ARCHIVED)

    with pytest.raises(IllegalMove, match="archived, regressed"):
        check_incident_move(IncidentState.RESOLVED, IncidentState.NEW)
