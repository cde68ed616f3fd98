"""How long lists of quarantined records take over millions of rows, filter by filter."""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import event, text

from benchmarks import quarantine_rows
from benchmarks.quarantine_rows import CODES, FIELDS, FINGERPRINTS, KEYS, SCHEMAS, TOPICS
from dataquarantine.dev.postgres import EmbeddedPostgres
from dataquarantine.store import migrations
from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import Filters, QuarantineQueries

ROWS = 10_000_000
TRIES = 40

Make = Callable[[random.Random, datetime], Filters]
QUESTIONS: dict[str, Make] = {
    "none: the newest": lambda chance, now: Filters(),
    "schema": lambda chance, now: Filters(schema=chance.choice(SCHEMAS)),
    "schema@version": lambda chance, now: Filters(schema=f"{chance.choice(SCHEMAS)}@1.0.0"),
    "error_type": lambda chance, now: Filters(error_type=chance.choice(CODES)[0]),
    "code": lambda chance, now: Filters(code=chance.choice(CODES)[1]),
    "status, most of all": lambda chance, now: Filters(status="stored"),
    "status, one of a hundred": lambda chance, now: Filters(status="in_review"),
    "topic": lambda chance, now: Filters(topic=chance.choice(TOPICS)),
    "incident": lambda chance, now: Filters(
        fingerprint=f"v1:{chance.randrange(FINGERPRINTS):032x}"
    ),
    "key": lambda chance, now: Filters(key=f"hmac:{chance.randrange(KEYS):032x}"),
    "from, to: one hour": lambda chance, now: _hour(chance, now),
    "schema, code, status": lambda chance, now: Filters(
        schema=chance.choice(SCHEMAS), code=chance.choice(CODES)[1], status="stored"
    ),
    "q: topic/partition/offset": lambda chance, now: Filters(
        q=f"{chance.choice(TOPICS)}/{chance.randrange(8)}/{chance.randrange(300_000)}"
    ),
    "q: id": lambda chance, now: Filters(q=str(uuid4())),
    "q: field path": lambda chance, now: Filters(q=chance.choice(FIELDS)),
    "q: part of many messages": lambda chance, now: Filters(q="required prop"),
    "q: part of few messages": lambda chance, now: Filters(q=f"v{chance.getrandbits(40):x}"[:7]),
    "q: part of none": lambda chance, now: Filters(q=f"nobody wrote {chance.random()}"),
}


@dataclass(frozen=True)
class Answered:
    """One question: milliseconds of its first page of 50, over many values."""

    question: str
    median_ms: float
    p95_ms: float
    plan: str


def ask(database: Database, now: datetime, question: str) -> Answered:
    """Ask a question with many values, then have Postgres explain the last one."""
    queries, chance = QuarantineQueries(database), random.Random(question)
    times_ms = []
    for _ in range(TRIES):
        filters = QUESTIONS[question](chance, now)
        started = time.perf_counter()
        queries.page(filters)
        times_ms.append((time.perf_counter() - started) * 1000)
    ordered = sorted(times_ms)
    p95 = ordered[int(len(ordered) * 0.95)]
    return Answered(question, statistics.median(ordered), p95, explain(database, filters))


def explain(database: Database, filters: Filters) -> str:
    """Let Postgres say how it finds a page."""
    seen: list[tuple[str, Any]] = []

    def catch(*arguments: Any) -> None:
        seen.append((arguments[2], arguments[3]))

    event.listen(database.engine, "before_cursor_execute", catch)
    QuarantineQueries(database).page(filters)
    event.remove(database.engine, "before_cursor_execute", catch)
    statement, values = seen[-1]
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, COSTS OFF) {statement}", values)
        return "\n".join(row[0] for row in rows)


def _hour(chance: random.Random, now: datetime) -> Filters:
    until = now - timedelta(hours=chance.randrange(24 * 20))
    return Filters(since=until - timedelta(hours=1), until=until)


def answer_all(database: Database) -> list[Answered]:
    """Ask every question; print the table."""
    now = datetime.now(UTC)
    with database.engine.connect() as connection:
        count = connection.execute(text("SELECT count(*) FROM quarantine_records")).scalar()
    print(
        f"{count:,} rows, first page of 50, {TRIES} values each: median and p95 in ms", flush=True
    )
    answers = [ask(database, now, question) for question in QUESTIONS]
    for answered in answers:
        shown = f"{answered.median_ms:8.1f} {answered.p95_ms:8.1f}"
        print(f"{shown}  {answered.question}", flush=True)
    return answers


def measure(rows: int = ROWS) -> dict[str, Any]:
    """Load a Postgres of its own and ask; the plans are in the result."""
    with tempfile.TemporaryDirectory(prefix="dataquarantine-queries-", dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        server = EmbeddedPostgres(Path(name), password=uuid4().hex)
        server.start()
        try:
            migrations.upgrade(server.url)
            database = Database(server.url)
            started = time.perf_counter()
            quarantine_rows.load(database, rows, datetime.now(UTC))
            print(f"loaded {rows:,} rows in {time.perf_counter() - started:.0f} s", flush=True)
            answers = answer_all(database)
            database.close()
        finally:
            server.stop()
            server.remove()
    return {"kind": "queries", "rows": rows, "answers": [asdict(each) for each in answers]}


def main(rows: int) -> None:
    """Measure, then print a plan for each question."""
    for answered in measure(rows)["answers"]:
        print(f"\n-- {answered['question']}\n{answered['plan']}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
