"""Verdicts of replayed records, brought to their items, records, incidents and jobs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy
from sqlalchemy import text

from dataquarantine.replay.batches import finish_jobs, stop_jobs
from dataquarantine.replay.requests import OnFailure
from dataquarantine.replay.verdicts import Result, Verdict
from dataquarantine.settings import Settings
from dataquarantine.store import audit_log, incidents
from dataquarantine.store.postgres import Database
from dataquarantine.store.row import COLUMNS, QuarantineRow

SETTLE_TIMEOUT_S = 60.0


class Settlement:
    """Applies verdicts; the same verdict again changes nothing. Blocking.

    Args: max_attempts: a record that failed so often, first judgement included, is parked.
    """

    def __init__(self, database: Database, *, max_attempts: int) -> None:
        self._database = database
        self._max_attempts = max_attempts

    def apply(self, verdicts: Sequence[Verdict]) -> int:
        """Bring verdicts to the database in one transaction; returns how many records changed.

        Raises: SinkUnavailable.
        """
        latest = {verdict.item_id: verdict for verdict in verdicts}
        if not latest:
            return 0
        return self._database.transact(
            lambda connection: self._apply(connection, list(latest.values())),
            timeout_s=SETTLE_TIMEOUT_S,
        )

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _apply(self, connection: sqlalchemy.Connection, verdicts: Sequence[Verdict]) -> int:
        ids = [str(verdict.item_id) for verdict in verdicts]
        jobs = {row.item_id: row for row in connection.execute(_JOBS, {"ids": ids})}
        results = {v.item_id: self._result(v, jobs.get(v.item_id)) for v in verdicts}
        _note_items(connection, verdicts, results)
        changed = _move_records(connection, verdicts, results)
        moved = [v for v in verdicts if v.record_id in changed]
        _write_audit(connection, moved, results, jobs)
        _count_new_faults(connection, moved, changed)
        faults = {row[name] for row in changed.values() for name in ("fingerprint", "fault_before")}
        resolve_incidents(connection, faults, max(v.at for v in verdicts))
        failed = [v for v in moved if v.failure is not None]
        stopping = {
            v.replay_id
            for v in failed
            if v.item_id in jobs and jobs[v.item_id].on_failure == OnFailure.STOP_ON_ERROR
        }
        if stopping:
            stop_jobs(connection, list(stopping), f"record {failed[0].record_id} did not pass")
        finish_jobs(connection, list({v.replay_id for v in verdicts}), verdicts[-1].at)
        return len(changed)

    def _result(self, verdict: Verdict, job: Any) -> Result:
        if verdict.failure is None:
            return Result.REPROCESSED
        gives_up = job is not None and job.on_failure == OnFailure.PARK
        if gives_up or verdict.attempt >= self._max_attempts:
            return Result.PARKED
        return Result.FAILED_AGAIN


def open_settlement(settings: Settings) -> Settlement:
    """Settle in the database that the settings name; it may be away."""
    database = Database(settings.postgres.url.get_secret_value(), pool_size=1)
    return Settlement(database, max_attempts=settings.replay.max_attempts)


def resolve_incidents(
    connection: sqlalchemy.Connection, fingerprints: Iterable[str], now: datetime
) -> None:
    """Resolve open incidents that have no open record left, and at least one reprocessed."""
    values = {"fingerprints": sorted(fingerprints), "now": now}
    for row in connection.execute(_RESOLVE, values).all():
        audit_log.write(
            connection, [f"incident/{row.fingerprint}"], at=now, actor="replay",
            action="resolved", reason="its last open record was reprocessed", before=row.before,
        )  # fmt: skip


def _note_items(
    connection: sqlalchemy.Connection, verdicts: Sequence[Verdict], results: Mapping[UUID, Result]
) -> None:
    connection.execute(
        _ITEMS,
        {
            "ids": [str(v.item_id) for v in verdicts],
            "results": [results[v.item_id].value for v in verdicts],
            "attempts": [v.attempt for v in verdicts],
            "places": [v.coordinates for v in verdicts],
            "reasons": [v.failure.error_message if v.failure else None for v in verdicts],
            "times": [v.at for v in verdicts],
        },
    )


def _move_records(
    connection: sqlalchemy.Connection, verdicts: Sequence[Verdict], results: Mapping[UUID, Result]
) -> dict[UUID, Mapping[str, Any]]:
    """Change the rows of records; returns them by id as they were and are.

    A row keeps what it was quarantined for when it passes: that is what was repaired.
    """
    failures = [verdict.failure for verdict in verdicts]
    values = {
        "ids": [str(v.record_id) for v in verdicts],
        "states": [results[v.item_id].value for v in verdicts],
        "attempts": [v.attempt for v in verdicts],
        "times": [v.at for v in verdicts],
        "failed": [f is not None for f in failures],
        "types": [f.error_type if f else None for f in failures],
        "messages": [_storable(f.error_message) if f else None for f in failures],
        "paths": [_storable(f.field_path) if f else None for f in failures],
        "codes": [f.code if f else None for f in failures],
        "fingerprints": [f.fingerprint if f else None for f in failures],
        "versions": [f.schema_version if f else None for f in failures],
        "violations": [_storable(msgspec.json.encode(f.violations).decode()) if f else None
                       for f in failures],
    }  # fmt: skip
    rows = connection.execute(_RECORDS, values).mappings().all()
    return {row["id"]: {str(name): value for name, value in row.items()} for row in rows}


def _storable(text_: str | None) -> str | None:
    r"""Leave out what Postgres takes in no text: NUL, also as JSON's \u0000."""
    if text_ is None:
        return None
    return text_.replace("\x00", "\N{REPLACEMENT CHARACTER}").replace("\\u0000", "\\ufffd")


def _write_audit(
    connection: sqlalchemy.Connection,
    verdicts: Sequence[Verdict],
    results: Mapping[UUID, Result],
    jobs: Mapping[UUID, Any],
) -> None:
    groups: defaultdict[tuple[UUID, Result], list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        groups[verdict.replay_id, results[verdict.item_id]].append(verdict)
    for (replay_id, result), group in groups.items():
        job = jobs.get(group[0].item_id)
        audit_log.write(
            connection,
            [f"record/{verdict.record_id}" for verdict in group],
            at=group[0].at,
            actor=job.created_by if job is not None else "replay",
            action=result.value,
            reason=job.why if job is not None else None,
            replay=str(replay_id),
        )


def _count_new_faults(
    connection: sqlalchemy.Connection,
    verdicts: Sequence[Verdict],
    changed: Mapping[UUID, Mapping[str, Any]],
) -> None:
    """Count records that fail for another reason now into the incident of that reason."""
    other = [
        changed[v.record_id]
        for v in verdicts
        if v.failure is not None and changed[v.record_id]["fault_before"] != v.failure.fingerprint
    ]
    rows = [
        QuarantineRow(**{**{c: row[c] for c in COLUMNS}, "quarantined_at": row["updated_at"]})
        for row in other
    ]
    incidents.count_in(connection, rows)


_JOBS = text(
    "SELECT i.id AS item_id, j.on_failure, j.created_by, j.why FROM replay_items i"
    " JOIN replay_jobs j ON j.id = i.job_id WHERE i.id = ANY(CAST(:ids AS uuid[]))"
    " ORDER BY i.id FOR UPDATE OF i"
)
_ITEMS = text(
    "UPDATE replay_items i SET result = w.result, attempt = w.attempt, coordinates = w.place,"
    " reason = w.reason, updated_at = w.at"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:results AS text[]), CAST(:attempts AS int[]),"
    " CAST(:places AS text[]), CAST(:reasons AS text[]), CAST(:times AS timestamptz[]))"
    " AS w(id, result, attempt, place, reason, at) WHERE i.id = w.id"
)
# A verdict of an attempt that is over, or given again, finds a row that has it already.
_RECORDS = text(
    """
    WITH w AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]),
            CAST(:attempts AS int[]), CAST(:times AS timestamptz[]), CAST(:failed AS bool[]),
            CAST(:types AS text[]), CAST(:messages AS text[]), CAST(:paths AS text[]),
            CAST(:codes AS text[]), CAST(:fingerprints AS text[]), CAST(:versions AS text[]),
            CAST(:violations AS text[]))
        AS w(id, state, attempt, at, failed, error_type, message, path, code, fingerprint,
            version, violations)
    ), before AS (
        SELECT q.id, q."timestamp", q.status, q.fingerprint
        FROM quarantine_records q JOIN w ON w.id = q.id
        WHERE q.status <> 'discarded' AND (q.attempt < w.attempt
            OR (q.attempt = w.attempt AND w.failed AND q.status = 'reprocessed'))
        ORDER BY q.id FOR UPDATE OF q
    )
    UPDATE quarantine_records q SET status = w.state, attempt = w.attempt, updated_at = w.at,
        error_type = CASE WHEN w.failed THEN w.error_type ELSE q.error_type END,
        error_message = CASE WHEN w.failed THEN w.message ELSE q.error_message END,
        field_path = CASE WHEN w.failed THEN w.path ELSE q.field_path END,
        code = CASE WHEN w.failed THEN w.code ELSE q.code END,
        fingerprint = CASE WHEN w.failed THEN w.fingerprint ELSE q.fingerprint END,
        schema_version = CASE WHEN w.failed THEN w.version ELSE q.schema_version END,
        violations = CASE WHEN w.failed THEN CAST(w.violations AS jsonb) ELSE q.violations END
    FROM w JOIN before b ON b.id = w.id
    WHERE q.id = b.id AND q."timestamp" = b."timestamp"
    RETURNING q.*, b.fingerprint AS fault_before
    """
)
_RESOLVE = text(
    """
    WITH over AS (
        SELECT i.fingerprint, i.state AS before FROM incidents i
        WHERE i.fingerprint = ANY(:fingerprints) AND i.state NOT IN ('resolved', 'archived')
            AND NOT EXISTS (SELECT FROM quarantine_records q WHERE q.fingerprint = i.fingerprint
                AND q.status NOT IN ('reprocessed', 'discarded'))
            AND EXISTS (SELECT FROM quarantine_records q WHERE q.fingerprint = i.fingerprint
                AND q.status = 'reprocessed')
        ORDER BY i.fingerprint FOR UPDATE
    )
    UPDATE incidents i SET state = 'resolved', state_since = :now, resolved_at = :now,
        updated_at = :now
    FROM over o WHERE o.fingerprint = i.fingerprint
    RETURNING i.fingerprint, o.before
    """
)
