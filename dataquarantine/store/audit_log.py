"""Who changed what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy
from sqlalchemy import text

from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import Item, as_item

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
