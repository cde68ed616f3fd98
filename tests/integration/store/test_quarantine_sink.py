"""The sink against real stores."""

from __future__ import annotations

import json

import pytest
import sqlalchemy

from dataquarantine.quarantine.envelope import parse_envelope
from dataquarantine.quarantine.sink import QuarantineSink
from dataquarantine.records import SourceRecord
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.postgres import Database
from tests.unit.quarantine.factories import dead_letters, source


def rows_of(database: Database) -> list[sqlalchemy.RowMapping]:
    statement = sqlalchemy.text('SELECT * FROM quarantine_records ORDER BY topic, "offset", id')
    with database.engine.connect() as connection:
        return list(connection.execute(statement).mappings())


def test_the_seeds_invalid_example_is_stored_at_the_seeds_path(
    sink: QuarantineSink, database: Database, objects: ObjectStore
) -> None:
    report = sink.store(dead_letters([source(12345)]))

    [row] = rows_of(database)
    stored = json.loads(objects.get(row["storage_path"]))
    assert report.new == 1
    assert row["storage_path"] == f"raw-events/0/12345_{row['id']}.json"
    assert row["status"] == "stored"
    assert (row["error_type"], row["error_message"], row["field_path"]) == (
        "schema_violation",
        "'user_id' is a required property",
        "user_id",
    )
    assert stored["original_message"] == {"_schema": "user_event", "event_type": "purchase"}


def test_repetition_leaves_one_row_and_one_payload(
    sink: QuarantineSink, database: Database, objects: ObjectStore
) -> None:
    letters = dead_letters([source(n) for n in range(10)])

    first, again = sink.store(letters), sink.store(letters[3:] + letters)

    assert (first.new, again.new) == (10, 0)
    assert len(rows_of(database)) == len(list(objects.paths())) == 10


def test_what_comes_twice_at_once_is_stored_once(
    sink: QuarantineSink, database: Database, objects: ObjectStore
) -> None:
    letters = dead_letters([source(n) for n in range(3)])

    report = sink.store(letters + letters[1:])

    assert (report.new, report.repeated, report.conflicts) == (3, 2, ())
    assert len(rows_of(database)) == len(list(objects.paths())) == 3


def test_an_id_with_another_payload_is_stored_under_a_new_one(
    sink: QuarantineSink, database: Database, objects: ObjectStore
) -> None:
    [first] = dead_letters([source(1, b'{"a": 1}')])
    [other] = dead_letters([source(1, b'{"a": 2}')], first_offset=1)
    sink.store([first])

    report, again = sink.store([other]), sink.store([first, other])

    payloads = {parse_envelope(objects.get(r["storage_path"])).payload() for r in rows_of(database)}
    assert payloads == {b'{"a": 1}', b'{"a": 2}'}
    assert len(report.conflicts) == 1
    assert again.new == 0


def test_a_record_that_is_no_envelope_is_kept_as_found(
    sink: QuarantineSink, database: Database, objects: ObjectStore
) -> None:
    [letter] = dead_letters([source()])
    stranger = SourceRecord(b"\xffnot ours", "quarantine-dlq", 0, 7, 1000)

    report = sink.store([stranger, letter])

    row = next(r for r in rows_of(database) if r["topic"] == "quarantine-dlq")
    assert report.foreign == 1
    assert row["code"] == "NOT_AN_ENVELOPE"
    assert parse_envelope(objects.get(row["storage_path"])).payload() == b"\xffnot ours"


@pytest.mark.parametrize(
    "value",
    [None, b"", b"null", b' {"a": 1.10}\n', b'{"n":123456789012345678901234567890}', b"\xfe\xff"],
    ids=["tombstone", "empty", "null", "white space", "large integer", "no text"],
)
def test_every_byte_comes_back(
    sink: QuarantineSink, database: Database, objects: ObjectStore, value: bytes | None
) -> None:
    sink.store(dead_letters([source(1, value)], rendered=value != b"\xfe\xff"))

    [row] = rows_of(database)
    assert parse_envelope(objects.get(row["storage_path"])).payload() == value
