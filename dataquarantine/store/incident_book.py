"""Incidents as people see them: lists, what became of them, and their states over time."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy
from sqlalchemy import text

from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import MAX_LIMIT, QUERY_TIMEOUT_S, BadCursor, Item, Page, as_item

#: An incident is new, or regressed, for that long; then it is an ongoing one.
NOVELTY = timedelta(days=1)
#: Escalating: the last hour is so many times the hourly average of the day before ...
ESCALATION_FACTOR = 10
#: ... and has at least so many records.
ESCALATION_RECORDS = 100
HOURS_KEPT = timedelta(days=14)
TREND_HOURS = 24


class IncidentBook:
    """Reads incidents and moves them on by themselves."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        *,
        schema: str | None = None,
        state: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page:
        """List incidents, last seen first; `state` may be `open` for all that are not closed.

        Raises: BadCursor, SinkUnavailable.
        """
        where, values = ["TRUE"], dict[str, Any]()
        if schema is not None:
            where.append("schema_name = :schema")
            values["schema"] = schema
        if state == "open":
            where.append("state NOT IN ('resolved', 'archived')")
        elif state is not None:
            where.append("state = :state")
            values["state"] = state
        if cursor is not None:
            at, after = _read_cursor(cursor)
            where.append("(last_seen, fingerprint) < (:cursor_at, :cursor_fingerprint)")
            values |= {"cursor_at": at, "cursor_fingerprint": after}
        limit = max(1, min(limit, MAX_LIMIT))
        rows = self._read(
            f"SELECT * FROM incidents WHERE {' AND '.join(where)}"
            " ORDER BY last_seen DESC, fingerprint DESC LIMIT :limit",
            **values,
            limit=limit + 1,
        )
        last = rows[limit - 1] if len(rows) > limit else None
        following = None if last is None else _cursor(last["last_seen"], last["fingerprint"])
        return Page([as_item(row) for row in rows[:limit]], following)

    def described(self, items: Sequence[Item], now: datetime) -> list[Item]:
        """Add trend and producers to listed incidents, for all of them at once."""
        names = [item["fingerprint"] for item in items]
        first_hour = _hour(now) - timedelta(hours=TREND_HOURS - 1)
        hours = self._read(
            "SELECT fingerprint, hour, record_count FROM incident_hours"
            " WHERE fingerprint = ANY(:names) AND hour >= :first",
            names=names,
            first=first_hour,
        )
        producers = self._read(
            "SELECT fingerprint, producer, record_count AS count, last_seen"
            " FROM incident_producers WHERE fingerprint = ANY(:names)"
            " ORDER BY record_count DESC, producer",
            names=names,
        )
        by_hour = {(row["fingerprint"], row["hour"]): row["record_count"] for row in hours}
        return [
            {
                **item,
                "trend": [
                    by_hour.get((item["fingerprint"], first_hour + timedelta(hours=n)), 0)
                    for n in range(TREND_HOURS)
                ],
                "producers": [
                    as_item(row) for row in producers if row["fingerprint"] == item["fingerprint"]
                ],
            }
            for item in items
        ]

    def count_open(self) -> int:
        """Count the incidents that are neither resolved nor archived."""
        [row] = self._read(
            "SELECT count(*) AS n FROM incidents WHERE state NOT IN ('resolved', 'archived')"
        )
        return int(row["n"])

    def error_types(self, since: datetime) -> list[Item]:
        """Count the records that came in the hour of a moment or later, by error type."""
        rows = self._read(
            "SELECT i.error_type, sum(h.record_count)::bigint AS count"
            " FROM incident_hours h JOIN incidents i USING (fingerprint)"
            " WHERE h.hour >= :hour GROUP BY 1 ORDER BY 2 DESC, 1",
            hour=_hour(since),
        )
        return [as_item(row) for row in rows]

    def get(self, fingerprint: str, now: datetime) -> Item | None:
        """Find an incident with its trend (records an hour, oldest first) and its producers."""
        rows = self._read("SELECT * FROM incidents WHERE fingerprint = :f", f=fingerprint)
        if not rows:
            return None
        first_hour = _hour(now) - timedelta(hours=TREND_HOURS - 1)
        hours = self._read(
            "SELECT hour, record_count FROM incident_hours"
            " WHERE fingerprint = :f AND hour >= :first",
            f=fingerprint,
            first=first_hour,
        )
        by_hour = {row["hour"]: row["record_count"] for row in hours}
        producers = self._read(
            "SELECT producer, record_count, last_seen FROM incident_producers"
            " WHERE fingerprint = :f ORDER BY record_count DESC, producer",
            f=fingerprint,
        )
        trend = [by_hour.get(first_hour + timedelta(hours=n), 0) for n in range(TREND_HOURS)]
        return {
            **as_item(rows[0]),
            "trend": trend,
            "producers": [as_item(row) for row in producers],
        }

    def move_on(self, now: datetime) -> int:
        """Let incidents age, escalate and calm down; returns how many changed.

        Raises: SinkUnavailable.
        """
        return self._database.transact(lambda connection: _move_on(connection, now))

    def _read(self, statement: str, **values: Any) -> list[sqlalchemy.RowMapping]:
        return self._database.transact(
            lambda connection: list(connection.execute(text(statement), values).mappings()),
            timeout_s=QUERY_TIMEOUT_S,
        )


def _move_on(connection: sqlalchemy.Connection, now: datetime) -> int:
    hour = _hour(now)
    values = {
        "now": now,
        "novelty": now - NOVELTY,
        # The hour that is not over yet counts with the one before it.
        "recent": hour - timedelta(hours=1),
        "day_before": hour - timedelta(hours=25),
        "factor": ESCALATION_FACTOR,
        "records": ESCALATION_RECORDS,
    }
    changed = connection.execute(_STATES, values).rowcount
    connection.execute(
        text("DELETE FROM incident_hours WHERE hour < :oldest"), {"oldest": now - HOURS_KEPT}
    )
    return changed


_STATES = text(
    """
    WITH rates AS (
        SELECT i.fingerprint,
            COALESCE(sum(h.record_count) FILTER (WHERE h.hour >= :recent), 0) AS recent,
            COALESCE(sum(h.record_count) FILTER (WHERE h.hour < :recent), 0) / 24.0 AS hourly
        FROM incidents i
        LEFT JOIN incident_hours h ON h.fingerprint = i.fingerprint AND h.hour >= :day_before
        WHERE i.state NOT IN ('resolved', 'archived')
        GROUP BY i.fingerprint
    ), wanted AS (
        SELECT r.fingerprint, CASE
            WHEN r.recent >= :records AND r.recent > :factor * r.hourly
                AND i.first_seen < :novelty THEN 'escalating'
            WHEN i.state = 'escalating' THEN 'ongoing'
            WHEN i.state_since < :novelty THEN 'ongoing'
            ELSE i.state END AS state
        FROM rates r JOIN incidents i USING (fingerprint)
    )
    UPDATE incidents i SET state = w.state, state_since = :now, updated_at = :now
    FROM wanted w
    WHERE i.fingerprint = w.fingerprint AND i.state <> w.state
        AND i.state NOT IN ('resolved', 'archived')
    """
)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _cursor(at: datetime, fingerprint: str) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([at, fingerprint])).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        decoded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.json.decode(decoded, type=tuple[datetime, str])
    except (binascii.Error, ValueError) as exc:
        raise BadCursor from exc
