"""The life of schema versions in Postgres; the schema log decides, this is for reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import msgspec
from sqlalchemy import text

from dataquarantine.schemas.events import SchemaEvent
from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import Item, as_item

#: Each event that was not there yet is in `audit_log` too, whoever asked: command, API, client.
_INSERT = text(
    "WITH added AS ("
    "INSERT INTO schema_events (name, version, proposal, schema_id, at, actor, why, from_state,"
    " to_state, is_rollback, effect) VALUES (:name, :version, :proposal, :schema_id,"
    " CAST(:at AS timestamptz), :actor, :why, :from_state, :to_state, :is_rollback,"
    " CAST(:effect AS jsonb)) ON CONFLICT DO NOTHING RETURNING *)"
    " INSERT INTO audit_log (at, actor, action, subject, reason, details)"
    " SELECT at, actor, CASE WHEN is_rollback THEN 'roll_back_schema'"
    " WHEN from_state IS NULL THEN 'register_schema' ELSE 'set_schema_state' END,"
    " 'schema/' || name || '@' || version, NULLIF(why, ''),"
    " jsonb_build_object('before', from_state, 'after', to_state) FROM added"
)
_SELECT = text(
    "SELECT version, proposal, schema_id, at, actor, why, from_state, to_state, is_rollback, effect"
    " FROM schema_events WHERE name = :name ORDER BY at, version LIMIT :limit"
)


def write(database: Database, events: Sequence[SchemaEvent]) -> None:
    """Write events; those that are there already stay as they are.

    Raises: SinkUnavailable, SinkRejected.
    """
    values = [asdict(event) | {"effect": _json(event)} for event in events]
    if values:
        database.transact(lambda connection: connection.execute(_INSERT, values) and None)


def read(database: Database, name: str, *, limit: int = 1000) -> list[Item]:
    """Read the life of a schema, oldest first.

    Raises: SinkUnavailable.
    """
    values = {"name": name, "limit": limit}
    return database.transact(
        lambda connection: [as_item(r) for r in connection.execute(_SELECT, values).mappings()]
    )


def _json(event: SchemaEvent) -> str | None:
    return None if event.effect is None else msgspec.json.encode(event.effect).decode()
