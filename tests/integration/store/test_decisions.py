"""Review, purge, rebuild and collection on real stores; the topics are lists here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from dataquarantine.errors import SinkUnavailable
from dataquarantine.quarantine import layouts
from dataquarantine.quarantine.deadletters import DeadLetterWriter
from dataquarantine.quarantine.decisions import Decision, Signed
from dataquarantine.quarantine.envelope import parse_envelope
from dataquarantine.quarantine.layouts import Layout
from dataquarantine.quarantine.orphans import OrphanCollector
from dataquarantine.quarantine.private_keys import PrivateKeys
from dataquarantine.quarantine.purge import Purge
from dataquarantine.quarantine.rebuild import Rebuild, Rebuilt
from dataquarantine.quarantine.review import NotQuarantined, Review
from dataquarantine.quarantine.sink import QuarantineSink
from dataquarantine.quarantine.states import IllegalMove, IncidentState, RecordState
from dataquarantine.records import Record, SourceRecord
from dataquarantine.settings import Settings
from dataquarantine.store import audit_log
from dataquarantine.store.objects import ObjectMissing, ObjectStore, StoredObject
from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import Filters, QuarantineQueries
from dataquarantine.store.spool import Spool
from dataquarantine.testing import ManualClock
from dataquarantine.topics import OUTCOMES
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, source

WHO = Signed("ann", "test data")
KEYS = PrivateKeys(b"secret", ["raw-events"])


class Topics:
    """What the two topics hold, as `Rebuild` reads and `Review` writes them."""

    def __init__(self) -> None:
        self.records: dict[str, list[Record]] = {OUTCOMES: [], "quarantine-dlq": []}

    def publish(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            value = msgspec.json.encode(decision)
            self.records[OUTCOMES].append(SourceRecord(value, OUTCOMES, key=decision.key))

    async def read(self, topic: str) -> AsyncIterator[list[Record]]:
        yield self.records[topic]


@pytest.fixture
def topics() -> Topics:
    return Topics()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def review(database: Database, topics: Topics, clock: ManualClock) -> Review:
    return Review(database, topics.publish, clock)


@pytest.fixture
def purge(database: Database, objects: ObjectStore, topics: Topics, clock: ManualClock) -> Purge:
    return Purge(database, objects, topics.publish, clock, KEYS)


@pytest.fixture
def quarantined(
    database: Database, objects: ObjectStore, topics: Topics, clock: ManualClock, tmp_path: Path
) -> Callable[..., QuarantineSink]:
    """Quarantine ten records, of which the even ones have key `even`."""

    def quarantine(layout: Layout = "record") -> QuarantineSink:
        keys = [b"even", b"odd"]
        sources = [source(n, b'{"n": %d}' % n, key=keys[n % 2]) for n in range(10)]
        topics.records["quarantine-dlq"] = dead_letters(sources)
        spool = Spool.open(tmp_path / "spool", max_bytes=2**20)
        sink = QuarantineSink(
            objects, database, spool, cluster_id=CLUSTER, clock=clock, layout=layout
        )
        sink.store(topics.records["quarantine-dlq"])
        spool.close()
        return sink

    return quarantine


def statuses(database: Database) -> dict[int, str]:
    items = QuarantineQueries(database).all(Filters())
    return {item["offset"]: item["status"] for item in items}


def payloads(database: Database, objects: ObjectStore) -> dict[int, bytes | None]:
    items = QuarantineQueries(database).all(Filters())
    return {
        item["offset"]: parse_envelope(layouts.fetch(objects, item["storage_path"])).payload()
        for item in items
    }


def id_of(database: Database, offset: int) -> UUID:
    [item] = QuarantineQueries(database).page(Filters(q=f"raw-events/0/{offset}")).items
    return UUID(item["id"])


def wipe(database: Database) -> None:
    tables = "quarantine_records, incidents, audit_log, purged_records"
    database.transact(lambda c: c.execute(text(f"TRUNCATE {tables} CASCADE")))


def rebuild(
    sink: QuarantineSink,
    database: Database,
    objects: ObjectStore,
    topics: Topics,
    clock: ManualClock,
) -> Rebuilt:
    settings = Settings(cluster_id=CLUSTER)
    return asyncio.run(Rebuild(settings, sink, database, objects, clock, read=topics.read).run())


def test_a_decision_is_noted_with_who_and_why_and_published(
    quarantined: Callable[..., QuarantineSink],
    review: Review,
    database: Database,
    topics: Topics,
) -> None:
    quarantined()

    moved = review.move(Filters(key="even"), RecordState.DISCARDED, WHO)
    again = review.move(Filters(key="even"), RecordState.DISCARDED, WHO)

    [entry] = audit_log.history(database, f"record/{id_of(database, 4)}")
    assert (moved, again) == (5, 0)
    assert statuses(database) == {n: "stored" if n % 2 else "discarded" for n in range(10)}
    assert (entry["actor"], entry["reason"], entry["details"]) == (
        "ann",
        "test data",
        {"before": "stored"},
    )
    assert len(topics.records[OUTCOMES]) == 5


def test_a_move_that_the_table_does_not_have_is_refused(
    quarantined: Callable[..., QuarantineSink], review: Review, database: Database
) -> None:
    quarantined()
    record_id = id_of(database, 1)
    review.move_one(record_id, RecordState.DISCARDED, WHO)

    with pytest.raises(IllegalMove, match="it is final"):
        review.move_one(record_id, RecordState.IN_REVIEW, WHO)
    with pytest.raises(NotQuarantined):
        review.move_one(UUID(int=0), RecordState.IN_REVIEW, WHO)


def test_nothing_changes_when_a_decision_can_not_be_published(
    quarantined: Callable[..., QuarantineSink], database: Database, clock: ManualClock
) -> None:
    quarantined()

    def refuse(_: Sequence[Decision]) -> None:
        raise SinkUnavailable(OUTCOMES, "away")

    with pytest.raises(SinkUnavailable):
        Review(database, refuse, clock).move(Filters(), RecordState.DISCARDED, WHO)

    assert set(statuses(database).values()) == {"stored"}


def test_a_wiped_database_comes_back_with_its_decisions(
    quarantined: Callable[..., QuarantineSink],
    review: Review,
    purge: Purge,
    database: Database,
    objects: ObjectStore,
    topics: Topics,
    clock: ManualClock,
) -> None:
    sink = quarantined()
    review.move(Filters(key="even"), RecordState.DISCARDED, WHO)
    review.move_one(id_of(database, 1), RecordState.IN_REVIEW, WHO)
    purge.run(Filters(q="raw-events/0/9"), WHO)
    [incident] = [
        item["fingerprint"] for item in QuarantineQueries(database).page(Filters(), limit=1).items
    ]
    clock.advance(60)
    review.move_incident(incident, IncidentState.RESOLVED, WHO)
    before = statuses(database), payloads(database, objects)
    wipe(database)

    clock.advance(60)
    first = rebuild(sink, database, objects, topics, clock)
    second = rebuild(sink, database, objects, topics, clock)

    states = database.transact(lambda c: c.execute(text("SELECT state FROM incidents")).scalars())
    assert (statuses(database), payloads(database, objects)) == before
    assert list(states) == ["resolved"]
    assert (first.rows, first.decisions) == (9, 7)
    assert (second.rows, second.payloads, second.decisions) == (0, 0, 0)


@pytest.mark.parametrize("layout", ["record", "segment"])
def test_lost_objects_come_back_and_decisions_stay(
    quarantined: Callable[..., QuarantineSink],
    review: Review,
    database: Database,
    objects: ObjectStore,
    topics: Topics,
    clock: ManualClock,
    layout: Layout,
) -> None:
    sink = quarantined(layout)
    review.move(Filters(key="even"), RecordState.DISCARDED, WHO)
    before = statuses(database), payloads(database, objects)
    for path in list(objects.paths()):
        objects.delete(path)

    rebuilt = rebuild(sink, database, objects, topics, clock)

    assert rebuilt.payloads == 10
    assert (statuses(database), payloads(database, objects)) == before


@pytest.mark.parametrize("layout", ["record", "segment"])
def test_what_is_purged_is_gone_and_does_not_come_back(
    quarantined: Callable[..., QuarantineSink],
    purge: Purge,
    database: Database,
    objects: ObjectStore,
    topics: Topics,
    clock: ManualClock,
    layout: Layout,
) -> None:
    sink = quarantined(layout)
    items = {i["offset"]: i for i in QuarantineQueries(database).all(Filters())}

    purged = purge.run(Filters(key="even"), WHO)
    redelivered = sink.store(topics.records["quarantine-dlq"])
    rebuild(sink, database, objects, topics, clock)

    assert (purged.records, purged.waiting, purged.last_quarantined) == (5, 0, NOW)
    assert redelivered.new == 0
    assert payloads(database, objects) == {n: b'{"n": %d}' % n for n in (1, 3, 5, 7, 9)}
    assert not any(b'"n": 4' in objects.get(path) for path in objects.paths())
    path, _, span = items[4]["storage_path"].partition("#")
    if span:
        start, _, end = span.partition("-")
        assert set(objects.get(path, int(start), int(end))) == {0}
    else:
        with pytest.raises(ObjectMissing):
            objects.get(path)


def test_originals_of_remediated_records_go_with_their_key_or_with_time(
    quarantined: Callable[..., QuarantineSink],
    purge: Purge,
    database: Database,
    objects: ObjectStore,
) -> None:
    writer = DeadLetterWriter(CLUSTER, keys=KEYS)
    sources = [source(50 + n, b"came", key=key) for n, key in enumerate((b"even", b"odd", None))]
    originals = [writer.kept_original(each) for each in sources]
    quarantined().store_originals(originals)

    purged = purge.run(Filters(key="even"), WHO)
    after = set(objects.paths("originals/"))
    collector = OrphanCollector(database, objects, purge, retention_days=90)
    young = collector.run(datetime.now(UTC))
    old = collector.run(datetime.now(UTC) + timedelta(days=91))

    assert (purged.records, purged.originals) == (5, 1)
    assert after == {originals[1].path, originals[2].path}
    assert young.removed == 0
    assert set(objects.paths("originals/")) == set()
    assert old.removed >= 2


def test_a_payload_that_was_spooled_when_purged_is_erased_when_it_arrives(
    quarantined: Callable[..., QuarantineSink],
    purge: Purge,
    database: Database,
    objects: ObjectStore,
    topics: Topics,
) -> None:
    quarantined("segment")
    [path] = objects.paths()
    body = objects.get(path)
    objects.delete(path)

    purged = purge.run(Filters(key="even"), WHO)
    objects.put(StoredObject(path, body))  # as the drained spool does
    erased = purge.erase_waiting()

    assert (purged.waiting, erased) == (5, 5)
    assert objects.get(path).count(0) > body.count(0)


def test_only_objects_whose_records_are_elsewhere_are_collected(
    quarantined: Callable[..., QuarantineSink],
    purge: Purge,
    database: Database,
    objects: ObjectStore,
    topics: Topics,
) -> None:
    quarantined("segment")
    [segment] = objects.paths()
    letters = topics.records["quarantine-dlq"]
    known, unknown = letters[0], dead_letters([source(99)])[0]
    expired = dead_letters([source(98)], now=NOW.replace(year=2020))[0]
    for name, letter in (("known", known), ("unknown", unknown), ("expired", expired)):
        objects.put(StoredObject(f"raw-events/0/{name}.json", letter.value or b""))
    objects.put(StoredObject("somebody/elses.bin", b"\x00\x01"))
    collector = OrphanCollector(database, objects, purge, retention_days=90)

    seen = collector.run(NOW, dry_run=True)
    done = collector.run(NOW)

    assert (seen.removed, done.removed, done.kept) == (2, 2, 2)
    assert set(objects.paths()) == {
        segment,
        "raw-events/0/unknown.json",
        "somebody/elses.bin",
    }
