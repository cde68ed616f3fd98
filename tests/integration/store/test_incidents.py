"""Incidents in a real Postgres."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest
from sqlalchemy import RowMapping, text

from dataquarantine.quarantine.entries import entry_of
from dataquarantine.store import incidents
from dataquarantine.store.incident_book import IncidentBook
from dataquarantine.store.postgres import Database
from dataquarantine.store.row import QuarantineRow
from dataquarantine.store.rows import PostgresRows
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, source


def rows_of(
    count: int, *, first: int = 0, at: datetime = NOW, producer: str = "app"
) -> list[QuarantineRow]:
    sources = [source(first + n, headers=[("client.id", producer.encode())]) for n in range(count)]
    return [entry_of(letter, CLUSTER, at).row for letter in dead_letters(sources, now=at)]


def found(database: Database, table: str = "incidents") -> list[RowMapping]:
    with database.engine.connect() as connection:
        return list(connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2")).mappings())


def execute(database: Database, statement: str, **values: object) -> None:
    database.transact(lambda connection: connection.execute(text(statement), values))


def test_records_bad_in_the_same_way_are_one_incident(database: Database) -> None:
    PostgresRows(database).insert(rows_of(3))
    PostgresRows(database).insert(rows_of(2, first=3, at=NOW + timedelta(hours=1), producer="web"))

    [incident] = found(database)
    assert incident["title"] == "user_event: missing field at user_id"
    assert incident["record_count"] == 5
    assert (incident["first_seen"], incident["last_seen"]) == (NOW, NOW + timedelta(hours=1))
    assert incident["state"] == "new"
    assert [hour["record_count"] for hour in found(database, "incident_hours")] == [3, 2]
    assert {p["producer"]: p["record_count"] for p in found(database, "incident_producers")} == {
        "app": 3,
        "web": 2,
    }


def test_repetition_is_not_counted(database: Database) -> None:
    rows = rows_of(4)

    for chunk in (rows, rows[1:3], rows + rows):
        PostgresRows(database).insert(chunk)

    [incident] = found(database)
    assert incident["record_count"] == 4


@pytest.mark.parametrize(
    ("state", "quarantined", "after"),
    [
        ("resolved", timedelta(minutes=1), "regressed"),
        ("resolved", timedelta(minutes=-1), "resolved"),
        ("archived", timedelta(minutes=1), "archived"),
        ("ongoing", timedelta(minutes=1), "ongoing"),
    ],
    ids=["comes back", "late record of before", "archived", "ongoing"],
)
def test_a_resolved_incident_that_comes_back_is_regressed(
    database: Database, state: str, quarantined: timedelta, after: str
) -> None:
    PostgresRows(database).insert(rows_of(1, at=NOW - timedelta(hours=1)))
    execute(database, "UPDATE incidents SET state = :state, resolved_at = :at", state=state, at=NOW)

    PostgresRows(database).insert(rows_of(1, first=1, at=NOW + quarantined))

    [incident] = found(database)
    assert incident["state"] == after


def test_above_the_cap_new_kinds_share_one_incident(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incidents, "MAX_OPEN_PER_SCHEMA", 5)
    [row] = rows_of(1)
    rows = [
        msgspec.structs.replace(made, fingerprint=f"v1:{n % 9}")
        for n, made in enumerate(rows_of(18, first=1))
    ]

    PostgresRows(database).insert([row, *rows[:9]])
    PostgresRows(database).insert(rows[9:])

    by_fingerprint = {each["fingerprint"]: each["record_count"] for each in found(database)}
    assert len(by_fingerprint) == 6
    assert by_fingerprint["overflow:user_event"] == 19 - 1 - 2 * 4


def test_producers_are_capped(database: Database) -> None:
    count = incidents.MAX_PRODUCERS + 20
    rows = [msgspec.structs.replace(row, producer=f"p{n}") for n, row in enumerate(rows_of(count))]

    PostgresRows(database).insert(rows)

    counts = {p["producer"]: p["record_count"] for p in found(database, "incident_producers")}
    assert len(counts) == incidents.MAX_PRODUCERS + 1
    assert counts[incidents.OTHER_PRODUCERS] == 20


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("earlier", "now_count", "after"),
    [
        ([(timedelta(minutes=10), 5)], 0, "new"),
        ([(2 * DAY, 5)], 0, "ongoing"),
        ([(2 * DAY, 5)], 150, "escalating"),
        ([(2 * DAY, 5), (timedelta(hours=5), 500)], 150, "ongoing"),
        ([(2 * DAY, 5)], 50, "ongoing"),
    ],
    ids=["minutes old", "days old", "sudden", "as usual", "few"],
)
def test_incidents_age_and_escalate(
    database: Database, earlier: list[tuple[timedelta, int]], now_count: int, after: str
) -> None:
    first = 0
    for age, count in [*earlier, (timedelta(), now_count)]:
        PostgresRows(database).insert(rows_of(count, first=first, at=NOW - age))
        first += count

    IncidentBook(database).move_on(NOW)
    IncidentBook(database).move_on(NOW)

    [incident] = found(database)
    assert incident["state"] == after


def test_an_escalating_incident_calms_down(database: Database) -> None:
    PostgresRows(database).insert(rows_of(1, at=NOW - 2 * DAY))
    PostgresRows(database).insert(rows_of(200, first=1))
    book = IncidentBook(database)

    moved = [book.move_on(NOW), book.move_on(NOW + timedelta(hours=4))]

    [incident] = found(database)
    assert moved == [1, 1]
    assert incident["state"] == "ongoing"


def test_an_incident_shows_its_trend_and_producers(database: Database) -> None:
    PostgresRows(database).insert(rows_of(2, at=NOW - timedelta(hours=2)))
    PostgresRows(database).insert(rows_of(3, first=2, producer="web"))
    book = IncidentBook(database)
    [listed] = book.page(state="open").items

    shown = book.get(listed["fingerprint"], NOW)

    assert shown is not None
    assert shown["trend"][-3:] == [2, 0, 3]
    assert len(shown["trend"]) == 24
    assert [each["producer"] for each in shown["producers"]] == ["web", "app"]


def test_pages_of_incidents_follow_each_other(database: Database) -> None:
    rows = [
        msgspec.structs.replace(row, fingerprint=f"v1:{n % 7}") for n, row in enumerate(rows_of(9))
    ]
    PostgresRows(database).insert(rows)
    book = IncidentBook(database)

    first = book.page(limit=4)
    second = book.page(limit=4, cursor=first.next)

    names = [item["fingerprint"] for item in first.items + second.items]
    assert names == [f"v1:{n}" for n in range(6, -1, -1)]
    assert second.next is None
