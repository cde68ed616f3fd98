"""How many dead letters a second one sink stores in Postgres and S3, layout by layout in turns."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from dataquarantine.clock import SystemClock
from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.dev.postgres import EmbeddedPostgres
from dataquarantine.outcomes import (
    Code,
    ErrorType,
    JudgedChunk,
    ValidationOutcome,
    Violation,
    rejected,
)
from dataquarantine.quarantine.deadletters import DeadLetterWriter
from dataquarantine.quarantine.layouts import Layout
from dataquarantine.quarantine.sink import QuarantineSink
from dataquarantine.records import Record, SourceRecord
from dataquarantine.settings import S3Settings
from dataquarantine.store import migrations
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.partitions import Partitions
from dataquarantine.store.postgres import Database
from dataquarantine.store.spool import Spool

CLUSTER = "bench"
#: What a fetch of the dead letter topic brings when much fails.
CHUNK = 2000
RECORDS: dict[Layout, int] = {"auto": 40_000, "record": 4_000}


@dataclass(frozen=True)
class Rate:
    """Dead letters a second into both stores."""

    layout: Layout
    records_per_s: float


@contextmanager
def stores() -> Iterator[tuple[str, EmbeddedObjects]]:
    """Run a migrated Postgres and an S3 in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="dataquarantine-sinks-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = EmbeddedPostgres(folder / "postgres", password=uuid4().hex)
        objects = EmbeddedObjects(folder / "s3", access_key="bench", secret_key="bench-secret")
        postgres.start()
        objects.start()
        try:
            migrations.upgrade(postgres.url)
            yield postgres.url, objects
        finally:
            objects.stop()
            postgres.stop()
            postgres.remove()


def measure(url: str, objects: EmbeddedObjects, layout: Layout, count: int) -> Rate:
    """Store fresh dead letters in chunks; the letters are made before the clock runs."""
    s3 = S3Settings(
        endpoint_url=objects.endpoint_url,
        access_key=SecretStr("bench"),
        secret_key=SecretStr("bench-secret"),
        bucket=f"bench-{uuid4().hex[:8]}",
    )
    store, database = ObjectStore(s3), Database(url)
    store.ensure_bucket()
    Partitions(database, retention_days=2).maintain(datetime.now(UTC))
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool.open(Path(folder), max_bytes=2**30)
        sink = QuarantineSink(
            store, database, spool, cluster_id=uuid4().hex, clock=SystemClock(), layout=layout
        )
        letters = dead_letters(count)
        started = time.perf_counter()
        for first in range(0, count, CHUNK):
            report = sink.store(letters[first : first + CHUNK])
            assert report.new == min(CHUNK, count - first), report
        elapsed_s = time.perf_counter() - started
        sink.close()
    return Rate(layout, count / elapsed_s)


def dead_letters(count: int) -> list[Record]:
    """Make dead letters of 200-byte events: three reasons, many keys."""
    chance = random.Random(7)
    now = datetime.now(UTC)
    now_ms = int(now.timestamp() * 1000)
    sources = [
        SourceRecord(_event(chance, n), "raw-events", 0, n, now_ms, b"USER%06d" % (n % 50_000))
        for n in range(count)
    ]
    outcomes = [_OUTCOMES[n % len(_OUTCOMES)] for n in range(count)]
    rendered = {n: source.value for n, source in enumerate(sources) if source.value}
    judged = JudgedChunk(outcomes, [None] * count, {}, rendered)
    writer = DeadLetterWriter(uuid4().hex)
    written = writer.dead_letters(sources, judged, range(count), now)
    return [
        SourceRecord(each.value, "quarantine-dlq", 0, n, each.timestamp_ms, each.key, each.headers)
        for n, each in enumerate(written)
    ]


def _event(chance: random.Random, number: int) -> bytes:
    return (
        b'{"_schema":"user_event","event_type":"purchase","timestamp":"2025-12-27T16:00:00Z",'
        b'"session":"%032x","number":%d,"page":"/products/%06d"}'
        % (chance.getrandbits(128), number, chance.randrange(10**6))
    )


def _rejected(code: Code, keyword: str, message: str, field: str) -> ValidationOutcome:
    return rejected(
        ErrorType.SCHEMA_VIOLATION,
        [Violation(code, keyword, message, field, f"/{field}", f"/properties/{field}/{keyword}")],
        schema_name="user_event",
        schema_version="1.0.0",
    )


_OUTCOMES = [
    _rejected(Code.MISSING_FIELD, "required", "'user_id' is a required property", "user_id"),
    _rejected(Code.WRONG_TYPE, "type", "'17' is not of type 'integer'", "number"),
    _rejected(Code.ENUM_MISMATCH, "enum", "'buy' is not one of 3 values", "event_type"),
]


def main(rounds: int = 3) -> None:
    """Print the rates of each round."""
    with stores() as (url, objects):
        for number in range(rounds):
            rates = [measure(url, objects, layout, count) for layout, count in RECORDS.items()]
            shown = ", ".join(f"{rate.layout} {rate.records_per_s:,.0f}" for rate in rates)
            print(f"sink, records/s, round {number + 1}: {shown}", flush=True)


if __name__ == "__main__":
    main()
