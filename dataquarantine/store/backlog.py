"""What waits for people: incidents by state, and how long the oldest record has lain there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import text

from dataquarantine.quarantine.states import IncidentState, RecordState
from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import QUERY_TIMEOUT_S

#: States in which a record still waits for a decision; the others are final or under way.
OPEN_STATES = (
    RecordState.QUARANTINED,
    RecordState.STORED,
    RecordState.IN_REVIEW,
    RecordState.FIXED,
    RecordState.FAILED_AGAIN,
)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What Postgres knows; oldest_open_s is 0 when nothing is open."""

    incidents: Mapping[str, int]
    oldest_open_s: float


def look(database: Database, now: datetime) -> Backlog:
    """Count incidents and find the oldest open record.

    Cost: one backward step in the index on status per state and day partition.

    Raises: SinkUnavailable.
    """
    return database.transact(lambda connection: _look(connection, now), timeout_s=QUERY_TIMEOUT_S)


def _look(connection: sqlalchemy.Connection, now: datetime) -> Backlog:
    by_state = text("SELECT state, count(*) FROM incidents GROUP BY state")
    counted = {row[0]: int(row[1]) for row in connection.execute(by_state)}
    times = (connection.execute(_OLDEST, {"state": state.value}).scalar() for state in OPEN_STATES)
    oldest = min((time for time in times if time is not None), default=now)
    return Backlog(
        {state.value: counted.get(state.value, 0) for state in IncidentState},
        max(0.0, (now - oldest).total_seconds()),
    )


_OLDEST = text(
    "SELECT quarantined_at FROM quarantine_records WHERE status = :state"
    " ORDER BY quarantined_at, id LIMIT 1"
)
