"""Rows in a real Postgres."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from sqlalchemy import RowMapping, event, text

from dataquarantine.quarantine.entries import entry_of
from dataquarantine.store.partitions import Partitions
from dataquarantine.store.postgres import Database
from dataquarantine.store.row import QuarantineRow, StoredMark
from dataquarantine.store.rows import PostgresRows, read_rows
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, source


def make_rows(count: int) -> list[QuarantineRow]:
    letters = dead_letters([source(n) for n in range(count)])
    return [entry_of(letter, CLUSTER, NOW).row for letter in letters]


def stored(database: Database) -> list[RowMapping]:
    statement = text('SELECT * FROM quarantine_records ORDER BY "offset"')
    with database.engine.connect() as connection:
        return list(connection.execute(statement).mappings())


@pytest.mark.parametrize(
    "poison",
    [
        {"error_message": "a\x00b"},
        {"key": "\x00"},
        {"violations": [{"message": "a\x00b"}]},
        {"partition": 2**40},
        {"offset": 2**70},
        {"attempt": 2**33},
        {"schema_name": "\x00", "source_timestamp_ms": 2**65},
        {"error_type": "\x00", "fingerprint": "\x00", "code": "\x00", "topic": "\x00"},
        {"schema_name": "".join(chr(0x4E00 + n) for n in range(9000))},
    ],
    ids=[
        *("NUL in text", "NUL in key", "NUL in JSON", "partition", "offset", "attempt"),
        *("several", "every text", "too long for an index"),
    ],
)
def test_a_row_that_postgres_refuses_is_stored_reduced_and_the_rest_whole(
    database: Database, poison: dict[str, object]
) -> None:
    rows = make_rows(9)
    rows[4] = msgspec.structs.replace(rows[4], **poison)

    inserted = PostgresRows(database).insert(rows)

    by_id = {row["id"]: row for row in stored(database)}
    reduced = by_id[rows[4].id]
    assert inserted.reduced == (rows[4].id,)
    assert len(by_id) == 9
    assert reduced["error_message"].startswith("stored in reduced form: postgres refused the row")
    assert reduced["storage_path"] == rows[4].storage_path
    assert sum(row["error_message"] == rows[0].error_message for row in by_id.values()) == 8


def test_a_long_key_is_no_obstacle(database: Database) -> None:
    key = "".join(chr(0x4E00 + n) for n in range(9000))
    [row] = make_rows(1)

    inserted = PostgresRows(database).insert([msgspec.structs.replace(row, key=key)])

    assert inserted.reduced == ()
    assert stored(database)[0]["key"] == key


def test_text_comes_back_as_it_went(database: Database) -> None:
    awkward = 'tab\t newline\n return\r backslash\\ \\N quote" \u2028 ' + "\U0001f4a5"
    [row] = make_rows(1)
    row = msgspec.structs.replace(
        row, error_message=awkward, key=awkward, violations=[{"message": awkward}]
    )

    PostgresRows(database).insert([row])

    [found] = stored(database)
    assert found["error_message"] == found["key"] == awkward
    assert found["violations"] == [{"message": awkward}]


@pytest.mark.parametrize(
    ("status", "after"),
    [("quarantined", "stored"), ("in_review", "in_review"), ("discarded", "discarded")],
)
def test_an_arriving_payload_never_lowers_a_state(
    database: Database, status: str, after: str
) -> None:
    [row] = make_rows(1)
    row = msgspec.structs.replace(row, status=status, stored_at=None)
    rows = PostgresRows(database)
    rows.insert([row])

    rows.mark_stored([StoredMark(row.id, row.timestamp, "elsewhere")], NOW)
    rows.mark_stored([StoredMark(row.id, row.timestamp, "too late")], NOW)

    [found] = stored(database)
    assert (found["status"], found["storage_path"]) == (after, "elsewhere")
    assert found["stored_at"] == NOW


def test_only_the_days_in_question_are_planned_for(database: Database) -> None:
    """Each of 90 days costs a plan 0.2 ms, several times for every round of the sink."""
    Partitions(database, retention_days=5).maintain(NOW)
    rows = make_rows(3)
    marks = [StoredMark(row.id, row.timestamp, "elsewhere") for row in rows]
    PostgresRows(database).insert(rows)
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, values: Any, *rest: Any) -> None:
        if "quarantine_records q" in statement:
            asked.append((statement, values))

    event.listen(database.engine, "before_cursor_execute", note)
    PostgresRows(database).known(rows)
    PostgresRows(database).mark_stored(marks, NOW)
    database.transact(lambda c: read_rows(c, [(row.id, row.timestamp) for row in rows]))
    event.remove(database.engine, "before_cursor_execute", note)

    assert len(asked) == 3
    with database.engine.connect() as connection:
        for statement, values in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars()
            days = set(re.findall(r" on (quarantine_records_\w+)", "\n".join(plan)))
            assert len(days) == 1
