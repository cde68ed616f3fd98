"""The sink in a process of its own, over the real stores."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr
from sqlalchemy import Connection, text

from dataquarantine.dev.postgres import EmbeddedPostgres
from dataquarantine.errors import SinkUnavailable
from dataquarantine.quarantine import layouts
from dataquarantine.quarantine.apart import SinkApart, SinkFailed
from dataquarantine.quarantine.deadletters import DetachedPayload, KeptOriginal
from dataquarantine.quarantine.envelope import parse_envelope
from dataquarantine.records import SourceRecord
from dataquarantine.settings import PostgresSettings, S3Settings, Settings, SpoolSettings
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.postgres import Database
from tests.integration.processes import is_alive
from tests.integration.worker.stack import until
from tests.unit.quarantine.factories import dead_letters, source

DEADLINE_S = 30.0


@pytest.fixture
def settings(
    s3_settings: S3Settings, objects: ObjectStore, database_url: str, tmp_path: Path
) -> Settings:
    return Settings(
        s3=s3_settings,
        postgres=PostgresSettings(url=SecretStr(database_url)),
        spool=SpoolSettings(folder=tmp_path / "spool", max_bytes=64 * 1024),
    )


@pytest.fixture
def sink(settings: Settings) -> Iterator[SinkApart]:
    sink = SinkApart(settings)
    sink.start()
    sink.wait_until_open()
    yield sink
    sink.close()


def insist(sink: SinkApart, count: int) -> None:
    """Store as `StoreRounds` does: again while that can't be."""

    def is_stored() -> bool:
        try:
            sink.store(dead_letters(numbered(count), now=datetime.now(UTC)))
        except SinkUnavailable:
            return False
        return True

    until(is_stored, DEADLINE_S, "the sink takes them")


def numbered(count: int) -> list[SourceRecord]:
    headers = [("h", b"\xff"), ("none", None)]
    return [source(n, b'{"n": %d}' % n, headers=headers) for n in range(count)]


def kill(sink: SinkApart) -> None:
    """Kill the process and wait for the next."""
    pid = sink.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: sink.pid not in (pid, None), DEADLINE_S, "there is another process")


def waits_for_lock(connection: Connection) -> bool:
    """Tell whether any session waits for another."""
    return bool(connection.execute(text("SELECT FROM pg_locks WHERE NOT granted")).all())


def stored(database: Database) -> list[tuple[int, str]]:
    statement = text('SELECT "offset", storage_path FROM quarantine_records ORDER BY "offset"')
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(statement)]


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_dead_letters_are_rows_and_objects_when_the_call_returns(
    sink: SinkApart, database: Database, objects: ObjectStore
) -> None:
    sink.store(dead_letters(numbered(20), now=datetime.now(UTC)))

    found = stored(database)
    assert [offset for offset, _ in found] == list(range(20))
    envelopes = [parse_envelope(layouts.fetch(objects, path)) for _, path in found]
    assert [e.payload() for e in envelopes] == [b'{"n": %d}' % n for n in range(20)]


def test_payloads_that_go_ahead_are_durable_when_the_call_returns(
    sink: SinkApart, objects: ObjectStore
) -> None:
    body = dead_letters([source(1)], now=datetime.now(UTC))[0].value
    assert body is not None

    sink.store_detached(DetachedPayload("raw-events/0/1_detached.json", body))
    sink.store_originals([KeptOriginal("originals/1", b"\x00\xff")])

    assert objects.get("raw-events/0/1_detached.json") == body
    assert objects.get("originals/1") == b"\x00\xff"


def test_a_process_that_is_killed_is_replaced_and_nothing_is_lost(
    sink: SinkApart, database: Database
) -> None:
    stop = threading.Event()

    def kill_again_and_again() -> None:
        for _ in range(3):
            kill(sink)
        stop.set()

    killer = threading.Thread(target=kill_again_and_again)
    killer.start()
    rounds = 0
    while not stop.is_set():
        insist(sink, 200)
        rounds += 1
    killer.join()
    insist(sink, 200)

    assert rounds > 0
    assert [offset for offset, _ in stored(database)] == list(range(200))


def test_a_call_under_way_when_the_process_dies_says_that_it_may_be_made_again(
    sink: SinkApart, database: Database
) -> None:
    raised: list[SinkUnavailable] = []

    def store() -> None:
        try:
            sink.store(dead_letters(numbered(1), now=datetime.now(UTC)))
        except SinkUnavailable as exc:
            raised.append(exc)

    caller = threading.Thread(target=store)
    with database.engine.connect() as blocker:
        blocker.execute(text("LOCK TABLE quarantine_records IN ACCESS EXCLUSIVE MODE"))
        caller.start()
        until(lambda: waits_for_lock(blocker), DEADLINE_S, "the call waits")
        kill(sink)
        caller.join(DEADLINE_S)

    said = "sink process is unavailable: it ended; retrying in 1 s"
    assert [str(exc) for exc in raised] == [said]
    insist(sink, 1)
    assert len(stored(database)) == 1


@pytest.mark.timeout(60)
def test_what_the_process_cannot_read_is_answered(sink: SinkApart, database: Database) -> None:
    with pytest.raises(SinkFailed, match="ValidationError"):
        sink.store([SourceRecord(b"x", offset=cast(int, "seven"))])

    sink.store(dead_letters(numbered(1), now=datetime.now(UTC)))
    assert len(stored(database)) == 1


def test_the_worker_shows_what_the_process_counts(
    sink: SinkApart, postgres_server: EmbeddedPostgres, database: Database
) -> None:
    before = value("dataquarantine_sink_errors_total", sink="postgres")
    postgres_server.stop()

    sink.store(dead_letters(numbered(3), now=datetime.now(UTC)))
    until(lambda: value("dataquarantine_spool_records") == 3, DEADLINE_S, "3 are spooled")
    until(
        lambda: value("dataquarantine_sink_errors_total", sink="postgres") > before,
        DEADLINE_S,
        "an error is counted",
    )
    until(lambda: sink.away_s["postgres"] > 0, DEADLINE_S, "Postgres is away")
    postgres_server.start()

    until(lambda: value("dataquarantine_spool_records") == 0, DEADLINE_S, "the spool is empty")
    assert [offset for offset, _ in stored(database)] == [0, 1, 2]


def test_a_full_spool_refuses_as_the_sink_itself_does(
    sink: SinkApart, postgres_server: EmbeddedPostgres
) -> None:
    postgres_server.stop()

    with pytest.raises(SinkUnavailable, match=r"spool is unavailable: .* is full"):
        sink.store(dead_letters(numbered(500), now=datetime.now(UTC)))
    postgres_server.start()


def test_stores_that_cannot_be_opened_are_said_at_the_start(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    spool = SpoolSettings(folder=tmp_path / "file")
    sink = SinkApart(settings.model_copy(update={"spool": spool}))
    sink.start()

    with pytest.raises(SinkFailed, match=r"can't be opened: .*file"):
        sink.wait_until_open()
    sink.close()


def test_a_process_that_cannot_be_started_is_said_at_the_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    sink = SinkApart(settings)
    sink.start()

    with pytest.raises(SinkFailed, match=r"can't be started .No such file or directory.$"):
        sink.wait_until_open()


PARENT = """
import pickle, sys, time
from dataquarantine.quarantine.apart import SinkApart
sink = SinkApart(pickle.loads(sys.stdin.buffer.read()))
sink.start()
sink.wait_until_open()
print(sink.pid, flush=True)
time.sleep(600)
"""


def test_the_process_ends_with_a_worker_that_is_killed(settings: Settings) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        with parent.stdin as stdin:
            stdin.write(pickle.dumps(settings))
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()

    until(lambda: not is_alive(pid), DEADLINE_S, "the process ended")


def test_closing_waits_for_what_is_under_way(settings: Settings, database: Database) -> None:
    sink = SinkApart(settings)
    sink.start()
    sink.wait_until_open()
    letters = dead_letters(numbered(1), now=datetime.now(UTC))
    failed: list[Exception] = []

    def store() -> None:
        try:
            sink.store(letters)
        except Exception as exc:
            failed.append(exc)

    caller, closer = threading.Thread(target=store), threading.Thread(target=sink.close)
    with database.engine.connect() as blocker:
        blocker.execute(text("LOCK TABLE quarantine_records IN ACCESS EXCLUSIVE MODE"))
        caller.start()
        until(lambda: waits_for_lock(blocker), DEADLINE_S, "the call waits")
        closer.start()
        until(lambda: refuses(sink), DEADLINE_S, "it is being closed")
    caller.join(DEADLINE_S)
    closer.join(DEADLINE_S)

    assert failed == []
    assert len(stored(database)) == 1
    assert sink.pid is None


def refuses(sink: SinkApart) -> bool:
    """Tell whether the sink takes no more calls."""
    try:
        sink.store([])
    except SinkUnavailable as exc:
        return "is being closed" in str(exc)
    return False


def test_the_process_ends_when_the_sink_is_closed(settings: Settings) -> None:
    sink = SinkApart(settings)
    sink.start()
    sink.wait_until_open()
    pid = sink.pid
    assert pid is not None

    sink.close()

    assert not is_alive(pid)
