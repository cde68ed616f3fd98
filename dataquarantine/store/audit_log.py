"""Who changed what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy
from sqlalchemy import text

from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import (
    QUERY_TIMEOUT_S,
    BadCursor,
    Item,
    Page,
    as_item,
)

_INSERT = text(
    "INSERT INTO audit_log (at, actor, action, subject, reason, details)"
    " VALUES (:at, :actor, :action, :subject, :reason, CAST(:details AS jsonb))"
)


def write(
    connection: sqlalchemy.Connection,
    subjects: Iterable[str],
    *,
    at: datetime,
    actor: str,
    action: str,
    reason: str | None = None,
    **details: Any,
) -> None:
    """Note a change of each subject (`record/<id>`, `incident/<fingerprint>`, ...)."""
    shown = msgspec.json.encode(details).decode()
    entries = [
        {
            "at": at,
            "actor": actor,
            "action": action,
            "subject": subject,
            "reason": reason,
            "details": shown,
        }
        for subject in subjects
    ]
    if entries:
        connection.execute(_INSERT, entries)


def note(
    database: Database,
    subject: str,
    *,
    at: datetime,
    actor: str,
    action: str,
    reason: str | None = None,
    **details: Any,
) -> None:
    """Note a change that no transaction of its own made.

    Raises: SinkUnavailable.
    """
    database.transact(
        lambda connection: write(
            connection,
            [subject],
            at=at,
            actor=actor,
            action=action,
            reason=reason,
            **details,
        )
    )


def history(database: Database, subject: str, *, limit: int = 100) -> list[Item]:
    """Read the changes of one subject, newest first."""
    statement = text(
        "SELECT at, actor, action, reason, details FROM audit_log"
        " WHERE subject = :subject ORDER BY id DESC LIMIT :limit"
    )
    values = {"subject": subject, "limit": limit}
    return database.transact(
        lambda connection: [as_item(r) for r in connection.execute(statement, values).mappings()]
    )


def page(
    database: Database,
    *,
    actor: str | None = None,
    subject: str | None = None,
    action: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """List changes, newest first; all that is given must hold, `until` excluded.

    Raises: BadCursor, SinkUnavailable.
    """
    where, values = ["TRUE"], dict[str, Any]()
    for column, value in (("actor", actor), ("subject", subject), ("action", action)):
        if value is not None:
            where.append(f"{column} = :{column}")
            values[column] = value
    if since is not None:
        where.append("at >= :since")
        values["since"] = since
    if until is not None:
        where.append("at < :until")
        values["until"] = until
    if cursor is not None:
        where.append("id < :before")
        values["before"] = _read_cursor(cursor)
    statement = text(
        "SELECT id, at, actor, action, subject, reason, details FROM audit_log"
        f" WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT :limit"
    )
    found = database.transact(
        lambda c: list(c.execute(statement, values | {"limit": limit + 1}).mappings()),
        timeout_s=QUERY_TIMEOUT_S,
    )
    following = str(found[limit - 1]["id"]) if len(found) > limit else None
    return Page([as_item(row) for row in found[:limit]], following)


def _read_cursor(cursor: str) -> int:
    if not cursor.isascii() or not cursor.isdecimal() or len(cursor) > 18:
        raise BadCursor
    return int(cursor)
