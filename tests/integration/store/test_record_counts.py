"""Counts of records follow every statement that changes them, on a real Postgres."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from dataquarantine.quarantine.entries import entry_of
from dataquarantine.store.partitions import Partitions
from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import MOST_COUNTED, Filters, QuarantineQueries
from dataquarantine.store.record_counts import RecordCounts
from dataquarantine.store.row import QuarantineRow
from dataquarantine.store.rows import PostgresRows
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, source

RETENTION_DAYS = 5


def rows(count: int, first: int = 0) -> list[QuarantineRow]:
    letters = dead_letters([source(first + n) for n in range(count)])
    return [entry_of(letter, CLUSTER, NOW).row for letter in letters]


def execute(database: Database, statement: str) -> None:
    database.transact(lambda connection: connection.execute(text(statement)))


def counts(database: Database) -> dict[str, int]:
    items = QuarantineQueries(database).counts("status", Filters(schema="user_event")).items
    return {item["value"]: item["count"] for item in items}


def test_a_row_that_comes_again_counts_once(database: Database) -> None:
    for _ in range(2):
        PostgresRows(database).insert(rows(3))

    assert counts(database) == {"stored": 3}


@pytest.mark.parametrize(
    ("statement", "left"),
    [
        ("UPDATE quarantine_records SET status = 'parked'", {"parked": 3}),
        ("UPDATE quarantine_records SET storage_path = 'elsewhere'", {"stored": 3}),
        ('DELETE FROM quarantine_records WHERE "offset" = 1', {"stored": 2}),
        ("UPDATE quarantine_records SET schema_name = 'other'", {}),
        ("TRUNCATE quarantine_records", {}),
    ],
)
def test_counts_follow_a_change(database: Database, statement: str, left: dict[str, int]) -> None:
    PostgresRows(database).insert(rows(3))

    execute(database, statement)

    assert counts(database) == left


def test_counts_stay_when_a_day_gets_its_partition_and_go_with_it(database: Database) -> None:
    partitions = Partitions(database, retention_days=RETENTION_DAYS)
    PostgresRows(database).insert(rows(3))

    moved = partitions.maintain(NOW).moved
    kept = counts(database)
    dropped = partitions.maintain(NOW + timedelta(days=RETENTION_DAYS + 2)).dropped

    assert (moved, kept) == (3, {"stored": 3})
    assert dropped and counts(database) == {}


def test_folding_keeps_the_sums_and_few_rows(database: Database) -> None:
    for first in range(0, 30, 10):
        PostgresRows(database).insert(rows(10, first))
    execute(database, "UPDATE quarantine_records SET status = 'parked'")

    noted = RecordCounts(database).fold()

    assert noted == 5  # three inserts, and an update that takes and adds
    assert counts(database) == {"parked": 30}
    left = "SELECT count(*) FROM record_counts"
    assert database.transact(lambda c: c.execute(text(left)).scalar()) == 1


def test_a_recount_mends_what_passed_the_triggers_by(database: Database) -> None:
    PostgresRows(database).insert(rows(3))
    execute(database, "DELETE FROM quarantine_records_default")

    total = RecordCounts(database).recount()

    assert (total, counts(database)) == (0, {})


@pytest.mark.parametrize(
    "filters", [Filters(key="k"), Filters(since=NOW), Filters(q="REQUIRED prop")], ids=str
)
def test_what_no_count_covers_is_counted_up_to_a_bound(
    database: Database, filters: Filters
) -> None:
    PostgresRows(database).insert(rows(MOST_COUNTED))
    queries = QuarantineQueries(database)

    exact = queries.counts("code", filters)
    PostgresRows(database).insert(rows(9, MOST_COUNTED))
    bounded = queries.counts("code", filters)

    assert (exact.items[0]["count"], exact.is_exact) == (MOST_COUNTED, True)
    assert (bounded.items[0]["count"], bounded.is_exact) == (MOST_COUNTED + 1, False)
