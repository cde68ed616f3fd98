"""Replay jobs and their items in Postgres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import msgspec
import sqlalchemy
from sqlalchemy import text

from dataquarantine.errors import DataQuarantineError
from dataquarantine.quarantine.decisions import Signed
from dataquarantine.replay.freezing import freeze
from dataquarantine.replay.requests import NewReplay
from dataquarantine.replay.verdicts import Result
from dataquarantine.store import audit_log, edits
from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import Item, as_item, conditions

FREEZE_TIMEOUT_S = 120.0


class JobState(StrEnum):
    """Where a job stands."""

    PLANNING = "planning"  # its dry run is on
    PLANNED = "planned"  # its report is there; nothing is published
    RUNNING = "running"  # being published, or verdicts are still to come
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"  # every item has its result
    FAILED = "failed"  # stopped; `error` says why


#: Verb -> from which states it leads to which.
COMMANDS: Mapping[str, tuple[frozenset[JobState], JobState]] = {
    "run": (frozenset([JobState.PLANNED]), JobState.RUNNING),
    "pause": (frozenset([JobState.RUNNING]), JobState.PAUSED),
    "resume": (frozenset([JobState.PAUSED, JobState.FAILED]), JobState.RUNNING),
    "cancel": (frozenset(JobState) - {JobState.CANCELLED, JobState.DONE}, JobState.CANCELLED),
}


class NoSuchReplay(DataQuarantineError):
    """No job has that id."""

    def __init__(self, job_id: UUID) -> None:
        super().__init__(f"there is no replay {job_id}; `dataquarantine replay list` shows what is")


class ReplayConflict(DataQuarantineError):
    """A job can't be told that in its state."""

    def __init__(self, state: str, verb: str) -> None:
        self.state = state
        allowed = ", ".join(name for name, (froms, _) in COMMANDS.items() if state in froms)
        super().__init__(f"a {state} replay can't {verb}; possible: {allowed or 'nothing'}")


class NothingSelected(DataQuarantineError):
    """A selection holds no record that can be replayed."""

    def __init__(self) -> None:
        super().__init__(
            "no selected record can be replayed; those that are reprocessed, discarded, parked or "
            "in another replay can't"
        )


@dataclass(frozen=True, slots=True)
class Job:
    """One job as its row has it."""

    id: UUID
    state: JobState
    created_at: datetime
    created_by: str
    why: str
    selection: dict[str, Any]
    repair: dict[str, Any]
    schema_ref: str | None
    target: str | None
    rate_per_s: float | None
    on_failure: str
    run_at_once: bool
    samples: list[dict[str, Any]]
    newer_valid_keys: int | None
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    leased_by: str | None
    leased_until: datetime | None
    written_to: dict[str, int]


class ReplayJobs:
    """What people ask of jobs. Thread-safe; blocking."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def create(
        self, wanted: NewReplay, repair: Mapping[str, Any], by: Signed, now: datetime,
        *, pseudonym: str | None = None,
    ) -> UUID:  # fmt: skip
        """Make a job and freeze its selection, in the order of the source.

        Args: repair: what the row keeps of the repair.
        Raises: NothingSelected, SinkUnavailable.
        """
        job_id = uuid4()
        selection = wanted.selection
        if selection.ids is not None:
            where, values = ["id = ANY(CAST(:ids AS uuid[]))"], {"ids": [*map(str, selection.ids)]}
        else:
            where, values = conditions(selection.as_filters(pseudonym))

        def work(connection: sqlalchemy.Connection) -> None:
            connection.execute(
                _CREATE,
                {
                    "id": job_id,
                    "now": now,
                    "by": by.actor,
                    "why": by.reason,
                    "selection": _json(selection.model_dump(by_alias=True, exclude_none=True)),
                    "repair": _json(repair),
                    "schema": wanted.schema_,
                    "target": wanted.target,
                    "rate": wanted.rate_per_s,
                    "on_failure": wanted.on_failure.value,
                    "at_once": not wanted.dry_run,
                },
            )
            if not freeze(connection, job_id, where, values, now):
                raise NothingSelected
            audit_log.write(
                connection, [f"replay/{job_id}"], at=now, actor=by.actor, action="planning",
                reason=by.reason, dry_run=wanted.dry_run,
            )  # fmt: skip

        self.database.transact(work, timeout_s=FREEZE_TIMEOUT_S)
        return job_id

    def tell(self, job_id: UUID, verb: str, by: Signed, now: datetime) -> None:
        """Run, pause, resume or cancel a job.

        Raises: NoSuchReplay, ReplayConflict, SinkUnavailable.
        """
        froms, to = COMMANDS[verb]

        def work(connection: sqlalchemy.Connection) -> None:
            state = connection.execute(_STATE, {"id": job_id}).scalar()
            if state is None:
                raise NoSuchReplay(job_id)
            if state not in froms:
                raise ReplayConflict(state, verb)
            connection.execute(_MOVE, {"id": job_id, "to": to.value, "now": now})
            if to is JobState.CANCELLED:
                connection.execute(_SKIP_PENDING, {"id": job_id, "now": now})
                edits.forget(connection, [job_id])
            audit_log.write(
                connection, [f"replay/{job_id}"], at=now, actor=by.actor, action=verb,
                reason=by.reason, before=state,
            )  # fmt: skip

        self.database.transact(work)

    def job(self, job_id: UUID) -> Job:
        """Read a job.

        Raises: NoSuchReplay, SinkUnavailable.
        """
        rows = self.database.transact(lambda c: c.execute(_JOB, {"id": job_id}).mappings().all())
        if not rows:
            raise NoSuchReplay(job_id)
        row = dict(rows[0])
        return Job(**{**row, "state": JobState(row["state"])})

    def is_planning(self, job_id: UUID) -> bool:
        """Tell whether a job's dry run is not done yet.

        Raises: NoSuchReplay, SinkUnavailable.
        """
        return self.job(job_id).state is JobState.PLANNING

    def view(self, job_id: UUID) -> Item:
        """Show a job with its counts, reasons and samples.

        Raises: NoSuchReplay, SinkUnavailable.
        """
        job = self.job(job_id)
        values = {"id": job_id}
        counted, reasons = self.database.transact(
            lambda c: (
                c.execute(_COUNTS, values).mappings().all(),
                c.execute(_REASONS, values).mappings().all(),
            )
        )
        return {
            **_shown(job),
            "counts": _counts(counted),
            "reasons": [dict(row) for row in reasons],
            "samples": job.samples,
        }

    def page(self, *, limit: int = 50, before: tuple[datetime, UUID] | None = None) -> list[Item]:
        """List jobs, newest first, without samples."""
        values = {
            "limit": limit,
            "at": before[0] if before else None,
            "last": before[1] if before else None,
        }
        found = self.database.transact(lambda c: c.execute(_PAGE, values).scalars().all())
        views = [self.view(job_id) for job_id in found]
        return [{name: v for name, v in view.items() if name != "samples"} for view in views]

    def items(
        self, job_id: UUID, *, result: str | None = None, limit: int = 100, after: int = -1
    ) -> list[Item]:
        """List the items of a job in their order; `place` says where the next page begins."""
        values = {"id": job_id, "result": result, "limit": limit, "after": after}
        rows = self.database.transact(lambda c: c.execute(_ITEMS, values).mappings().all())
        return [as_item(row) for row in rows]


def _shown(job: Job) -> Item:
    return {
        "id": str(job.id),
        "state": job.state.value,
        "created_at": job.created_at.isoformat(),
        "created_by": job.created_by,
        "why": job.why,
        "selection": job.selection,
        "repair": edits.shown(job.repair),
        "schema": job.schema_ref,
        "target": job.target,
        "rate_per_s": job.rate_per_s,
        "on_failure": job.on_failure,
        "newer_valid_keys": job.newer_valid_keys,
        "started_at": job.started_at and job.started_at.isoformat(),
        "finished_at": job.finished_at and job.finished_at.isoformat(),
        "error": job.error,
    }


def _counts(rows: Any) -> dict[str, int]:
    """Count items: by what the dry run said, and by where they stand (each in one place)."""
    fates = {"pass": "would_pass", "fail": "would_fail", "unchanged": "unchanged"}
    counts = {"selected": 0, **dict.fromkeys(fates.values(), 0)}
    counts |= {r.value: 0 for r in Result if r is not Result.SENDING}
    for row in rows:
        counts["selected"] += row["n"]
        if row["fate"] is not None:
            counts[fates[row["fate"]]] += row["n"]
        standing = Result.PENDING if row["result"] == Result.SENDING else row["result"]
        counts[standing] += row["n"]
    return counts


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


_CREATE = text(
    "INSERT INTO replay_jobs (id, state, created_at, created_by, why, selection, repair,"
    " schema_ref, target, rate_per_s, on_failure, run_at_once)"
    " VALUES (:id, 'planning', :now, :by, :why, CAST(:selection AS jsonb),"
    " CAST(:repair AS jsonb), :schema, :target, :rate, :on_failure, :at_once)"
)
_STATE = text("SELECT state FROM replay_jobs WHERE id = :id FOR UPDATE")
_MOVE = text(
    "UPDATE replay_jobs SET state = :to, error = NULL,"
    " started_at = CASE WHEN :to = 'running' THEN COALESCE(started_at, :now) ELSE started_at END,"
    " finished_at = CASE WHEN :to = 'cancelled' THEN CAST(:now AS timestamptz) END"
    " WHERE id = :id"
)
_SKIP_PENDING = text(
    "UPDATE replay_items SET result = 'skipped', reason = 'the replay was cancelled',"
    " updated_at = :now WHERE job_id = :id AND result = 'pending'"
)
_JOB = text("SELECT * FROM replay_jobs WHERE id = :id")
_COUNTS = text(
    "SELECT fate, result, count(*) AS n FROM replay_items WHERE job_id = :id GROUP BY 1, 2"
)
_REASONS = text(
    "SELECT code, field_path, count(*) AS count FROM replay_items"
    " WHERE job_id = :id AND fate <> 'pass' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 20"
)
_PAGE = text(
    "SELECT id FROM replay_jobs WHERE CAST(:at AS timestamptz) IS NULL"
    " OR (created_at, id) < (CAST(:at AS timestamptz), CAST(:last AS uuid))"
    " ORDER BY created_at DESC, id DESC LIMIT :limit"
)
_ITEMS = text(
    "SELECT id AS item_id, record_id, place, fate, schema_ref, code, field_path, result, reason,"
    " attempt, coordinates FROM replay_items WHERE job_id = :id AND place > :after"
    " AND (CAST(:result AS text) IS NULL OR result = :result) ORDER BY place LIMIT :limit"
)
