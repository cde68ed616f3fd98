"""Decisions about records and incidents: checked, noted with who and why, kept twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import text

from dataquarantine.clock import Clock
from dataquarantine.errors import DataQuarantineError
from dataquarantine.quarantine.decisions import Decision, Publish, Signed
from dataquarantine.quarantine.states import (
    IncidentState,
    RecordState,
    check_incident_move,
    check_move,
    sources_of,
)
from dataquarantine.store import audit_log
from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import Filters, conditions

BATCH = 1000


class NotQuarantined(DataQuarantineError):
    """No record or incident has that name."""

    def __init__(self, subject: str) -> None:
        super().__init__(f"there is no {subject}; `dataquarantine quarantine list` shows what is")


class StaleDecision(DataQuarantineError):
    """Somebody else changed it after it was read."""

    def __init__(self, subject: str) -> None:
        super().__init__(f"{subject} has changed since it was read; read it again")


class Review:
    """Moves records and incidents to other states.

    A decision is published before its transaction commits: with the database lost, the topic
    still has it; with the topic away, nothing changes.
    """

    def __init__(self, database: Database, publish: Publish, clock: Clock) -> None:
        self._database = database
        self._publish = publish
        self._clock = clock

    def move(
        self,
        filters: Filters,
        wanted: RecordState,
        signed: Signed,
        progress: Callable[[int], None] = lambda _: None,
    ) -> int:
        """Move every record that matches and may move; returns how many.

        `progress` gets the count of each batch.

        Raises: SinkUnavailable; batches before it are done.
        """
        where, values = conditions(filters)
        return self._move(where, values, wanted, signed, progress)

    def move_one(
        self,
        record_id: UUID,
        wanted: RecordState,
        signed: Signed,
        *,
        unchanged_since: datetime | None = None,
    ) -> None:
        """Move one record.

        Args: unchanged_since: its `updated_at` as the one who decides saw it.
        Raises: NotQuarantined, StaleDecision, IllegalMove, SinkUnavailable.
        """
        where = ["id = CAST(:one AS uuid)"]
        values: dict[str, Any] = {"one": str(record_id), "seen": unchanged_since}
        if unchanged_since is not None:
            where.append("updated_at = :seen")
        if self._move(where, values, wanted, signed, lambda _: None):
            return
        statement = text(
            "SELECT status, updated_at FROM quarantine_records WHERE id = CAST(:one AS uuid)"
        )
        current = self._database.transact(lambda c: c.execute(statement, values).first())
        if current is None:
            raise NotQuarantined(f"record {record_id}")
        if unchanged_since is not None and current.updated_at != unchanged_since:
            raise StaleDecision(f"record {record_id}")
        check_move(RecordState(current.status), wanted)

    def move_incident(
        self,
        fingerprint: str,
        wanted: IncidentState,
        signed: Signed,
        *,
        unchanged_since: datetime | None = None,
    ) -> None:
        """Move an incident; its records stay as they are.

        Args: unchanged_since: its `state_since` as the one who decides saw it.
        Raises: NotQuarantined, StaleDecision, IllegalMove, SinkUnavailable.
        """

        def work(connection: sqlalchemy.Connection) -> None:
            now = self._clock.now()
            values = {"fingerprint": fingerprint, "wanted": wanted.value, "now": now}
            found = connection.execute(_INCIDENT_STATE, values).first()
            if found is None:
                raise NotQuarantined(f"incident {fingerprint}")
            if unchanged_since not in (None, found.state_since):
                raise StaleDecision(f"incident {fingerprint}")
            current = found.state
            check_incident_move(IncidentState(current), wanted)
            connection.execute(_MOVE_INCIDENT, values)
            audit_log.write(
                connection,
                [f"incident/{fingerprint}"],
                at=now,
                actor=signed.actor,
                action=wanted.value,
                reason=signed.reason,
                before=current,
            )
            self._publish(
                [
                    Decision(
                        kind="incident",
                        subject=fingerprint,
                        state=wanted.value,
                        at=now,
                        actor=signed.actor,
                        reason=signed.reason,
                    )
                ]
            )

        self._database.transact(work)

    def _move(
        self,
        where: Sequence[str],
        values: dict[str, Any],
        wanted: RecordState,
        signed: Signed,
        progress: Callable[[int], None],
    ) -> int:
        moved = 0
        while count := self._database.transact(
            lambda c: self._move_batch(c, where, values, wanted, signed)
        ):
            moved += count
            progress(count)
        return moved

    def _move_batch(
        self,
        connection: sqlalchemy.Connection,
        where: Sequence[str],
        values: dict[str, Any],
        wanted: RecordState,
        signed: Signed,
    ) -> int:
        now = self._clock.now()
        allowed = [state.value for state in sources_of(wanted)]
        statement = text(
            'WITH chosen AS (SELECT id, "timestamp", status, attempt FROM quarantine_records'
            f" WHERE {' AND '.join([*where, 'status = ANY(:allowed)'])}"
            " LIMIT :batch FOR UPDATE)"
            " UPDATE quarantine_records q SET status = :wanted, updated_at = :now FROM chosen c"
            ' WHERE q.id = c.id AND q."timestamp" = c."timestamp"'
            " RETURNING q.id, c.status AS before, q.attempt"
        )
        more = {"allowed": allowed, "batch": BATCH, "wanted": wanted.value, "now": now}
        rows = connection.execute(statement, values | more).all()
        for before in sorted({row.before for row in rows}):
            audit_log.write(
                connection,
                [f"record/{row.id}" for row in rows if row.before == before],
                at=now,
                actor=signed.actor,
                action=wanted.value,
                reason=signed.reason,
                before=before,
            )
        self._publish(
            [
                Decision(
                    kind="record",
                    subject=str(row.id),
                    state=wanted.value,
                    at=now,
                    actor=signed.actor,
                    reason=signed.reason,
                    attempt=row.attempt,
                )
                for row in rows
            ]
        )
        return len(rows)


_INCIDENT_STATE = text(
    "SELECT state, state_since FROM incidents WHERE fingerprint = :fingerprint FOR UPDATE"
)
_MOVE_INCIDENT = text(
    "UPDATE incidents SET state = :wanted, state_since = :now, updated_at = :now,"
    " resolved_at = CASE WHEN :wanted = 'resolved' THEN :now ELSE resolved_at END"
    " WHERE fingerprint = :fingerprint"
)


def apply_decisions(database: Database, decisions: Sequence[Decision]) -> int:
    """Bring records and incidents to the states that the topic knows; returns how many changed.

    For a rebuilt database: the moves were checked when they were decided, so they aren't again.
    One that the database took later stays.
    """

    def work(connection: sqlalchemy.Connection) -> int:
        changed = 0
        for decision in decisions:
            values = {
                "subject": decision.subject,
                "state": decision.state,
                "at": decision.at,
                "attempt": decision.attempt,
            }
            count = connection.execute(_RESTORE[decision.kind], values).rowcount
            if count:
                audit_log.write(
                    connection,
                    [f"{decision.kind}/{decision.subject}"],
                    at=decision.at,
                    actor=decision.actor,
                    action=decision.state,
                    reason=decision.reason,
                    restored=True,
                )
            changed += count
        return changed

    return database.transact(work) if decisions else 0


_RESTORE = {
    "record": text(
        "UPDATE quarantine_records SET status = :state, updated_at = :at,"
        " attempt = COALESCE(:attempt, attempt)"
        " WHERE id = CAST(:subject AS uuid) AND status <> :state"
        " AND (updated_at < :at OR status IN ('quarantined', 'stored'))"
    ),
    "incident": text(
        "UPDATE incidents SET state_since = :at, updated_at = :at, state ="
        " CASE WHEN :state = 'resolved' AND last_seen > :at THEN 'regressed' ELSE :state END,"
        " resolved_at = CASE WHEN :state = 'resolved' THEN :at ELSE resolved_at END"
        " WHERE fingerprint = :subject AND (state_since <= :at OR state = 'new')"
        " AND (updated_at, state) IS DISTINCT FROM (CAST(:at AS timestamptz), :state)"
    ),
}
