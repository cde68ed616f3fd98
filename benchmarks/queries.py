"""How long lists, counts and incidents take over millions of rows: in the store, over HTTP."""

from __future__ import annotations

import argparse
import http.client
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from sqlalchemy import event

from benchmarks import quarantine_rows
from benchmarks.events import ROOT
from benchmarks.field import make_outputs, worker_command
from benchmarks.harness import Load, stop
from benchmarks.latency import wait_ready
from benchmarks.questions import LISTS, Chance, Make, paths
from benchmarks.surroundings import surroundings
from dataquarantine.dev.postgres import EmbeddedPostgres
from dataquarantine.dev.service import free_port
from dataquarantine.store import migrations
from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import QuarantineQueries

ROWS = 10_000_000
TRIES = 100


@dataclass(frozen=True)
class Answered:
    """One question, asked with many values: milliseconds of its first page of 50."""

    question: str
    median_ms: float
    p95_ms: float
    plan: str = ""


def answered(question: str, times_ms: Sequence[float], plan: str = "") -> Answered:
    """Sum up and print how long a question took."""
    p95 = sorted(times_ms)[int(len(times_ms) * 0.95)]
    found = Answered(question, statistics.median(times_ms), p95, plan)
    print(f"{found.median_ms:8.1f} {found.p95_ms:8.1f}  {question}", flush=True)
    return found


def _timed(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1000


def ask_store(database: Database, now: datetime) -> list[Answered]:
    """Ask the store for every list; have Postgres explain the last of each."""
    queries, found = QuarantineQueries(database), []
    for question, make in LISTS.items():
        chance = Chance(random.Random(question), now)
        asked = [make(chance) for _ in range(TRIES)]
        times_ms = [_timed(lambda f=f: queries.page(f)) for f in asked]  # type: ignore[misc]
        found.append(answered(question, times_ms, explain(database, make, chance)))
    return found


def explain(database: Database, make: Make, chance: Chance) -> str:
    """Let Postgres say how it finds a page."""
    seen: list[tuple[str, Any]] = []

    def catch(*arguments: Any) -> None:
        seen.append((arguments[2], arguments[3]))

    event.listen(database.engine, "before_cursor_execute", catch)
    QuarantineQueries(database).page(make(chance))
    event.remove(database.engine, "before_cursor_execute", catch)
    statement, values = seen[-1]
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, COSTS OFF) {statement}", values)
        return "\n".join(row[0] for row in rows)


def ask_api(port: int, now: datetime) -> list[Answered]:
    """Ask a worker's API over one connection, as the dashboard does."""
    connection, found = http.client.HTTPConnection("127.0.0.1", port, timeout=60), []

    def ask(path: str) -> None:
        connection.request("GET", f"/api/v1{path}")
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise SystemExit(f"{path}: {response.status} {body[:300]!r}")

    for question, path in paths().items():
        chance = Chance(random.Random(question), now)
        ask(path(chance))  # the overview begins to follow the cluster
        asked = [path(chance) for _ in range(TRIES)]
        found.append(answered(question, [_timed(lambda p=p: ask(p)) for p in asked]))  # type: ignore[misc]
    connection.close()
    return found


@contextmanager
def worker(url: str) -> Iterator[int]:
    """Run a worker without traffic over a loaded Postgres; gives its port."""
    with surroundings() as around:
        bench = around.loaded(Load(0))
        web = {"port": free_port(), "requests_per_s": 10_000}
        config = around.worker_config(
            bench, make_outputs(bench, "gateway", 0), postgres={"url": url}, web=web
        )
        process = subprocess.Popen(worker_command(config), cwd=ROOT)
        try:
            wait_ready(config)
            yield int(yaml.safe_load(config.read_text("utf-8"))["web"]["port"])
        finally:
            stop([process])


@contextmanager
def loaded(rows: int, keep: Path | None) -> Iterator[tuple[str, datetime]]:
    """Load a Postgres of its own, or take the one that was kept; gives its URL and when."""
    with tempfile.TemporaryDirectory(prefix="dataquarantine-queries-", dir="/var/tmp") as name:
        folder = keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        server = EmbeddedPostgres(folder, password="kept" if keep else uuid4().hex)
        server.start()
        try:
            yield server.url, _fill(server.url, rows)
        finally:
            server.stop()
            if not keep:
                server.remove()


def _fill(url: str, rows: int) -> datetime:
    """Load what is not there yet; gives when the newest was seen."""
    migrations.upgrade(url)
    database = Database(url)
    if quarantine_rows.newest_at(database) is None or quarantine_rows.is_begun(database):
        started = time.perf_counter()
        quarantine_rows.load(database, rows, datetime.now(UTC))
        print(f"loaded {rows:,} rows in {time.perf_counter() - started:.0f} s", flush=True)
    newest = quarantine_rows.newest_at(database)
    database.close()
    if newest is None:
        raise SystemExit("no rows were loaded")
    return newest


def measure(rows: int = ROWS, *, keep: Path | None = None) -> dict[str, Any]:
    """Load and ask; the plans are in the result."""
    with loaded(rows, keep) as (url, now):
        print(f"first page of 50, {TRIES} values each: median and p95 in ms", flush=True)
        database = Database(url)
        store = ask_store(database, now)
        database.close()
        with worker(url) as port:
            api = ask_api(port, now)
    return {
        "kind": "queries",
        "rows": rows,
        "answers": [asdict(each) for each in store],
        "api": [asdict(each) for each in api],
    }


def main() -> None:
    """Measure, then print a plan for each question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=ROWS)
    parser.add_argument("--keep", type=Path, help="Keep the loaded Postgres here, or ask it again.")
    arguments = parser.parse_args()
    for each in measure(arguments.rows, keep=arguments.keep)["answers"]:
        print(f"\n-- {each['question']}\n{each['plan']}")


if __name__ == "__main__":
    main()
