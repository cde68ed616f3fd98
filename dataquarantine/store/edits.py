"""Edited payloads that jobs keep: for as long as they work, and shown to nobody.

An edit is kept as a patch of its original, and a role that may unmask can write personal data into
it. A job needs the values until its last record is published, also after a crash; then they go,
and what changed (operation and place) stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import text


def shown(repair: Mapping[str, Any]) -> dict[str, Any]:
    """Show a job's repair; of edits only what they do to which place."""
    if repair["kind"] != "edit":
        return dict(repair)
    edits = {
        record_id: [{name: v for name, v in each.items() if name != "value"} for each in patch]
        for record_id, patch in repair["edits"].items()
    }
    return {**repair, "edits": edits}


def forget(connection: sqlalchemy.Connection, job_ids: Sequence[UUID]) -> None:
    """Drop the values of edits from jobs that are over."""
    connection.execute(_FORGET, {"ids": [*map(str, job_ids)]})


def forget_records(connection: sqlalchemy.Connection, record_ids: Sequence[str]) -> None:
    """Drop the edits of records from all jobs: they are to be forgotten altogether."""
    connection.execute(_FORGET_RECORDS, {"ids": list(record_ids)})


_FORGET = text(
    """
    UPDATE replay_jobs j SET repair = jsonb_set(j.repair, '{edits}', (
        SELECT COALESCE(jsonb_object_agg(e.key, (
            SELECT COALESCE(jsonb_agg(o.value - 'value' ORDER BY o.place), '[]')
            FROM jsonb_array_elements(e.value) WITH ORDINALITY AS o(value, place))), '{}')
        FROM jsonb_each(j.repair -> 'edits') e))
    WHERE j.id = ANY(CAST(:ids AS uuid[])) AND j.repair ->> 'kind' = 'edit'
        AND j.state IN ('done', 'cancelled')
    """
)
_FORGET_RECORDS = text(
    """
    UPDATE replay_jobs SET repair = jsonb_set(repair, '{edits}', (
        SELECT jsonb_object_agg(key, CASE WHEN key = ANY(:ids) THEN '[]' ELSE value END)
        FROM jsonb_each(repair -> 'edits')))
    WHERE repair ->> 'kind' = 'edit' AND jsonb_exists_any(repair -> 'edits', :ids)
    """
)
