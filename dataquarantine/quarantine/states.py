"""Which states a quarantined record can have, and how they follow each other."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from dataquarantine.errors import DataQuarantineError


class RecordState(StrEnum):
    """Where a quarantined record stands."""

    QUARANTINED = "quarantined"  # its row is there; its payload may still be spooled
    STORED = "stored"  # row and payload are in their stores
    IN_REVIEW = "in_review"  # somebody looks at it
    FIXED = "fixed"  # a repair is prepared
    REPLAYING = "replaying"  # produced again, verdict not back yet
    REPROCESSED = "reprocessed"  # passed after replay
    FAILED_AGAIN = "failed_again"  # did not pass after replay
    PARKED = "parked"  # failed too often; only a person moves it
    DISCARDED = "discarded"  # given up, with a reason


class IncidentState(StrEnum):
    """Where a group of records stands."""

    NEW = "new"  # first seen within a day
    ONGOING = "ongoing"  # known, not growing
    ESCALATING = "escalating"  # the last hour is far above the day before
    REGRESSED = "regressed"  # came back after it was resolved
    RESOLVED = "resolved"  # said to be mended
    ARCHIVED = "archived"  # said to be of no interest; stays so when it is seen again


class IllegalMove(DataQuarantineError):
    """A state can't follow that one."""

    def __init__(self, current: str, wanted: str, allowed: frozenset[str]) -> None:
        self.current = current
        self.wanted = wanted
        names = ", ".join(sorted(allowed)) or "nothing, it is final"
        super().__init__(f"{current} can't become {wanted}; it can become: {names}")


_OPEN = frozenset(
    [RecordState.IN_REVIEW, RecordState.FIXED, RecordState.REPLAYING, RecordState.DISCARDED]
)

MOVES: Mapping[RecordState, frozenset[RecordState]] = {
    RecordState.QUARANTINED: _OPEN | {RecordState.STORED},
    RecordState.STORED: _OPEN,
    RecordState.IN_REVIEW: _OPEN - {RecordState.IN_REVIEW},
    RecordState.FIXED: _OPEN - {RecordState.FIXED},
    RecordState.REPLAYING: frozenset(
        [
            RecordState.REPROCESSED,
            RecordState.FAILED_AGAIN,
            RecordState.PARKED,
            # a cancelled replay returns to where it came from
            RecordState.QUARANTINED,
            RecordState.STORED,
            RecordState.IN_REVIEW,
            RecordState.FIXED,
        ]
    ),
    RecordState.FAILED_AGAIN: frozenset([RecordState.REPLAYING, RecordState.PARKED]),
    RecordState.PARKED: frozenset([RecordState.IN_REVIEW]),
    RecordState.REPROCESSED: frozenset(),
    RecordState.DISCARDED: frozenset(),
}


#: States of records that somebody still has to decide about.
OPEN_RECORDS = frozenset(RecordState) - {
    RecordState.REPROCESSED,
    RecordState.DISCARDED,
    RecordState.PARKED,
}

_CLOSED = frozenset([IncidentState.RESOLVED, IncidentState.ARCHIVED])

INCIDENT_MOVES: Mapping[IncidentState, frozenset[IncidentState]] = {
    IncidentState.NEW: _CLOSED | {IncidentState.ONGOING, IncidentState.ESCALATING},
    IncidentState.ONGOING: _CLOSED | {IncidentState.ESCALATING},
    IncidentState.ESCALATING: _CLOSED | {IncidentState.ONGOING},
    IncidentState.REGRESSED: _CLOSED | {IncidentState.ONGOING, IncidentState.ESCALATING},
    IncidentState.RESOLVED: frozenset([IncidentState.REGRESSED, IncidentState.ARCHIVED]),
    IncidentState.ARCHIVED: frozenset([IncidentState.RESOLVED, IncidentState.ONGOING]),
}

OPEN_INCIDENTS = frozenset(IncidentState) - _CLOSED


def check_move(current: RecordState, wanted: RecordState) -> None:
    """Refuse a move that the table does not have.

    Raises: IllegalMove naming what is allowed.
    """
    if wanted not in MOVES[current]:
        raise IllegalMove(current, wanted, frozenset(MOVES[current]))


def check_incident_move(current: IncidentState, wanted: IncidentState) -> None:
    """Refuse a move of an incident that the table does not have.

    Raises: IllegalMove naming what is allowed.
    """
    if wanted not in INCIDENT_MOVES[current]:
        raise IllegalMove(current, wanted, frozenset(INCIDENT_MOVES[current]))


def sources_of(wanted: RecordState) -> frozenset[RecordState]:
    """Name the states that a record can have before `wanted`."""
    return frozenset(state for state, allowed in MOVES.items() if wanted in allowed)
