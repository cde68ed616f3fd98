"""Verdicts of replays on a real database, and what `rebuild` makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from dataquarantine.outcomes import Code, ErrorType, Violation, rejected
from dataquarantine.quarantine.rebuild import Rebuild
from dataquarantine.quarantine.sink import QuarantineSink
from dataquarantine.records import Record, SourceRecord
from dataquarantine.replay.marks import ReplayMark
from dataquarantine.replay.settlement import Settlement
from dataquarantine.replay.verdicts import Verdict, verdict_of
from dataquarantine.settings import Settings
from dataquarantine.store.incident_book import IncidentBook
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import Filters, Item, QuarantineQueries
from dataquarantine.store.spool import Spool
from dataquarantine.testing import ManualClock
from dataquarantine.topics import OUTCOMES
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, source
from tests.unit.stream.test_replays import VALID

ENUM = rejected(
    ErrorType.SCHEMA_VIOLATION,
    [Violation(Code.ENUM_MISMATCH, "enum", "not one of them", "plan", "/plan", "/plan/enum")],
    schema_name="user_event",
    schema_version="1.1.0",
)


@pytest.fixture
def sink(database: Database, objects: ObjectStore, tmp_path: Path) -> Iterator[QuarantineSink]:
    """Three quarantined records of one incident."""
    spool = Spool.open(tmp_path / "spool", max_bytes=2**20)
    clock = ManualClock()
    sink = QuarantineSink(objects, database, spool, cluster_id=CLUSTER, clock=clock)
    sink.store(LETTERS)
    yield sink
    spool.close()


LETTERS = dead_letters([source(n, b'{"n": %d}' % n) for n in range(3)])


def rows(database: Database) -> list[Item]:
    return sorted(QuarantineQueries(database).all(Filters()), key=lambda item: item["offset"])


def verdict(item: Item, passed: bool, attempt: int = 2) -> Verdict:
    mark = ReplayMark(uuid4(), uuid4(), UUID(item["id"]), attempt, "raw-events/0/0")
    at = NOW + timedelta(minutes=attempt)
    return verdict_of(mark, VALID if passed else ENUM, "raw-events.dq-replay/0/1", at)


def incidents(database: Database) -> dict[str, tuple[str, int]]:
    page = IncidentBook(database).page()
    return {item["code"]: (item["state"], item["record_count"]) for item in page.items}


def test_a_verdict_changes_a_record_once(sink: QuarantineSink, database: Database) -> None:
    settlement = Settlement(database, max_attempts=5)
    first = verdict(rows(database)[0], passed=False)

    changed = [settlement.apply([first]) for _ in range(2)]

    [row, *_] = rows(database)
    assert changed == [1, 0]
    assert (row["status"], row["attempt"], row["code"]) == ("failed_again", 2, "ENUM_MISMATCH")
    assert incidents(database) == {"MISSING_FIELD": ("new", 3), "ENUM_MISMATCH": ("new", 1)}


def test_the_last_attempt_parks_and_the_last_open_record_resolves(
    sink: QuarantineSink, database: Database
) -> None:
    settlement = Settlement(database, max_attempts=3)
    one, two, three = rows(database)

    settlement.apply([verdict(one, passed=True), verdict(two, passed=False)])
    before = incidents(database)["MISSING_FIELD"]
    settlement.apply([verdict(two, passed=False, attempt=3), verdict(three, passed=True)])

    assert [r["status"] for r in rows(database)] == ["reprocessed", "parked", "reprocessed"]
    assert (before, incidents(database)["MISSING_FIELD"]) == (("new", 3), ("resolved", 3))
    assert incidents(database)["ENUM_MISMATCH"][0] == "new"


def test_rebuild_restores_what_became_of_replays(
    sink: QuarantineSink, database: Database, objects: ObjectStore
) -> None:
    one, two, _ = rows(database)
    verdicts = [verdict(one, passed=True), verdict(two, passed=False)]
    records: dict[str, list[Record]] = {
        "quarantine-dlq": LETTERS,
        OUTCOMES: [SourceRecord(v.encoded(), OUTCOMES, key=v.key) for v in verdicts],
    }
    wiped = "TRUNCATE quarantine_records, incidents, audit_log CASCADE"
    database.transact(lambda c: c.execute(text(wiped)))

    async def read(topic: str) -> AsyncIterator[list[Record]]:
        yield records[topic]

    settings = Settings(cluster_id=CLUSTER)
    job = Rebuild(settings, sink, database, objects, ManualClock(), read=read)
    rebuilt = asyncio.run(job.run())

    assert (rebuilt.rows, rebuilt.decisions) == (3, 2)
    assert [r["status"] for r in rows(database)] == ["reprocessed", "failed_again", "stored"]
    assert [r["code"] for r in rows(database)][:2] == ["MISSING_FIELD", "ENUM_MISMATCH"]
