"""How many records there are of each kind and state, without reading them.

Triggers on `quarantine_records` note what each statement adds and takes as rows of `record_counts`
(migration 0007); a count is a sum over them, and folding keeps them few. Nobody waits for a
counter: a row that all writers change would make them queue up behind each other's commits.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy import text

from dataquarantine.store.postgres import Database

#: What records are counted by; columns of both tables.
KIND = "topic, schema_name, schema_version, error_type, code, fingerprint, status"
RECOUNT_TIMEOUT_S = 600.0
#: One at a time over all workers; any constant number does.
_LOCK = 7_301_004


class RecordCounts:
    """Looks after `record_counts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fold(self) -> int:
        """Sum up what statements noted since; returns how many notes there were.

        Does nothing while another worker is at it.

        Raises: SinkUnavailable.
        """
        return self._database.transact(_fold)

    def recount(self) -> int:
        """Count all records anew, while writers wait; returns how many there are.

        Raises: SinkUnavailable.
        """
        return self._database.transact(_recount, timeout_s=RECOUNT_TIMEOUT_S)


def subtract(connection: sqlalchemy.Connection, partition: str) -> None:
    """Take the records of a partition off the counts; no trigger sees it go."""
    connection.execute(
        text(
            f"INSERT INTO record_counts SELECT {KIND}, -count(*), FALSE FROM {partition}"
            f" GROUP BY {KIND}"
        )
    )


def _fold(connection: sqlalchemy.Connection) -> int:
    if not connection.execute(text(f"SELECT pg_try_advisory_xact_lock({_LOCK})")).scalar():
        return 0
    row: Any = connection.execute(_FOLD).one()
    return int(row.noted)


def _recount(connection: sqlalchemy.Connection) -> int:
    connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    connection.execute(text("LOCK TABLE quarantine_records IN SHARE ROW EXCLUSIVE MODE"))
    connection.execute(text("DELETE FROM record_counts"))
    connection.execute(
        text(
            f"INSERT INTO record_counts SELECT {KIND}, count(*), TRUE FROM quarantine_records"
            f" GROUP BY {KIND}"
        )
    )
    total = text("SELECT COALESCE(sum(record_count), 0) FROM record_counts")
    return int(connection.execute(total).scalar_one())


_FOLD = text(
    f"""
    WITH gone AS (
        DELETE FROM record_counts WHERE fingerprint IN
            (SELECT fingerprint FROM record_counts WHERE NOT is_folded)
        RETURNING *
    ), kept AS (
        INSERT INTO record_counts SELECT {KIND}, sum(record_count), TRUE FROM gone
        GROUP BY {KIND} HAVING sum(record_count) <> 0
    )
    SELECT count(*) FILTER (WHERE NOT is_folded) AS noted FROM gone
    """
)
