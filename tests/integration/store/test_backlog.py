"""What waits for people, in a real Postgres."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from dataquarantine.quarantine.entries import entry_of
from dataquarantine.store.backlog import look
from dataquarantine.store.postgres import Database
from dataquarantine.store.rows import PostgresRows
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, source


def test_nothing_open_is_age_zero(database: Database) -> None:
    found = look(database, NOW)

    assert found.oldest_open_s == 0
    assert set(found.incidents.values()) == {0}


def test_the_oldest_undecided_record_counts(database: Database) -> None:
    times = (NOW, NOW + timedelta(hours=1))
    letters = [dead_letters([source(n)], now=at)[0] for n, at in enumerate(times)]
    rows = [entry_of(letter, CLUSTER, NOW).row for letter in letters]
    PostgresRows(database).insert(rows)
    decide = text("UPDATE quarantine_records SET status = 'discarded' WHERE id = :id")
    database.transact(lambda connection: connection.execute(decide, {"id": rows[0].id}))

    found = look(database, NOW + timedelta(hours=3))

    assert found.incidents["new"] == 1
    assert found.oldest_open_s == timedelta(hours=2).total_seconds()
