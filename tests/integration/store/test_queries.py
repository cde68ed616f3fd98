"""Lists of quarantined records from a real Postgres."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, text

from dataquarantine.outcomes import Code, ErrorType, Violation, rejected
from dataquarantine.quarantine.entries import entry_of
from dataquarantine.quarantine.fingerprint import fingerprint
from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import BadCursor, Filters, QuarantineQueries
from dataquarantine.store.rows import PostgresRows
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, missing_user_id, source

WRONG_TYPE = rejected(
    ErrorType.TYPE_VIOLATION,
    [Violation(Code.WRONG_TYPE, "type", "'abc' is not of type 'number'", "price", "/price")],
    schema_name="order",
    schema_version="2.1.0",
)


@pytest.fixture
def queries(database: Database) -> QuarantineQueries:
    """Ten records without `user_id`, then, a minute later, five with a wrong type."""
    missing = dead_letters([source(n, key=b"first") for n in range(10)])
    wrong = dead_letters(
        [source(100 + n, key=b"second") for n in range(5)],
        outcome=WRONG_TYPE,
        first_offset=10,
        now=NOW + timedelta(minutes=1),
    )
    rows = [entry_of(letter, CLUSTER, NOW).row for letter in missing + wrong]
    PostgresRows(database).insert(rows)
    return QuarantineQueries(database)


MISSING, WRONG = list(range(10)), list(range(100, 105))


@pytest.mark.parametrize(
    ("filters", "offsets"),
    [
        ({}, MISSING + WRONG),
        ({"schema": "order"}, WRONG),
        ({"schema": "order@2.1.0"}, WRONG),
        ({"schema": "order@2.0.0"}, []),
        ({"error_type": "schema_violation"}, MISSING),
        ({"code": "WRONG_TYPE"}, WRONG),
        ({"status": "stored"}, MISSING + WRONG),
        ({"topic": "elsewhere"}, []),
        ({"fingerprint": fingerprint(missing_user_id())}, MISSING),
        ({"key": "second"}, WRONG),
        ({"since": NOW + timedelta(seconds=1)}, WRONG),
        ({"until": NOW + timedelta(seconds=1)}, MISSING),
        ({"q": "raw-events/0/103"}, [103]),
        ({"q": "price"}, WRONG),
        ({"q": "REQUIRED prop"}, MISSING),
        ({"q": "100%"}, []),
        ({"q": "first", "code": "WRONG_TYPE"}, []),
    ],
    ids=str,
)
def test_filters_choose_records(
    queries: QuarantineQueries, filters: dict[str, Any], offsets: list[int]
) -> None:
    page = queries.page(Filters(**filters))

    assert sorted(item["offset"] for item in page.items) == offsets
    assert queries.count(Filters(**filters)) == len(offsets)


def test_a_part_of_a_message_is_looked_up_by_its_trigrams(database: Database) -> None:
    statement = text(
        "EXPLAIN SELECT id FROM quarantine_records WHERE error_message ILIKE '%required prop%'"
    )

    def plan(connection: Connection) -> str:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        return "\n".join(connection.execute(statement).scalars())

    assert "error_message_idx" in database.transact(plan)


def test_pages_follow_each_other_newest_first_without_gap_or_overlap(
    queries: QuarantineQueries,
) -> None:
    pages = [queries.page(Filters(), limit=4)]
    while cursor := pages[-1].next:
        pages.append(queries.page(Filters(), limit=4, cursor=cursor))

    items = [item for page in pages for item in page.items]
    assert [len(page.items) for page in pages] == [4, 4, 4, 3]
    assert len({item["id"] for item in items}) == 15
    assert items == list(queries.all(Filters(), batch=7))
    assert {item["offset"] for item in items[:5]} == set(WRONG)


def test_what_matches_in_several_ways_is_listed_once(queries: QuarantineQueries) -> None:
    pages = [queries.page(Filters(q="user_id"), limit=4)]  # field and message hold it
    while cursor := pages[-1].next:
        pages.append(queries.page(Filters(q="user_id"), limit=4, cursor=cursor))

    found = [item["offset"] for page in pages for item in page.items]
    assert (sorted(found), [len(page.items) for page in pages]) == (MISSING, [4, 4, 2])


def test_a_search_reads_no_more_than_it_finds(
    queries: QuarantineQueries, database: Database
) -> None:
    """The planner, told not to scan, has an index for each thing that `q` may be."""
    for condition in ("key = 'x'", "field_path = 'x'", "error_message ILIKE '%needle%'"):
        plan = database.transact(partial(_plan, where=condition))
        assert "Seq Scan" not in plan, plan


def _plan(connection: Connection, where: str) -> str:
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    connection.execute(text("SET LOCAL enable_indexscan = off"))
    rows = connection.execute(text(f"EXPLAIN SELECT * FROM quarantine_records WHERE {where}"))
    return "\n".join(rows.scalars())


def test_a_record_is_found_by_its_id(queries: QuarantineQueries) -> None:
    [item] = queries.page(Filters(q="raw-events/0/7")).items

    [same] = queries.page(Filters(q=item["id"])).items

    assert item == same
    assert item["violations"][0]["code"] == "MISSING_FIELD"


@pytest.mark.parametrize("cursor", ["", "x", "e30", "\N{SNOWMAN}", "W10"])
def test_a_made_up_cursor_is_refused(queries: QuarantineQueries, cursor: str) -> None:
    with pytest.raises(BadCursor):
        queries.page(Filters(), cursor=cursor)
