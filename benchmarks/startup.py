"""How long a start takes: `python -m benchmarks.startup`.

A worker from its launch to `/readyz`, with what its group's join took within (its log says when);
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
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.events import ROOT
from benchmarks.field import make_outputs, worker_command
from benchmarks.harness import Load, stop
from benchmarks.latency import wait_ready
from benchmarks.surroundings import Surroundings, surroundings

DEADLINE_S = 120.0
_JOINED = re.compile(
    r"\[(\S+ \S+?)\].*Joined group '?dq-|\[(\S+ \S+?)\].*Successfully synced group"
)


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
        if after_join is not None:
            found["join_to_ready_s"].append(after_join)
        found["dev_s"].append(dev_start())
        print({name: round(times[-1], 2) for name, times in found.items() if times}, flush=True)
    medians = {name: round(statistics.median(times), 2) for name, times in found.items() if times}
    return {**around.described(), "kind": "startup", "medians": medians, "runs": found}


def worker_start(around: Surroundings, number: int) -> tuple[float, float | None]:
    """Return seconds from launch to ready, and from the group's join to ready."""
    bench = around.loaded(Load(1000))
    outputs = make_outputs(bench, "gateway", f"start-{number}")
    config = around.worker_config(bench, outputs)
    log = around.home / f"start-{number}.log"
    command = [*worker_command(config)[:-1], "INFO"]
    started = time.time()
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
        try:
            wait_ready(config)
            ready = time.time()
        finally:
            stop([process])
    return ready - started, _since_join(log, ready)


def _since_join(log: Path, ready: float) -> float | None:
    found = [m[1] or m[2] for m in _JOINED.finditer(log.read_text("utf-8", "replace"))]
    if not found:
        return None
    joined = datetime.strptime(found[-1], "%Y-%m-%d %H:%M:%S,%f").astimezone()
    return max(0.0, ready - joined.timestamp())


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
