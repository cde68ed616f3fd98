"""Day partitions of `quarantine_records`, made ahead and dropped behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import sqlalchemy
from sqlalchemy import text

from dataquarantine.store import record_counts
from dataquarantine.store.postgres import Database

DAYS_AHEAD = 3
#: One maintainer at a time over all workers; any constant number does.
_LOCK = 7_301_002
#: Making a partition stops writers for a moment; better try again later than queue up behind one.
_LOCK_TIMEOUT_MS = 2000
_ROWS_PER_DELETE = 10_000

_PREFIX = "quarantine_records_"
_DEFAULT = "quarantine_records_default"


@dataclass(frozen=True, slots=True)
class Maintained:
    """What a round of maintenance did."""

    made: int = 0
    moved: int = 0
    dropped: int = 0
    deleted: int = 0


class Partitions:
    """Keeps a partition for each day of [today - retention, today + 3]; DEFAULT has the rest."""

    def __init__(self, database: Database, *, retention_days: int) -> None:
        self._database = database
        self._retention = timedelta(days=retention_days)

    def maintain(self, now: datetime) -> Maintained:
        """Make what is missing, then remove what was quarantined too long ago.

        Does nothing while another worker is at it.

        Raises: SinkUnavailable, also when writers hold a partition for too long.
        """
        made, moved = self._make_missing(now.astimezone(UTC).date())
        dropped, deleted = self._expire(now - self._retention)
        return Maintained(made, moved, dropped, deleted)

    def _make_missing(self, today: date) -> tuple[int, int]:
        first, last = today - self._retention, today + timedelta(days=DAYS_AHEAD)
        there = self._database.transact(_days)
        missing = [day for day in _each(first, last) if day not in there]
        made = moved = 0
        # Newest first: today's and tomorrow's are the ones that are written to. A transaction
        # for each, so that writers wait for one day at most.
        for day in reversed(missing):
            rows = self._database.transact(lambda c, day=day: _make(c, day))  # type: ignore[misc]
            if rows is not None:
                made, moved = made + 1, moved + rows
        return made, moved

    def _expire(self, cutoff: datetime) -> tuple[int, int]:
        dropped = 0
        for day in sorted(self._database.transact(_days)):
            if _end(day) > cutoff:
                break
            dropped += self._database.transact(
                lambda c, day=day: _drop(c, day, cutoff)  # type: ignore[misc]
            )
        deleted = 0
        while gone := self._database.transact(lambda c: _delete(c, cutoff)):
            deleted += gone
        return dropped, deleted


def _days(connection: sqlalchemy.Connection) -> set[date]:
    """Read which days have a partition."""
    statement = text(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'quarantine_records'::regclass AND c.relname <> :default"
    )
    names = connection.execute(statement, {"default": _DEFAULT}).scalars()
    return {datetime.strptime(name, f"{_PREFIX}%Y%m%d").date() for name in names}


def _make(connection: sqlalchemy.Connection, day: date) -> int | None:
    """Make the partition of a day and move its rows out of DEFAULT; returns how many.

    DEFAULT is locked before its rows move, so that none can follow them in the meantime. What is
    written to a partition by its own name passes the triggers of `record_counts` by: here nothing
    came or went.
    """
    if not _sole_maintainer(connection) or day in _days(connection):
        return None
    name, start, end = _name(day), _start(day).isoformat(), _end(day).isoformat()
    connection.execute(text(f"LOCK TABLE {_DEFAULT} IN ACCESS EXCLUSIVE MODE"))
    connection.execute(
        text(f"CREATE TABLE {name} (LIKE quarantine_records INCLUDING DEFAULTS INCLUDING INDEXES)")
    )
    span = '"timestamp" >= :start AND "timestamp" < :end'
    moved = connection.execute(
        text(
            f"WITH moved AS (DELETE FROM {_DEFAULT} WHERE {span} RETURNING *)"
            f" INSERT INTO {name} SELECT * FROM moved"
        ),
        {"start": start, "end": end},
    )
    connection.execute(
        text(
            f"ALTER TABLE quarantine_records ATTACH PARTITION {name}"
            f" FOR VALUES FROM ('{start}') TO ('{end}')"
        )
    )
    return moved.rowcount


def _drop(connection: sqlalchemy.Connection, day: date, cutoff: datetime) -> int:
    """Detach and drop a day that holds nothing younger than `cutoff`."""
    if not _sole_maintainer(connection):
        return 0
    name = _name(day)
    # Readers of every list go on while its rows are counted.
    connection.execute(text(f"LOCK TABLE {name} IN SHARE MODE"))
    younger = text(f"SELECT 1 FROM {name} WHERE quarantined_at >= :cutoff LIMIT 1")
    if connection.execute(younger, {"cutoff": cutoff}).first():
        return 0
    record_counts.subtract(connection, name)
    connection.execute(text(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE"))
    connection.execute(text(f"ALTER TABLE quarantine_records DETACH PARTITION {name}"))
    connection.execute(text(f"DROP TABLE {name}"))
    return 1


def _delete(connection: sqlalchemy.Connection, cutoff: datetime) -> int:
    """Delete expired rows that share their partition with younger ones."""
    if not _sole_maintainer(connection):
        return 0
    statement = text(
        "DELETE FROM quarantine_records q USING ("
        ' SELECT id, "timestamp" FROM quarantine_records'
        " WHERE quarantined_at < :cutoff ORDER BY quarantined_at LIMIT :limit"
        ') old WHERE q.id = old.id AND q."timestamp" = old."timestamp"'
    )
    values = {"cutoff": cutoff, "limit": _ROWS_PER_DELETE}
    return connection.execute(statement, values).rowcount


def _sole_maintainer(connection: sqlalchemy.Connection) -> bool:
    """Take the lock that one transaction at a time can have."""
    connection.execute(text(f"SET LOCAL lock_timeout = {_LOCK_TIMEOUT_MS}"))
    return bool(connection.execute(text(f"SELECT pg_try_advisory_xact_lock({_LOCK})")).scalar())


def _each(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _name(day: date) -> str:
    return f"{_PREFIX}{day:%Y%m%d}"


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _end(day: date) -> datetime:
    return _start(day) + timedelta(days=1)
