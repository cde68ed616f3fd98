"""Rows of `quarantine_records`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy
from sqlalchemy import text

from dataquarantine.errors import SinkRejected
from dataquarantine.store import incidents
from dataquarantine.store.postgres import Database, copy_in
from dataquarantine.store.row import COLUMNS, QuarantineRow, StoredMark, copy_text, reduce_row

INSERT_TIMEOUT_S = 10.0

_COLUMN_LIST = ", ".join(f'"{column}"' for column in COLUMNS)
_CREATE_INCOMING = (
    "CREATE TEMPORARY TABLE IF NOT EXISTS quarantine_incoming"
    " (LIKE quarantine_records INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"
)
_COPY = f"COPY quarantine_incoming ({_COLUMN_LIST}) FROM STDIN"
# Sorted, so that two workers with the same records wait for each other instead of deadlocking.
_INSERT = f"""
    INSERT INTO quarantine_records ({_COLUMN_LIST})
    SELECT {_COLUMN_LIST} FROM quarantine_incoming i
    WHERE NOT EXISTS (SELECT FROM purged_records p WHERE p.id = i.id)
    ORDER BY id
    ON CONFLICT DO NOTHING
"""
# Ids only when not all are new: turning them into objects costs as much as sending the rows.
_INSERT_AND_TELL = f"""
    WITH new AS ({_INSERT} RETURNING id), counted AS (SELECT count(*) AS n FROM new)
    SELECT n, NULL AS id FROM counted
    UNION ALL SELECT n, id FROM new, counted WHERE n <> :expected
"""
# Without constants for the time Postgres plans for every day's partition: 15 ms for 90 of them.
_WITHIN = 'q."timestamp" BETWEEN :earliest AND :latest'
# A row that was there before its payload arrived (it was spooled, and then the chunk came again).
_MARK_REPEATED = """
    UPDATE quarantine_records q SET storage_path = i.storage_path, stored_at = i.stored_at,
        updated_at = i.updated_at,
        status = CASE q.status WHEN 'quarantined' THEN 'stored' ELSE q.status END
    FROM quarantine_incoming i
    WHERE q.id = i.id AND q."timestamp" = i."timestamp"
        AND q.stored_at IS NULL AND i.stored_at IS NOT NULL
"""
_AT_PLACES = (
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[])) AS w(id, at)"
    f' JOIN quarantine_records q ON q.id = w.id AND q."timestamp" = w.at WHERE {_WITHIN}'
)
#: What leads to a record's payload and to those who judge it: a row has a few times as much.
_WAYS = (
    "id", "topic", "partition", "offset", "code", "schema_name", "source_timestamp_ms",
    "storage_path", "payload_crc32c", "dlq_partition", "dlq_offset",
)  # fmt: skip
_READ = text("SELECT " + ", ".join(f'q."{name}"' for name in _WAYS) + f" {_AT_PLACES}")
_KNOWN = text(
    f"SELECT q.id, q.payload_crc32c, q.stored_at IS NOT NULL AS stored, q.storage_path {_AT_PLACES}"
)


@dataclass(frozen=True, slots=True)
class Inserted:
    """What became of a batch of rows; `refused` are those that Postgres takes in no form."""

    new: frozenset[UUID]
    reduced: tuple[UUID, ...] = ()
    refused: tuple[QuarantineRow, ...] = ()


class Known(NamedTuple):
    """What the database knows of an id; a purged one counts as stored, for it must not return."""

    payload_crc32c: int | None
    payload_is_stored: bool
    storage_path: str = ""
    is_purged: bool = False


class PostgresRows:
    """`quarantine_records` in Postgres. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, rows: Sequence[QuarantineRow]) -> Inserted:
        """Store rows in one transaction; a row that Postgres refuses is stored reduced.

        A row that is there already stays, but learns where its payload is if it did not know.

        Raises: SinkUnavailable when the database does not answer.
        """
        if not rows:
            return Inserted(frozenset())
        try:
            return Inserted(self._copy(rows))
        except SinkRejected as exc:
            if len(rows) == 1:
                return self._insert_reduced(rows[0], exc.reason)
        middle = len(rows) // 2
        left, right = self.insert(rows[:middle]), self.insert(rows[middle:])
        return Inserted(
            left.new | right.new, left.reduced + right.reduced, left.refused + right.refused
        )

    def known(self, rows: Sequence[QuarantineRow]) -> dict[UUID, Known]:
        """Look up which of these rows are there already.

        Raises: SinkUnavailable.
        """
        if not rows:
            return {}
        values = _places([(row.id, row.timestamp) for row in rows])
        found = self._database.transact(lambda c: c.execute(_KNOWN, values).all())
        known = {row.id: Known(row.payload_crc32c, row.stored, row.storage_path) for row in found}
        purged = self.purged([row.id for row in rows if row.id not in known])
        return known | {
            row.id: Known(row.payload_crc32c, True, is_purged=True)
            for row in rows
            if row.id in purged
        }

    def purged(self, ids: Sequence[UUID]) -> set[UUID]:
        """Tell which of these ids must not come back.

        Raises: SinkUnavailable.
        """
        if not ids:
            return set()
        statement = text("SELECT id FROM purged_records WHERE id = ANY(CAST(:ids AS uuid[]))")
        values = {"ids": [str(record_id) for record_id in ids]}
        return self._database.transact(lambda c: set(c.execute(statement, values).scalars()))

    def forget_payloads(self, ids: Sequence[UUID]) -> None:
        """Note that the payloads of these rows are gone; their states stay.

        Raises: SinkUnavailable.
        """
        if not ids:
            return
        statement = text(
            "UPDATE quarantine_records SET stored_at = NULL WHERE id = ANY(CAST(:ids AS uuid[]))"
        )
        values = {"ids": [str(record_id) for record_id in ids]}
        self._database.transact(lambda connection: connection.execute(statement, values))

    def mark_stored(self, marks: Sequence[StoredMark], now: datetime) -> None:
        """Note where payloads arrived; a row whose payload is stored stays as it is.

        Moves rows from `quarantined` to `stored`; a state that came after is never lowered.

        Raises: SinkUnavailable.
        """
        if not marks:
            return
        statement = text(
            "UPDATE quarantine_records q SET storage_path = w.path, stored_at = :now,"
            " updated_at = :now,"
            " status = CASE q.status WHEN 'quarantined' THEN 'stored' ELSE q.status END"
            " FROM unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[]),"
            " CAST(:paths AS text[])) AS w(id, at, path)"
            ' WHERE q.id = w.id AND q."timestamp" = w.at AND q.stored_at IS NULL'
            f" AND {_WITHIN}"
        )
        values = {
            **_places([(mark.id, mark.timestamp) for mark in marks]),
            "paths": [mark.path for mark in marks],
            "now": now,
        }
        self._database.transact(lambda connection: connection.execute(statement, values))

    def _copy(self, rows: Sequence[QuarantineRow]) -> frozenset[UUID]:
        lines = copy_text(rows)

        def work(connection: sqlalchemy.Connection) -> frozenset[UUID]:
            connection.execute(text(_CREATE_INCOMING))
            copy_in(connection, _COPY, lines)
            by_id = {row.id: row for row in rows}
            told = connection.execute(text(_INSERT_AND_TELL), {"expected": len(by_id)}).all()
            all_new = told[0].n == len(by_id)
            new = frozenset(by_id if all_new else (row.id for row in told if row.id is not None))
            incidents.count_in(connection, [by_id[row_id] for row_id in by_id if row_id in new])
            if len(new) < len(rows):
                connection.execute(text(_MARK_REPEATED))
            return new

        return self._database.transact(work, timeout_s=INSERT_TIMEOUT_S)

    def _insert_reduced(self, row: QuarantineRow, reason: str) -> Inserted:
        try:
            return Inserted(self._copy([reduce_row(row, reason)]), (row.id,))
        except SinkRejected:
            return Inserted(frozenset(), refused=(row,))


def read_rows(
    connection: sqlalchemy.Connection, places: Sequence[tuple[UUID, datetime]]
) -> dict[UUID, Mapping[str, Any]]:
    """Read what leads to records by id and time; those that are gone are left out."""
    if not places:
        return {}
    rows = connection.execute(_READ, _places(places)).all()
    return {row.id: dict(zip(_WAYS, row, strict=True)) for row in rows}


def _places(places: Sequence[tuple[UUID, datetime]]) -> dict[str, Any]:
    """Give the values of a statement that names rows by id and time, and the bounds of these."""
    times = [at for _, at in places]
    ids = [str(row_id) for row_id, _ in places]
    return {"ids": ids, "times": times, "earliest": min(times), "latest": max(times)}
