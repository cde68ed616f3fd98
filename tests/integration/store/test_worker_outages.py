"""A running worker while its stores are stopped and started."""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from dataquarantine.dev.broker import EmbeddedBroker
from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.dev.postgres import EmbeddedPostgres
from dataquarantine.quarantine import layouts
from dataquarantine.quarantine.envelope import parse_envelope
from dataquarantine.settings import S3Settings
from dataquarantine.store.objects import ObjectStore
from tests.integration.worker.stack import Stack, until

#: How long a store is away; longer by hand, to see that nothing grows with it.
OUTAGE_S = float(os.environ.get("OUTAGE_S", "8"))
RECORDS_PER_ROUND = 60
MAX_COMMIT_AGE_S = 3.0

WITHOUT_USER = (
    b'{"_schema":"user_event","event_type":"purchase","timestamp":"2025-12-27T16:00:00Z"}'
)

Server = EmbeddedPostgres | EmbeddedObjects


@pytest.fixture
def stack(
    tmp_path: Path,
    tansu: EmbeddedBroker,
    database_url: str,
    objects_server: EmbeddedObjects,
) -> Iterator[Stack]:
    """A gateway without a worker yet; its topics have one source partition in use."""
    name = f"t{uuid.uuid4().hex[:8]}"
    s3 = {
        "endpoint_url": objects_server.endpoint_url,
        "access_key": objects_server.access_key,
        "secret_key": objects_server.secret_key,
        "bucket": name,
    }
    stack = Stack(tmp_path, tansu.bootstrap_servers, False, database_url, s3, name)
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
    rows = stack.rows()
    return len(rows) == count and all(row["status"] == "stored" for row in rows)


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
    stack.start_worker()
    stop(servers)

    stack.produce([WITHOUT_USER])
    [during] = stack.wait_for_rows(1)
    start(servers)
    until(lambda: all_arrived(stack, 1), 30, "the payload is stored")

    [after] = stack.rows()
    assert during["status"] == "quarantined"
    assert after["storage_path"] == f"{stack.source}/0/0_{after['id']}.json"
    assert WITHOUT_USER in stack.object(after["storage_path"])


@pytest.mark.slow
@pytest.mark.parametrize("servers", ["postgres", "s3", "both"], indirect=True)
def test_an_outage_under_load_loses_nothing_and_stalls_no_source(
    stack: Stack, servers: list[Server], bucket: ObjectStore
) -> None:
    stack.start_worker(s3={**stack.s3, "layout": "auto"})
    count = 0
    worst_age_s = 0.0
    judged = RECORDS_PER_ROUND
    stack.produce(bad(0, RECORDS_PER_ROUND))
    count += RECORDS_PER_ROUND
    until(lambda: len(stack.rows()) == count, 30, "rows before the outage")

    stop(servers)
    began = time.monotonic()
    while time.monotonic() < began + OUTAGE_S:
        stack.produce([*bad(count, RECORDS_PER_ROUND), *good(RECORDS_PER_ROUND)])
        count += RECORDS_PER_ROUND
        judged += 2 * RECORDS_PER_ROUND
        waited_since = time.monotonic()
        until(partial(is_committed, stack, judged), 30, "the source is committed")
        worst_age_s = max(worst_age_s, commit_age_s(stack), time.monotonic() - waited_since)
    start(servers)
    until(lambda: all_arrived(stack, count), 60, f"{count} stored rows")

    assert worst_age_s <= MAX_COMMIT_AGE_S
    assert sorted(payloads(stack, bucket)) == sorted(bad(0, count))  # type: ignore[type-var]


@pytest.mark.slow
@pytest.mark.parametrize("servers", ["both"], indirect=True)
def test_a_worker_killed_while_its_spool_fills_loses_nothing(
    stack: Stack, servers: list[Server], bucket: ObjectStore
) -> None:
    victim = stack.start_worker()
    stop(servers)
    count = 0
    while count < 10 * RECORDS_PER_ROUND:
        stack.produce(bad(count, RECORDS_PER_ROUND))
        count += RECORDS_PER_ROUND
    until(lambda: spool_bytes(stack) > 0, 30, "the spool fills")

    victim.kill()
    start(servers)
    stack.start_worker()
    until(lambda: all_arrived(stack, count), 90, f"{count} stored rows")

    assert sorted(payloads(stack, bucket)) == sorted(bad(0, count))  # type: ignore[type-var]


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
