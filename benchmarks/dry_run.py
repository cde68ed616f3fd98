"""What a dry run does to the flow: `python -m benchmarks.dry_run [--rate 1500] [--rounds 5]`.

A worker forwards records at a steady rate; the p99 from a producer's clock to a consumer is taken
while nothing else happens and while a replay of 18,000 stored records is tried, in turns.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import yaml

from benchmarks.events import ROOT
from benchmarks.field import make_outputs, worker_command
from benchmarks.harness import Bench, Load, stop
from benchmarks.latency import quantiles, start_probe, wait_ready
from benchmarks.surroundings import Surroundings, surroundings
from benchmarks.throughput import warm_up

STORED = 18_000
RATE = 1500
ROUNDS = 5
QUIET_S = 15.0
#: Between two measurements, so that one does not reach into the other.
REST_S = 2.0
WARM_UP_S = 10.0
#: As often as the dashboard.
LOOK_EVERY_S = 1.0
#: No round takes longer.
MOST_S = 600.0
#: Of the quiet p99: what a dry run may add.
ALLOWED = 0.2
REPAIR = {"kind": "recipe", "steps": [{"default": {"field": "user_id", "value": "USER000001"}}]}


@dataclass(frozen=True)
class Window:
    """A stretch of time; `is_dry`: a dry run was on."""

    is_dry: bool
    since: float
    until: float


class Api:
    """The worker's HTTP API."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        sent = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"}
        connection.request(method, f"/api/v1{path}", sent, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        if response.status != 200:
            raise SystemExit(f"{method} {path}: {response.status} {answer}")
        return answer


def measure(around: Surroundings, rate: int = RATE, rounds: int = ROUNDS) -> dict[str, Any]:
    """Store the records, start the flow, measure in turns."""
    bench = around.loaded(Load(STORED, invalid=1.0))
    outputs = make_outputs(bench, "gateway", 0)
    config = around.worker_config(bench, outputs)
    workers = [subprocess.Popen(worker_command(config), cwd=ROOT)]
    try:
        wait_ready(config)
        _wait_for_rows(around, bench)
        windows, ages = _flow(_api(config), bench, outputs[0], rate, rounds)
    finally:
        stop(workers)
    told = _told(windows, ages)
    moved_by = moved(told)
    print(f"a dry run moves the p99 by {moved_by:+.0%}; {ALLOWED:.0%} is allowed", flush=True)
    report = {"kind": "dry_run", "rate": rate, "stored": STORED, "moved": moved_by, "rounds": told}
    return {**around.described(), **report}


def _api(config: Path) -> Api:
    return Api(int(yaml.safe_load(config.read_text("utf-8"))["web"]["port"]))


def _flow(
    api: Api, bench: Bench, valid: str, rate: int, rounds: int
) -> tuple[list[Window], list[tuple[float, float]]]:
    """Let records flow while rounds go by; gives when each record was sent and how old it got."""
    most_s = WARM_UP_S + rounds * (QUIET_S + MOST_S)
    chosen = {"topic": bench.source, "to": datetime.now(UTC).isoformat()}
    since, until = str(time.time()), str(time.time() + most_s)
    consumer = start_probe("follow", bench.servers, valid, since, until)
    producer = start_probe("produce", bench.servers, bench.source, str(rate), str(most_s))
    windows: list[Window] = []
    try:
        time.sleep(WARM_UP_S)
        for _ in range(rounds):
            windows.append(_quiet())
            time.sleep(REST_S)
            windows.append(_dry(api, chosen))
            time.sleep(REST_S)
    finally:
        stop([producer])
        consumer.terminate()
        output, _ = consumer.communicate(timeout=60)
    return windows, json.loads(output)


def _quiet() -> Window:
    since = time.time()
    time.sleep(QUIET_S)
    return Window(False, since, time.time())


def _dry(api: Api, chosen: dict[str, str]) -> Window:
    since = time.time()
    body = {"selection": {"filters": chosen}, "repair": REPAIR, "why": "benchmark"}
    job = api.ask("POST", "/replays", body)
    while job["state"] == "planning" and time.time() < since + MOST_S:
        time.sleep(LOOK_EVERY_S)
        job = api.ask("GET", f"/replays/{job['id']}")
    if job["state"] != "planned" or job["counts"]["would_pass"] != STORED:
        raise SystemExit(f"the dry run is {job['state']}: {job['counts']} {job['reasons']}")
    return Window(True, since, time.time())


def _told(windows: Sequence[Window], ages: Sequence[tuple[float, float]]) -> list[dict[str, Any]]:
    found = []
    for window in windows:
        inside = [age for at, age in ages if window.since <= at < window.until]
        told = {"is_dry": window.is_dry, "seconds": window.until - window.since}
        found.append({**told, **quantiles(inside)})
        name = "dry run" if window.is_dry else "quiet"
        print(f"{name:<8} {told['seconds']:5.1f} s  p50 {found[-1]['p50']:.1f}"
              f"  p99 {found[-1]['p99']:.1f} ms ({found[-1]['n']:,})", flush=True)  # fmt: skip
    return found


def moved(rounds: Sequence[dict[str, Any]]) -> float:
    """Tell by which share a dry run moves the p99: of the median over the rounds."""
    quiet, dry = (
        float(statistics.median(each["p99"] for each in rounds if each["is_dry"] is is_dry))
        for is_dry in (False, True)
    )
    return dry / quiet - 1


def _wait_for_rows(around: Surroundings, bench: Bench) -> None:
    """Wait until all records are stored."""
    connection = psycopg2.connect(around.postgres_url.replace("+psycopg2", ""))
    connection.autocommit = True
    deadline, stored = time.monotonic() + MOST_S, 0
    with connection.cursor() as cursor:
        while stored < STORED and time.monotonic() < deadline:
            time.sleep(0.5)
            cursor.execute(
                "SELECT count(*) FROM quarantine_records WHERE topic = %s AND status = 'stored'",
                (bench.source,),
            )
            [[stored]] = cursor.fetchall()
    connection.close()
    if stored < STORED:
        raise SystemExit(f"only {stored} records were stored in {MOST_S:g} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=int, default=RATE)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with surroundings() as around:
        warm_up(around)
        report = measure(around, arguments.rate, arguments.rounds)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
