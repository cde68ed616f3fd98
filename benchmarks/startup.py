"""How long a start takes: `python -m benchmarks.startup`.

A worker from its launch to `/readyz`, and from its group being stable on the broker to `/readyz`;
`dataquarantine dev` from launch to its first judged record on screen.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient

from benchmarks.events import ROOT
from benchmarks.field import make_outputs, worker_command
from benchmarks.harness import Load, stop
from benchmarks.latency import ready_url
from benchmarks.surroundings import Surroundings, surroundings
from dataquarantine.dev.service import answers

DEADLINE_S = 120.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with surroundings() as around:
        report = measure(around, arguments.rounds)
    print(json.dumps(report, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


def measure(around: Surroundings, rounds: int) -> dict[str, Any]:
    """Start everything several times; medians and the single figures in seconds."""
    found: dict[str, list[float]] = {"worker_s": [], "join_to_ready_s": [], "dev_s": []}
    for number in range(rounds):
        launch, after_join = worker_start(around, number)
        found["worker_s"].append(launch)
        found["join_to_ready_s"].append(after_join)
        found["dev_s"].append(dev_start())
        print({name: round(times[-1], 2) for name, times in found.items() if times}, flush=True)
    medians = {name: round(statistics.median(times), 2) for name, times in found.items() if times}
    return {**around.described(), "kind": "startup", "medians": medians, "runs": found}


def worker_start(around: Surroundings, number: int) -> tuple[float, float]:
    """Return seconds from launch to ready, and from the group's join to ready."""
    bench = around.loaded(Load(1000))
    outputs = make_outputs(bench, "gateway", f"start-{number}")
    config = around.worker_config(bench, outputs)
    admin = AdminClient({"bootstrap.servers": bench.servers})
    started = time.monotonic()
    process = subprocess.Popen(worker_command(config), cwd=ROOT)
    try:
        joined = _wait(lambda: _is_stable(admin, outputs[0]), "the group was not stable")
        ready = _wait(lambda: answers(ready_url(config)), "the worker was not ready")
    finally:
        stop([process])
    return ready - started, ready - joined


def _is_stable(admin: AdminClient, group: str) -> bool:
    """Tell whether a group has members that all know their partitions."""
    found = admin.describe_consumer_groups([group])[group].result(timeout=30)
    return bool(found.members) and found.state is ConsumerGroupState.STABLE


def _wait(condition: Callable[[], bool], otherwise: str) -> float:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"{otherwise} in {DEADLINE_S:g} s")
        time.sleep(0.02)
    return time.monotonic()


def dev_start() -> float:
    """Return seconds from launch to the first judged record on screen."""
    with tempfile.TemporaryDirectory(prefix="dq-bench-dev-") as folder:
        Path(folder).chmod(0o755)
        command = [sys.executable, "-m", "dataquarantine", "dev"]
        env = {**os.environ, "PYTHONUNBUFFERED": "1"}
        started = time.monotonic()
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            return _first_record(process) - started
        finally:
            stop([process])


def _first_record(process: subprocess.Popen[bytes]) -> float:
    deadline = time.monotonic() + DEADLINE_S
    for raw in process.stdout or ():
        counted = re.match(rb"judged ([0-9,]+)", raw)
        if counted and counted[1] != b"0":
            return time.monotonic()
        if time.monotonic() > deadline:
            break
    raise SystemExit("`dataquarantine dev` showed no record")


if __name__ == "__main__":
    main()
