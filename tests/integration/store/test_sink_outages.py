"""The sink while its stores are stopped and started."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.dev.postgres import EmbeddedPostgres
from dataquarantine.errors import SinkUnavailable
from dataquarantine.quarantine import layouts
from dataquarantine.quarantine import sink as sinks
from dataquarantine.quarantine.deadletters import DeadLetterWriter
from dataquarantine.quarantine.envelope import parse_envelope
from dataquarantine.quarantine.layouts import Layout
from dataquarantine.quarantine.sink import QuarantineSink
from dataquarantine.records import Record, SourceRecord
from dataquarantine.settings import PostgresSettings, S3Settings, Settings, SpoolSettings
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.postgres import Database
from dataquarantine.store.spool import Spool
from dataquarantine.testing import ManualClock
from tests.unit.quarantine.factories import (
    CLUSTER,
    NOW,
    dead_letters,
    missing_user_id,
    source,
)

#: Longer than any wait of a store that is away.
LATER_S = 60.0

DEADLINE_S = 30.0

OpenSink = Callable[..., QuarantineSink]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def make_sink(
    s3: S3Settings,
    url: str,
    spool: Path,
    clock: ManualClock,
    max_bytes: int = 2**20,
    layout: Layout = "record",
) -> QuarantineSink:
    return QuarantineSink(
        ObjectStore(s3),
        Database(url),
        Spool.open(spool, max_bytes=max_bytes),
        cluster_id=CLUSTER,
        clock=clock,
        layout=layout,
    )


def store_and_be_killed(s3: S3Settings, url: str, spool: Path, sources: list[Record]) -> None:
    make_sink(s3, url, spool, ManualClock()).store(dead_letters(sources))
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def open_sink(
    s3_settings: S3Settings,
    objects: ObjectStore,
    database_url: str,
    tmp_path: Path,
    clock: ManualClock,
) -> Iterator[OpenSink]:
    """Open sinks over the same stores and spool folder, as processes one after the other do."""
    opened: list[QuarantineSink] = []

    def open_one(*, max_bytes: int = 2**20, layout: Layout = "record") -> QuarantineSink:
        sink = make_sink(s3_settings, database_url, tmp_path / "spool", clock, max_bytes, layout)
        opened.append(sink)
        return sink

    yield open_one
    for sink in opened:
        sink.close()


def statuses(database: Database) -> list[str]:
    statement = text('SELECT status FROM quarantine_records ORDER BY "offset"')
    with database.engine.connect() as connection:
        return list(connection.execute(statement).scalars())


def payloads(database: Database, objects: ObjectStore) -> list[bytes | None]:
    """Fetch every payload the way a reader does: by what its row says."""
    statement = text('SELECT storage_path FROM quarantine_records ORDER BY "offset"')
    with database.engine.connect() as connection:
        paths = list(connection.execute(statement).scalars())
    return [parse_envelope(layouts.fetch(objects, path)).payload() for path in paths]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)


def numbered(count: int, first: int = 0) -> list[SourceRecord]:
    return [source(n, b'{"n": %d}' % n) for n in range(first, first + count)]


def values(sources: list[SourceRecord]) -> list[bytes | None]:
    return [record.value for record in sources]


def test_a_record_is_quarantined_while_s3_is_away_and_stored_after(
    open_sink: OpenSink,
    clock: ManualClock,
    objects_server: EmbeddedObjects,
    objects: ObjectStore,
    database: Database,
) -> None:
    sink = open_sink()
    objects_server.stop()

    report = sink.store(dead_letters([source(12345)]))
    during = statuses(database)
    objects_server.start()
    clock.advance(LATER_S)
    drained = sink.drain()

    assert (report.new, report.spooled_payloads) == (1, 1)
    assert during == ["quarantined"]
    assert (drained.payloads, sink.spool.records) == (1, 0)
    assert statuses(database) == ["stored"]
    [path] = objects.paths()
    assert path.startswith("raw-events/0/12345_")
    assert path.endswith(".json")


@pytest.mark.parametrize("layout", ["record", "segment"])
@pytest.mark.parametrize("away", ["postgres", "s3", "both"])
def test_everything_arrives_once_after_an_outage(
    open_sink: OpenSink,
    clock: ManualClock,
    postgres_server: EmbeddedPostgres,
    objects_server: EmbeddedObjects,
    objects: ObjectStore,
    database: Database,
    away: str,
    layout: Layout,
) -> None:
    sources = numbered(30)
    letters = dead_letters(sources)
    sink = open_sink(layout=layout)
    sink.store(letters[:10])
    if away in ("postgres", "both"):
        postgres_server.stop()
    if away in ("s3", "both"):
        objects_server.stop()

    sink.store(letters[10:20])
    sink.store(letters[10:25])  # a rebalance brought some of them again
    for server in (postgres_server, objects_server):
        if not server.service.running:
            server.start()
    clock.advance(LATER_S)
    sink.store(letters[20:])  # the way is free again before the spool is drained
    sink.drain()

    assert sink.spool.records == 0
    assert statuses(database) == ["stored"] * 30
    assert payloads(database, objects) == values(sources)


def test_an_id_with_another_payload_is_told_apart_while_postgres_is_away(
    open_sink: OpenSink,
    clock: ManualClock,
    postgres_server: EmbeddedPostgres,
    objects: ObjectStore,
    database: Database,
) -> None:
    sink = open_sink()
    one, other = source(1, b'{"n": 1}'), source(1, b'{"n": 2}')
    postgres_server.stop()

    sink.store(dead_letters([one]))
    conflicts = sink.store(dead_letters([other], first_offset=1)).conflicts
    postgres_server.start()
    clock.advance(LATER_S)
    sink.drain()

    assert len(conflicts) == 1
    assert sorted(payloads(database, objects)) == [b'{"n": 1}', b'{"n": 2}']  # type: ignore[type-var]


def test_what_a_killed_process_spooled_is_taken_over(
    open_sink: OpenSink,
    s3_settings: S3Settings,
    database_url: str,
    tmp_path: Path,
    postgres_server: EmbeddedPostgres,
    objects_server: EmbeddedObjects,
    objects: ObjectStore,
    database: Database,
) -> None:
    sources = numbered(8)
    postgres_server.stop()
    objects_server.stop()
    victim = multiprocessing.get_context("spawn").Process(
        target=store_and_be_killed, args=(s3_settings, database_url, tmp_path / "spool", sources)
    )
    victim.start()
    victim.join()
    postgres_server.start()
    objects_server.start()

    successor = open_sink()
    successor.drain()

    assert victim.exitcode == -signal.SIGKILL
    assert successor.spool.records == 0
    assert payloads(database, objects) == values(sources)


def test_a_living_process_takes_over_the_spool_of_a_dead_one_beside_it(
    open_sink: OpenSink,
    clock: ManualClock,
    postgres_server: EmbeddedPostgres,
    database: Database,
) -> None:
    survivor, victim = open_sink(), open_sink()
    postgres_server.stop()
    victim.store(dead_letters(numbered(3)))
    postgres_server.start()
    clock.advance(LATER_S)

    while_alive = survivor.drain().rows
    victim.spool.close()
    after_death = survivor.drain().rows

    assert (while_alive, after_death) == (0, 3)
    assert statuses(database) == ["stored"] * 3


def test_a_full_spool_takes_nothing_and_stays_within_its_limit(
    open_sink: OpenSink,
    clock: ManualClock,
    postgres_server: EmbeddedPostgres,
    objects_server: EmbeddedObjects,
    objects: ObjectStore,
    database: Database,
    tmp_path: Path,
) -> None:
    limit = 64 * 1024
    sources = numbered(60)
    letters = dead_letters(sources)
    sink = open_sink(max_bytes=limit)
    postgres_server.stop()
    objects_server.stop()
    taken = 0
    with pytest.raises(SinkUnavailable, match="full"):
        for taken in range(0, 60, 5):
            sink.store(letters[taken : taken + 5])
    used = sum(path.stat().st_size for path in tmp_path.rglob("*.jsonl"))

    postgres_server.start()
    objects_server.start()
    clock.advance(LATER_S)
    for first in range(taken, 60, 5):  # the topic kept them
        sink.store(letters[first : first + 5])
    sink.drain()

    assert 0 < taken < 55
    assert 0 < used <= limit
    assert payloads(database, objects) == values(sources)


def test_a_torn_last_line_does_not_stop_the_rest(
    open_sink: OpenSink,
    postgres_server: EmbeddedPostgres,
    clock: ManualClock,
    database: Database,
    tmp_path: Path,
) -> None:
    postgres_server.stop()
    dying = open_sink()
    dying.store(dead_letters(numbered(3)))
    dying.close()
    [segment] = tmp_path.glob("spool/0/rows/*.jsonl")
    os.truncate(segment, segment.stat().st_size - 10)
    postgres_server.start()
    clock.advance(LATER_S)

    sink = open_sink()
    sink.drain()

    assert sink.spool.records == 0
    assert len(statuses(database)) == 2


def test_a_damaged_line_is_set_aside(
    open_sink: OpenSink,
    postgres_server: EmbeddedPostgres,
    database: Database,
    clock: ManualClock,
    tmp_path: Path,
) -> None:
    postgres_server.stop()
    sink = open_sink()
    sink.store(dead_letters(numbered(3)))
    [segment] = tmp_path.glob("spool/0/rows/*.jsonl")
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(lines[0] + b"\xff" * (len(lines[1]) - 1) + b"\n" + lines[2])
    postgres_server.start()
    clock.advance(LATER_S)

    sink.drain()

    assert len(statuses(database)) == 2
    assert sink.spool.refused.lines == 1


def test_a_store_that_is_away_is_not_asked_with_every_chunk(
    open_sink: OpenSink,
    clock: ManualClock,
    objects_server: EmbeddedObjects,
    database: Database,
) -> None:
    sink = open_sink()
    objects_server.stop()
    sink.store(dead_letters(numbered(1)))
    objects_server.start()

    at_once = sink.store(dead_letters(numbered(1, first=1)))
    clock.advance(LATER_S)
    later = sink.store(dead_letters(numbered(1, first=2)))

    assert (at_once.spooled_payloads, later.spooled_payloads) == (1, 0)


def test_a_database_without_tables_is_an_outage_with_a_remedy(
    empty_database_url: str,
    s3_settings: S3Settings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sink = make_sink(s3_settings, empty_database_url, tmp_path / "spool", ManualClock())

    report = sink.store(dead_letters([source()]))

    sink.close()
    assert report.spooled_rows == 1
    assert "dataquarantine db upgrade" in caplog.text


@pytest.mark.parametrize("s3_is_up", [True, False], ids=["s3 up", "s3 away"])
def test_an_envelope_too_large_for_the_topic_is_reachable(
    open_sink: OpenSink,
    clock: ManualClock,
    objects_server: EmbeddedObjects,
    objects: ObjectStore,
    database: Database,
    s3_is_up: bool,
) -> None:
    large = source(1, b"\xff" * 900_000)
    writer = DeadLetterWriter(CLUSTER)
    letter = writer.dead_letter(0, large, missing_user_id(), None, NOW)
    assert letter.detached
    produced: list[Record] = [SourceRecord(letter.value, "quarantine-dlq", 0, 0, 0)]
    sink = open_sink(max_bytes=8 * 2**20)
    if not s3_is_up:
        objects_server.stop()

    sink.store_detached(letter.detached)
    sink.store(produced)
    during = statuses(database)
    if not s3_is_up:
        objects_server.start()
    clock.advance(LATER_S)
    sink.drain()

    assert len(letter.value) < 10_000
    assert during == ["stored" if s3_is_up else "quarantined"]
    assert statuses(database) == ["stored"]
    assert payloads(database, objects) == [large.value]


def test_postgres_that_hangs_is_given_up_after_a_while(
    postgres_server: EmbeddedPostgres, database: Database
) -> None:
    database.transact(lambda connection: connection.execute(text("SELECT 1")))

    with pytest.raises(SinkUnavailable):
        database.transact(
            lambda connection: connection.execute(text("SELECT pg_sleep(30)")), timeout_s=0.2
        )


def test_an_opened_sink_looks_after_spool_and_partitions_by_itself(
    s3_settings: S3Settings,
    database_url: str,
    tmp_path: Path,
    postgres_server: EmbeddedPostgres,
    database: Database,
) -> None:
    settings = Settings(
        s3=s3_settings,
        postgres=PostgresSettings(url=SecretStr(database_url), retention_days=2),
        spool=SpoolSettings(folder=tmp_path / "spool"),
    )
    postgres_server.stop()
    sink = sinks.open_sink(settings)

    sink.store(dead_letters(numbered(3), now=datetime.now(UTC)))
    postgres_server.start()

    wait_until(lambda: sink.spool.records == 0)
    sink.close()
    assert statuses(database) == ["stored"] * 3
