"""The items of a running job, a batch at a time: claimed, published, accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy
from sqlalchemy import text

from dataquarantine.clock import Clock
from dataquarantine.quarantine.decisions import Decision, Publish, Signed
from dataquarantine.quarantine.states import RecordState, sources_of
from dataquarantine.replay.jobs import Job, JobState, ReplayJobs
from dataquarantine.replay.leases import Lease
from dataquarantine.replay.requests import OnFailure
from dataquarantine.store import audit_log, edits

#: An item and the row of its record.
ItemRow = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NotSent:
    """An item that is not published, and why."""

    item: ItemRow
    reason: str


class Batches:
    """Moves the items of one job; every call is one transaction that holds the lease.

    Args: publish: makes it durable beside the database that a record is parked.
    """

    def __init__(
        self, jobs: ReplayJobs, lease: Lease, job: Job, publish: Publish, clock: Clock
    ) -> None:
        self._database = jobs.database
        self._publish = publish
        self._lease = lease
        self._job = job
        self._policy = OnFailure(job.on_failure)
        self._clock = clock

    def claim(self, limit: int, written_to: Mapping[str, int]) -> list[ItemRow] | None:
        """Take the next items to publish; None at the end of the job's work.

        Those that the dry run found wanting are dealt with by the job's policy.

        Args: written_to: from where on the target may hold what is published from here on.
        Raises: LeaseLost, SinkUnavailable.
        """
        values = {"id": self._lease.job_id, "limit": limit}

        def work(connection: sqlalchemy.Connection) -> list[ItemRow] | None:
            if self._lease.hold(connection) != JobState.RUNNING:
                return None
            items = _rows(connection.execute(_NEXT, values))
            if not items:
                return None
            wanting = [NotSent(item, _unfit(item)) for item in items if item["fate"] != "pass"]
            if wanting and self._policy is OnFailure.STOP_ON_ERROR:
                first = wanting[0].item["place"]
                items = [item for item in items if item["place"] < first]
                if not items:
                    self._stop(connection, wanting[0].reason)
                    return None
            else:
                self._leave(connection, wanting)
            return self._take(connection, [i for i in items if i["fate"] == "pass"], written_to)

        return self._database.transact(work)

    def sent(self, items: Sequence[ItemRow]) -> None:
        """Note that items are on the target.

        Raises: LeaseLost, SinkUnavailable.
        """
        values = {"ids": [str(item["item_id"]) for item in items], "now": self._clock.now()}

        def work(connection: sqlalchemy.Connection) -> None:
            self._lease.hold(connection)
            connection.execute(_SENT, values)

        if items:
            self._database.transact(work)

    def not_sent(self, failed: Sequence[NotSent]) -> None:
        """Deal with claimed items that can't be published, by the job's policy.

        Raises: LeaseLost, SinkUnavailable.
        """

        def work(connection: sqlalchemy.Connection) -> None:
            state = self._lease.hold(connection)
            self._restore(connection, [f.item for f in failed])
            if self._policy is OnFailure.STOP_ON_ERROR and state == JobState.RUNNING:
                self._unclaim(connection, [f.item for f in failed])
                self._stop(connection, failed[0].reason)
            else:
                self._leave(connection, failed)

        if failed:
            self._database.transact(work)

    def on_their_way(self) -> list[ItemRow]:
        """List items that a process claimed and did not account for.

        Raises: LeaseLost, SinkUnavailable.
        """
        values = {"id": self._lease.job_id}

        def work(connection: sqlalchemy.Connection) -> list[ItemRow]:
            self._lease.hold(connection)
            return _rows(connection.execute(_SENDING, values))

        return self._database.transact(work)

    def take_back(self, items: Sequence[ItemRow]) -> None:
        """Put claimed items that were not published before the others again.

        In a cancelled job they are skipped.

        Raises: LeaseLost, SinkUnavailable.
        """

        def work(connection: sqlalchemy.Connection) -> None:
            state = self._lease.hold(connection)
            self._restore(connection, items)
            self._unclaim(connection, items)
            if state == JobState.CANCELLED:
                cancelled = [NotSent(item, "the replay was cancelled") for item in items]
                self._mark(connection, cancelled, "skipped")

        if items:
            self._database.transact(work)

    def finish(self) -> None:
        """Say that the job is done if no item waits for anything.

        Raises: SinkUnavailable.
        """
        self._database.transact(lambda c: finish_jobs(c, [self._lease.job_id], self._clock.now()))

    def _take(
        self,
        connection: sqlalchemy.Connection,
        items: Sequence[ItemRow],
        written_to: Mapping[str, int],
    ) -> list[ItemRow]:
        values: dict[str, Any] = {
            "ids": [str(item["item_id"]) for item in items],
            "allowed": [state.value for state in sources_of(RecordState.REPLAYING)],
            "now": self._clock.now(),
        }
        taken = _rows(connection.execute(_TAKE, values))
        ids = {row["item_id"] for row in taken}
        gone = [NotSent(i, "closed or in another replay") for i in items if i["item_id"] not in ids]
        self._mark(connection, gone, "skipped")
        written = msgspec.json.encode(dict(written_to)).decode()
        connection.execute(_WRITTEN_TO, {"id": self._lease.job_id, "written_to": written})
        return sorted(taken, key=lambda row: row["place"])

    def _leave(self, connection: sqlalchemy.Connection, left: Sequence[NotSent]) -> None:
        if self._policy is OnFailure.PARK:
            self._park(connection, [each.item for each in left])
            self._mark(connection, left, "parked")
        else:
            self._mark(connection, left, "skipped")

    def _park(self, connection: sqlalchemy.Connection, items: Sequence[ItemRow]) -> None:
        now = self._clock.now()
        values = {
            "ids": [str(item["item_id"]) for item in items],
            "allowed": [state.value for state in sources_of(RecordState.REPLAYING)],
            "now": now,
        }
        parked = connection.execute(_PARK, values).all()
        by = Signed(self._job.created_by, self._job.why)
        audit_log.write(
            connection, [f"record/{row.id}" for row in parked], at=now, actor=by.actor,
            action="parked", reason=by.reason, replay=str(self._job.id),
        )  # fmt: skip
        self._publish([_parked(row, by, now) for row in parked])

    def _mark(
        self, connection: sqlalchemy.Connection, left: Sequence[NotSent], result: str
    ) -> None:
        values = {
            "ids": [str(each.item["item_id"]) for each in left],
            "reasons": [each.reason[:500] for each in left],
            "result": result,
            "now": self._clock.now(),
        }
        if left:
            connection.execute(_MARK, values)

    def _restore(self, connection: sqlalchemy.Connection, items: Sequence[ItemRow]) -> None:
        values = {"ids": [str(item["item_id"]) for item in items], "now": self._clock.now()}
        connection.execute(_RESTORE, values)

    def _unclaim(self, connection: sqlalchemy.Connection, items: Sequence[ItemRow]) -> None:
        values = {"ids": [str(item["item_id"]) for item in items], "now": self._clock.now()}
        connection.execute(_UNCLAIM, values)

    def _stop(self, connection: sqlalchemy.Connection, reason: str) -> None:
        connection.execute(_FAIL, {"id": self._lease.job_id, "error": reason[:500]})


def finish_jobs(connection: sqlalchemy.Connection, job_ids: Sequence[UUID], now: Any) -> None:
    """Say of running jobs that they are done, if no item of theirs waits for anything."""
    done = connection.execute(_DONE, {"ids": [*map(str, job_ids)], "now": now}).scalars().all()
    if done:
        edits.forget(connection, done)


def stop_jobs(connection: sqlalchemy.Connection, job_ids: Sequence[UUID], reason: str) -> None:
    """Stop running jobs because a record did not pass."""
    connection.execute(_STOP, {"ids": [*map(str, job_ids)], "error": reason})


def _parked(row: sqlalchemy.Row[Any], by: Signed, at: datetime) -> Decision:
    return Decision(
        kind="record",
        subject=str(row.id),
        state=RecordState.PARKED.value,
        at=at,
        actor=by.actor,
        reason=by.reason,
        attempt=row.attempt,
    )


def _rows(result: sqlalchemy.CursorResult[Any]) -> list[ItemRow]:
    return [{str(name): value for name, value in row.items()} for row in result.mappings()]


def _unfit(item: ItemRow) -> str:
    what = "does not pass" if item["fate"] == "fail" else "is not changed by the repair"
    why = item["reason"] or " at ".join(filter(None, [item["code"], item["field_path"]]))
    return f"record {item['record_id']} {what}: {why}"


_NEXT = text(
    "SELECT id AS item_id, record_id, place, fate, code, field_path, reason FROM replay_items"
    " WHERE job_id = :id AND result = 'pending' ORDER BY place LIMIT :limit"
)
_RECORD = 'q.id = i.record_id AND q."timestamp" = i.record_time'
# Read before it is changed: the state a cancelled item goes back to.
_TAKE = text(
    f"""
    WITH chosen AS (
        SELECT i.id AS item_id, i.place, i.schema_ref, q.status AS before, q.id, q."timestamp"
        FROM replay_items i JOIN quarantine_records q ON {_RECORD}
        WHERE i.id = ANY(CAST(:ids AS uuid[])) AND q.status = ANY(:allowed) FOR UPDATE
    ), moved AS (
        UPDATE quarantine_records q SET status = 'replaying', updated_at = :now FROM chosen c
        WHERE q.id = c.id AND q."timestamp" = c."timestamp"
        RETURNING c.item_id, c.place, c.schema_ref, c.before, q.*
    ), noted AS (
        UPDATE replay_items i SET result = 'sending', attempt = m.attempt + 1,
            status_before = m.before, updated_at = :now
        FROM moved m WHERE i.id = m.item_id
    )
    SELECT * FROM moved
    """
)
_WRITTEN_TO = text("UPDATE replay_jobs SET written_to = CAST(:written_to AS jsonb) WHERE id = :id")
_SENT = text(
    "UPDATE replay_items SET result = 'sent', updated_at = :now"
    " WHERE id = ANY(CAST(:ids AS uuid[])) AND result = 'sending'"
)
_SENDING = text(
    "SELECT id AS item_id, record_id, place FROM replay_items"
    " WHERE job_id = :id AND result = 'sending' ORDER BY place"
)
_RESTORE = text(
    "UPDATE quarantine_records q SET status = i.status_before, updated_at = :now"
    f" FROM replay_items i WHERE i.id = ANY(CAST(:ids AS uuid[])) AND {_RECORD}"
    " AND q.status = 'replaying' AND i.result = 'sending'"
)
_UNCLAIM = text(
    "UPDATE replay_items SET result = 'pending', attempt = NULL, updated_at = :now"
    " WHERE id = ANY(CAST(:ids AS uuid[])) AND result = 'sending'"
)
_MARK = text(
    "UPDATE replay_items i SET result = :result, reason = w.reason, updated_at = :now"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[])) AS w(id, reason)"
    " WHERE i.id = w.id"
)
_PARK = text(
    "UPDATE quarantine_records q SET status = 'parked', updated_at = :now"
    f" FROM replay_items i WHERE i.id = ANY(CAST(:ids AS uuid[])) AND {_RECORD}"
    " AND q.status = ANY(:allowed) RETURNING q.id, q.attempt"
)
_FAIL = text("UPDATE replay_jobs SET state = 'failed', error = :error WHERE id = :id")
_STOP = text(
    "UPDATE replay_jobs SET state = 'failed', error = :error"
    " WHERE id = ANY(CAST(:ids AS uuid[])) AND state = 'running'"
)
_DONE = text(
    "UPDATE replay_jobs j SET state = 'done', finished_at = :now"
    " WHERE id = ANY(CAST(:ids AS uuid[])) AND state = 'running' AND NOT EXISTS ("
    " SELECT FROM replay_items i WHERE i.job_id = j.id"
    " AND i.result IN ('pending', 'sending', 'sent')) RETURNING id"
)
