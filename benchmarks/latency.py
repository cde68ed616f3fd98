"""Latency at fixed rates, end to end: `python -m benchmarks.latency [--rates 1000 10000]`.

Valid path: from the producer's clock to a downstream consumer. Invalid path: to the moment that the
record's row can be read in Postgres. Floor: the same without a gateway, producer to broker to
consumer. Exactly once: the gateway with transactions, its consumer reads what is committed.
Everything runs on one machine, so there is one clock; every record carries its own time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import yaml

from benchmarks.events import INVALID_SHARE, ROOT
from benchmarks.field import make_outputs, worker_command
from benchmarks.harness import PARTITIONS, Bench, Load, stop
from benchmarks.surroundings import Surroundings, surroundings
from benchmarks.throughput import warm_up
from dataquarantine.dev.service import answers

RATES = (1000, 10_000)
#: Contenders, and how the gateway delivers.
DELIVERY = {"floor": None, "gateway": "at_least_once", "exactly once": "exactly_once"}
SECONDS = 20.0
#: Left out at the beginning: first fetches, caches, the day's partitions.
WARM_UP_S = 5.0
#: Sent ahead, so that both stores are open before the clock runs.
WARM_UP_RECORDS = 1000
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
READY_S = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rates", type=int, nargs="*", default=list(RATES))
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with surroundings() as around:
        warm_up(around)
        report = measure(around, arguments.rates, arguments.rounds, arguments.seconds)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


def measure(
    around: Surroundings, rates: Sequence[int], rounds: int, seconds: float
) -> dict[str, Any]:
    """Measure the contenders in turns at every rate; transactions need Apache Kafka."""
    names = [name for name in DELIVERY if around.is_kafka or name != "exactly once"]
    _run(around, "gateway", RATES[-1], seconds, "warm-up")  # the broker's compiler
    found: list[dict[str, Any]] = []
    for number in range(rounds):
        for rate in rates:
            for name in names:
                run = _run(around, name, rate, seconds, number)
                found.append({"contender": name, "rate": rate, "round": number, **run})
                print(line(found[-1]), flush=True)
    return {**around.described(), "kind": "latency", "seconds": seconds, "runs": found}


def line(run: dict[str, Any]) -> str:
    text = (
        f"{run['contender']:<12} {run['rate']:>7,}/s{'' if run['sustained'] else ' not sustained'}"
    )
    for path in ("valid", "row"):
        if run.get(path):
            figures = "  ".join(f"{q} {run[path][q]:.1f}" for q in QUANTILES)
            text += f"   {path} ms: {figures} ({run[path]['n']:,})"
    return text


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """Give the quantiles in milliseconds, and how many were measured."""
    ordered = sorted(seconds)
    count = len(ordered)
    if not ordered:
        return {"n": 0}
    at = {name: min(count - 1, int(count * share)) for name, share in QUANTILES.items()}
    return {**{name: round(ordered[i] * 1000, 2) for name, i in at.items()}, "n": count}


def _run(
    around: Surroundings, name: str, rate: int, seconds: float, number: int | str
) -> dict[str, Any]:
    bench = around.loaded(Load(WARM_UP_RECORDS))
    outputs = make_outputs(bench, name.replace(" ", "-"), f"{number}-{rate}")
    workers = []
    if (delivery := DELIVERY[name]) is not None:
        config = around.worker_config(bench, outputs, delivery=delivery)
        workers = [subprocess.Popen(worker_command(config), cwd=ROOT)]
    try:
        if workers:
            wait_ready(config)
            _wait_for_rows(around, bench)
        return _probe(around, bench, outputs if workers else None, rate, seconds)
    finally:
        stop(workers)
        bench.delete_topics([bench.source, *outputs])


def _probe(
    around: Surroundings,
    bench: Bench,
    outputs: tuple[str, str] | None,
    rate: int,
    seconds: float,
) -> dict[str, Any]:
    """Let three processes measure: one produces, one consumes, one asks Postgres."""
    valid = outputs[0] if outputs else bench.source
    until = str(time.time() + WARM_UP_S + seconds + 2)
    since = str(time.time() + WARM_UP_S)
    consumer = start_probe("consume", bench.servers, valid, since, until)
    rows = start_probe("rows", around.postgres_url, bench.source, since, until) if outputs else None
    total = WARM_UP_S + seconds
    producer = start_probe("produce", bench.servers, bench.source, str(rate), str(total))
    producer.communicate(timeout=total + 60)
    ages = _read(consumer)
    expected = rate * seconds / PARTITIONS * (1 - INVALID_SHARE if outputs else 1)
    found: dict[str, Any] = {"valid": quantiles(ages), "sustained": len(ages) > 0.95 * expected}
    if rows is not None:
        found["row"] = quantiles(_read(rows))
    return found


def start_probe(role: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start one of the probe's processes."""
    command = [sys.executable, "-m", "benchmarks.probe", role, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


def _read(process: subprocess.Popen[bytes]) -> list[float]:
    output, _ = process.communicate(timeout=120)
    found: list[float] = json.loads(output)
    return found


def wait_ready(config: Path) -> None:
    """Wait until a worker has its partitions."""
    deadline = time.monotonic() + READY_S
    while not answers(ready_url(config)):
        if time.monotonic() > deadline:
            raise SystemExit(f"the worker was not ready in {READY_S:g} s")
        time.sleep(0.05)


def _wait_for_rows(around: Surroundings, bench: Bench) -> None:
    """Wait until the first refused record of the warm-up is a row."""
    url = around.postgres_url.replace("postgresql+psycopg2", "postgresql")
    deadline = time.monotonic() + READY_S
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        found = None
        while found is None and time.monotonic() < deadline:
            cursor.execute("SELECT 1 FROM quarantine_records WHERE topic = %s", (bench.source,))
            found = cursor.fetchone()
            time.sleep(0.1)


def ready_url(config: Path) -> str:
    """Say where a worker of these settings tells that it is ready."""
    port = yaml.safe_load(config.read_text("utf-8"))["web"]["port"]
    return f"http://127.0.0.1:{port}/readyz"


if __name__ == "__main__":
    main()
