"""Values that the repairs of jobs keep: for as long as they work, and shown to nobody.

An edit is kept as a patch of its original, and a role that may unmask can write personal data into
it; so it can into a patch or recipe for many records that names a masked field, which is private
then. A job needs the values until its last record is published, also after a crash; then they go,
and what changed (operation and place) stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy
from sqlalchemy import text

#: In a stored patch or recipe that names a masked field.
PRIVATE = "is_private"
#: What a remediation step calls its literals and expressions; all else names fields and formats.
_LITERALS = ("value", "values", "otherwise", "when")


def shown(repair: Mapping[str, Any]) -> dict[str, Any]:
    """Show a job's repair; of one that may hold personal data only what it does to which place."""
    if repair["kind"] == "edit":
        edits = {record_id: _places(patch) for record_id, patch in repair["edits"].items()}
        return {**repair, "edits": edits}
    if not repair.get(PRIVATE):
        return dict(repair)
    if repair["kind"] == "patch":
        return {**repair, "patch": _places(repair["patch"])}
    return {**repair, "steps": [_without_literals(step) for step in repair["steps"]]}


def _places(patch: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: v for name, v in each.items() if name != "value"} for each in patch]


def _without_literals(step: Mapping[str, Any]) -> dict[str, Any]:
    return {
        kind: {name: v for name, v in options.items() if name not in _LITERALS}
        if isinstance(options, Mapping)
        else options
        for kind, options in step.items()
    }


def forget(connection: sqlalchemy.Connection, job_ids: Sequence[UUID]) -> None:
    """Drop the values of edits, private patches and private recipes from jobs that are over."""
    _forget(connection, connection.execute(_OVER, {"ids": [*map(str, job_ids)]}).all())


def forget_records(connection: sqlalchemy.Connection, record_ids: Sequence[str]) -> None:
    """Drop the edits of records from all jobs: they are to be forgotten altogether.

    Private patches and recipes go once no record of their job is left. Call it after the rows went.
    """
    connection.execute(_FORGET_RECORDS, {"ids": list(record_ids)})
    _forget(connection, connection.execute(_LEFT_ALONE, {"ids": list(record_ids)}).all())


def _forget(connection: sqlalchemy.Connection, jobs: Sequence[sqlalchemy.Row[Any]]) -> None:
    for job in jobs:
        repair = msgspec.json.encode(shown(job.repair)).decode()
        connection.execute(_FORGET, {"id": job.id, "repair": repair})


_OVER = text(
    "SELECT id, repair FROM replay_jobs WHERE id = ANY(CAST(:ids AS uuid[]))"
    f" AND (repair ->> 'kind' = 'edit' OR repair -> '{PRIVATE}' = 'true')"
    " AND state IN ('done', 'cancelled') FOR UPDATE"
)
_LEFT_ALONE = text(
    f"SELECT j.id, j.repair FROM replay_jobs j WHERE j.repair -> '{PRIVATE}' = 'true'"
    " AND EXISTS (SELECT FROM replay_items i WHERE i.job_id = j.id"
    " AND i.record_id = ANY(CAST(:ids AS uuid[])))"
    " AND NOT EXISTS (SELECT FROM replay_items i JOIN quarantine_records q"
    ' ON q.id = i.record_id AND q."timestamp" = i.record_time WHERE i.job_id = j.id)'
    " FOR UPDATE OF j"
)
_FORGET = text("UPDATE replay_jobs SET repair = CAST(:repair AS jsonb) WHERE id = :id")
_FORGET_RECORDS = text(
    """
    UPDATE replay_jobs SET repair = jsonb_set(repair, '{edits}', (
        SELECT jsonb_object_agg(key, CASE WHEN key = ANY(:ids) THEN '[]' ELSE value END)
        FROM jsonb_each(repair -> 'edits')))
    WHERE repair ->> 'kind' = 'edit' AND jsonb_exists_any(repair -> 'edits', :ids)
    """
)
