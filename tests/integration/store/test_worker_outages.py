"""A running worker while its stores are stopped and started."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.dev.postgres import EmbeddedPostgres
from dataquarantine.quarantine import layouts
from dataquarantine.quarantine.envelope import parse_envelope
from dataquarantine.settings import S3Settings
from dataquarantine.store.objects import ObjectStore
from tests.integration.worker.conftest import stack_of
from tests.integration.worker.stack import Stack, until
from tests.integration.worker.test_audit import audit

#: How long a store is away; longer by hand, to see that nothing grows with it.
OUTAGE_S = float(os.environ.get("OUTAGE_S", "8"))
RECORDS_PER_ROUND = 60
MAX_COMMIT_AGE_S = 3.0

WITHOUT_USER = (
    b'{"_schema":"user_event","event_type":"purchase","timestamp":"2025-12-27T16:00:00Z"}'
)

Server = EmbeddedPostgres | EmbeddedObjects


@pytest.fixture(params=["tansu"])
def stack(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    database_url: str,
    objects_server: EmbeddedObjects,
) -> Iterator[Stack]:
    """A gateway without a worker yet; its topics have one source partition in use."""
    real = request.param == "kafka"
    broker = request.getfixturevalue("kafka_cluster" if real else "tansu")
    stack = stack_of(tmp_path, broker.bootstrap_servers, real, database_url, objects_server)
    stack.s3 = {**stack.s3, "layout": "auto"}
    stack.create_topics()
    yield stack
    stack.stop()


@pytest.fixture
def servers(
    request: pytest.FixtureRequest,
    postgres_server: EmbeddedPostgres,
    objects_server: EmbeddedObjects,
) -> Iterator[list[Server]]:
    """The stores that the test stops, by parameter; running again afterwards."""
    chosen: dict[str, list[Server]] = {
        "postgres": [postgres_server],
        "s3": [objects_server],
        "both": [postgres_server, objects_server],
    }
    yield chosen[request.param]
    start(chosen[request.param])


def stop(servers: Sequence[Server]) -> None:
    for server in servers:
        server.stop()


def start(servers: Sequence[Server]) -> None:
    for server in servers:
        if not server.service.running:
            server.start()


def bad(first: int, count: int) -> list[bytes | None]:
    return [b'{"_schema":"user_event","n":%d}' % n for n in range(first, first + count)]


def good(count: int) -> list[bytes | None]:
    valid = (
        b'{"_schema":"user_event","user_id":"USER123456","event_type":"view",'
        b'"timestamp":"2025-12-27T16:00:00Z"}'
    )
    return [valid] * count


def is_committed(stack: Stack, offset: int) -> bool:
    return stack.committed(stack.source) == {0: offset}


def commit_age_s(stack: Stack) -> float:
    """The oldest commit age of a source partition, as the worker itself tells it."""
    pattern = rf'commit_age_seconds{{.*topic="{stack.source}".*}} (\S+)'
    return max(map(float, re.findall(pattern, stack.workers[-1].metrics())), default=0.0)


def all_arrived(stack: Stack, count: int) -> bool:
    return stack.count_rows() == stack.count_rows("stored") == count


def payloads(stack: Stack, objects: ObjectStore) -> list[bytes | None]:
    paths = [row["storage_path"] for row in stack.rows()]
    with ThreadPoolExecutor(8) as pool:
        return list(
            pool.map(lambda path: parse_envelope(layouts.fetch(objects, path)).payload(), paths)
        )


def spool_bytes(stack: Stack) -> int:
    return sum(path.stat().st_size for path in (stack.home / "spool").rglob("*.jsonl"))


@pytest.fixture
def bucket(stack: Stack) -> Iterator[ObjectStore]:
    store = ObjectStore(
        S3Settings(
            endpoint_url=stack.s3["endpoint_url"],
            access_key=SecretStr(stack.s3["access_key"]),
            secret_key=SecretStr(stack.s3["secret_key"]),
            bucket=stack.s3["bucket"],
        )
    )
    yield store
    store.close()


@pytest.mark.parametrize("servers", ["s3"], indirect=True)
def test_the_seeds_example_is_quarantined_while_s3_is_away_and_stored_after(
    stack: Stack, servers: list[Server]
) -> None:
    stack.start_worker(s3={**stack.s3, "layout": "record"})
    stop(servers)

    stack.produce([WITHOUT_USER])
    [during] = stack.wait_for_rows(1)
    start(servers)
    until(lambda: all_arrived(stack, 1), 30, "the payload is stored")

    [after] = stack.rows()
    assert during["status"] == "quarantined"
    assert after["storage_path"] == f"{stack.source}/0/0_{after['id']}.json"
    assert WITHOUT_USER in stack.object(after["storage_path"])


class Load:
    """Bad and good records, as fast as they are committed."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.bad = 0
        self.sent = 0
        self.worst_age_s = 0.0

    def send(self) -> None:
        """Produce a round and wait until the source is committed behind it."""
        self.stack.produce([*bad(self.bad, RECORDS_PER_ROUND), *good(RECORDS_PER_ROUND)])
        self.bad += RECORDS_PER_ROUND
        self.sent += 2 * RECORDS_PER_ROUND
        until(partial(is_committed, self.stack, self.sent), 30, "the source is committed")

    def run(self, seconds: float) -> None:
        """Send rounds for a while and watch the age of what is not committed yet."""
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            round_began = time.monotonic()
            self.send()
            waited_s = time.monotonic() - round_began
            self.worst_age_s = max(self.worst_age_s, commit_age_s(self.stack), waited_s)

    def arrive(self, timeout_s: float = 90) -> None:
        """Wait until every bad record has its one row and its payload."""
        until(lambda: all_arrived(self.stack, self.bad), timeout_s, f"{self.bad} stored rows")


EVERY_OUTAGE = [("tansu", "postgres"), ("tansu", "s3"), ("kafka", "both")]


@pytest.mark.slow
@pytest.mark.timeout(240 + 2 * OUTAGE_S)
@pytest.mark.parametrize(("stack", "servers"), EVERY_OUTAGE, indirect=True)
def test_an_outage_under_load_loses_nothing_and_stalls_no_source(
    stack: Stack, servers: list[Server], bucket: ObjectStore
) -> None:
    stack.start_worker()
    load = Load(stack)
    load.send()
    until(lambda: stack.count_rows() == load.bad, 30, "rows before the outage")

    stop(servers)
    load.run(OUTAGE_S)
    start(servers)
    load.run(1)
    load.arrive()

    print(f"{OUTAGE_S:g} s: {load.bad} bad records, oldest uncommitted {load.worst_age_s:.2f} s")
    assert load.worst_age_s <= MAX_COMMIT_AGE_S
    assert sorted(payloads(stack, bucket)) == sorted(bad(0, load.bad))  # type: ignore[type-var]


@pytest.mark.slow
@pytest.mark.timeout(240 + 2 * OUTAGE_S)
@pytest.mark.parametrize(("stack", "servers"), [("kafka", "both")], indirect=True)
def test_a_worker_killed_while_its_spool_fills_loses_nothing(
    stack: Stack, servers: list[Server], bucket: ObjectStore
) -> None:
    victim = stack.start_worker()
    load = Load(stack)
    load.send()
    stop(servers)
    load.run(OUTAGE_S / 2)
    until(lambda: spool_bytes(stack) > 0, 30, "the spool fills")

    victim.kill()
    stack.start_worker()
    load.send()  # the takeover, which takes a session timeout
    load.run(OUTAGE_S / 2)
    start(servers)
    load.arrive()

    print(f"{OUTAGE_S:g} s: {load.bad} bad records, oldest uncommitted {load.worst_age_s:.2f} s")
    assert load.worst_age_s <= MAX_COMMIT_AGE_S
    assert sorted(payloads(stack, bucket)) == sorted(bad(0, load.bad))  # type: ignore[type-var]


@pytest.mark.slow
@pytest.mark.parametrize(("stack", "servers"), [("kafka", "both")], indirect=True)
def test_a_lost_spool_is_named_by_audit_and_closed_by_rebuild(
    stack: Stack, servers: list[Server], bucket: ObjectStore
) -> None:
    victim = stack.start_worker()
    load = Load(stack)
    load.send()
    load.arrive()
    stop(servers)
    load.send()
    letters = partial(stack.committed, stack.dead_letter)
    until(lambda: sum(letters().values()) == load.bad, 30, "the sink went on over its spool")

    victim.kill()
    shutil.rmtree(stack.home / "spool")
    start(servers)
    stack.start_worker()
    code, before = audit(stack)
    rebuilt = run(stack, "quarantine", "rebuild")
    load.arrive()
    clean, after = audit(stack)

    assert (code, {f["kind"] for f in before["findings"]}) == (1, {"row_missing"})
    assert sum(f["next_offset"] - f["first_offset"] for f in before["findings"]) == 60
    assert rebuilt["rows"] == RECORDS_PER_ROUND
    assert (clean, after["findings"]) == (0, [])
    assert sorted(payloads(stack, bucket)) == sorted(bad(0, load.bad))  # type: ignore[type-var]


def run(stack: Stack, *words: str) -> Any:
    """Run a command; returns its document."""
    config = str(stack.home / "worker-0.yaml")
    done = subprocess.run(
        [sys.executable, "-m", "dataquarantine", "--config", config, *words, "--json"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("servers", ["both"], indirect=True)
def test_a_full_spool_holds_the_sinks_but_not_the_judges(
    stack: Stack, servers: list[Server], bucket: ObjectStore
) -> None:
    limit = 512 * 1024
    spool = {"folder": str(stack.home / "spool"), "max_bytes": limit}
    worker = stack.start_worker(spool=spool)
    stop(servers)
    count = judged = 0
    held = False
    for _ in range(100):
        stack.produce([*bad(count, RECORDS_PER_ROUND), *good(1)])
        count, judged = count + RECORDS_PER_ROUND, judged + RECORDS_PER_ROUND + 1
        # All is judged, also what came after the sinks were held.
        until(partial(is_committed, stack, judged), 30, "the source is committed")
        if held:
            break
        held = 'paused_seconds_total{reason="spool"' in worker.metrics()
    assert held, "the spool never filled"
    used = spool_bytes(stack)
    start(servers)
    until(lambda: all_arrived(stack, count), 90, f"{count} stored rows")

    assert 0 < used <= limit
    assert sorted(payloads(stack, bucket)) == sorted(bad(0, count))  # type: ignore[type-var]
