"""How cost and memory grow: `python -m benchmarks.growth [--only partitions memory]`.

One thing grows, all else stays: 4 partitions, 1 worker, 1 schema, 220 bytes, 2 % invalid. Every
run takes a bounded number of records, so all of it ends in about half an hour.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.events import ROOT
from benchmarks.field import make_outputs, run_gateway, worker_command
from benchmarks.harness import Bench, Load, stop
from benchmarks.processes import Tree
from benchmarks.surroundings import Surroundings, surroundings
from benchmarks.throughput import line

RECORDS = 400_000
MEMORY_RECORDS = 10_000_000
MEMORY_SCHEMAS = 100


@dataclass(frozen=True)
class Case:
    """One point of a curve."""

    kind: str
    value: int | float
    load: Load
    workers: int = 1


def cases(records: int) -> Iterator[Case]:
    """List every point."""
    for partitions in (1, 2, 4, 8, 64):
        yield Case("partitions", partitions, Load(records, partitions=partitions))
    for workers in (1, 2):
        yield Case("workers", workers, Load(records), workers)
    for schemas in (1, 100, 5000):
        yield Case("schemas", schemas, Load(records, schemas=schemas))
    for size, share in ((220, 1.0), (2000, 0.5), (100_000, 0.025)):
        load = Load(int(records * share), padding=max(0, size - 220))
        yield Case("record_bytes", size, load)
    for invalid, share in ((0.0, 1.0), (0.02, 1.0), (0.5, 0.1), (1.0, 0.04)):
        yield Case("invalid", invalid, Load(int(records * share), invalid=invalid))


KINDS = ("partitions", "workers", "schemas", "record_bytes", "invalid", "memory")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--memory-records", type=int, default=MEMORY_RECORDS)
    parser.add_argument("--only", nargs="*", choices=KINDS, default=KINDS)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with surroundings() as around:
        report = measure(around, arguments.records, arguments.only, arguments.memory_records)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


def measure(
    around: Surroundings,
    records: int,
    kinds: Sequence[str] = KINDS,
    memory_records: int = MEMORY_RECORDS,
) -> dict[str, Any]:
    """Measure the curves that are asked for."""
    found = []
    for number, case in enumerate(cases(records)):
        if case.kind not in kinds:
            continue
        bench = around.loaded(case.load)
        schemas = case.load.schemas
        result = run_gateway(around, bench, number, workers=case.workers, schemas=schemas)
        bench.delete_topics([bench.source])
        found.append({"kind": case.kind, "value": case.value, **asdict(result)})
        print(f"{case.kind:<12} {case.value:>8}  {line(result)}", flush=True)
    report = {**around.described(), "kind": "growth", "records": records, "runs": found}
    if "memory" in kinds:
        report["memory"] = memory(around, memory_records)
        print(json.dumps(report["memory"]), flush=True)
    return report


def memory(around: Surroundings, records: int, rounds: int = 10) -> dict[str, Any]:
    """Let one worker take `records` in rounds, each loaded while it works; watch its memory.

    Returns: medians of the second and the last quarter in MB, and the peak.
    """
    share = records // rounds
    bench = around.loaded(Load(share, schemas=MEMORY_SCHEMAS))
    outputs = make_outputs(bench, "gateway", "memory")
    config = around.worker_config(bench, outputs, schemas=MEMORY_SCHEMAS)
    process = subprocess.Popen(worker_command(config), cwd=ROOT)
    tree, samples = Tree([process.pid]), []
    try:
        for number in range(1, rounds + 1):
            samples += _until(bench, outputs, process, tree, share * number)
            if number < rounds:
                bench.refill()
        peak = tree.peak_rss_mb()
    finally:
        stop([process])
    quarter = len(samples) // 4
    second, last = samples[quarter : 2 * quarter], samples[-quarter:]
    return {
        "records": share * rounds,
        "schemas": MEMORY_SCHEMAS,
        "second_quarter_mb": round(_median(second)),
        "last_quarter_mb": round(_median(last)),
        "peak_mb": round(peak),
    }


def _until(
    bench: Bench,
    outputs: Sequence[str],
    process: subprocess.Popen[bytes],
    tree: Tree,
    total: int,
) -> list[float]:
    samples = []
    deadline = time.monotonic() + 600
    while bench.forwarded(outputs) < total:
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("the worker stopped during the memory run")
        samples.append(tree.rss_mb())
        time.sleep(0.5)
    return samples


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


if __name__ == "__main__":
    main()
