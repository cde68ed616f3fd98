"""`make bench` and `make bench-full`: measure, print, and keep the results as JSON.

python -m benchmarks [--full] [--rounds 3] [--results benchmarks/results]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import dry_run, growth, judging, latency, queries, sinks, startup, throughput
from benchmarks.report import RESULTS
from benchmarks.surroundings import Surroundings, surroundings

#: Of the gateway's throughput; at the higher one probes and gateway may want more than two cores.
LOADS = (0.4, 0.8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="Latency, growth and start-up too.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=throughput.RECORDS)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    arguments.results.mkdir(parents=True, exist_ok=True)
    for cost in judging.measure():
        print(judging.line(cost))
    with surroundings() as around:
        _run(around, arguments)
    print("results are in", arguments.results, "; `make bench-docs` writes them into the docs")


def _run(around: Surroundings, arguments: argparse.Namespace) -> None:
    rounds = arguments.rounds
    rates = throughput.measure(around, arguments.records, rounds)
    _keep(arguments.results, rates)
    if not arguments.full:
        return
    most = rates["medians"]["gateway"]["records_per_s"]["median"]
    loads = [*latency.RATES, *(int(most * share) for share in LOADS)]
    steps: list[Callable[[], dict[str, Any]]] = [
        lambda: latency.measure(around, loads, rounds, latency.SECONDS),
        lambda: startup.measure(around, rounds),
        lambda: growth.measure(around, growth.RECORDS),
        lambda: dry_run.measure(around),
        lambda: {**around.described(), **_sinks(rounds)},
        lambda: {**around.described(), **queries.measure()},
    ]
    for step in steps:
        _keep(arguments.results, step())


def _sinks(rounds: int) -> dict[str, Any]:
    """Measure how fast dead letters get into both stores, layouts in turns."""
    found: dict[str, list[float]] = {layout: [] for layout in sinks.RECORDS}
    with sinks.stores() as (url, objects):
        for _ in range(rounds):
            for layout, count in sinks.RECORDS.items():
                found[layout].append(sinks.measure(url, objects, layout, count).records_per_s)
    medians = {layout: round(median(rates)) for layout, rates in found.items()}
    print("sink, records/s:", medians, flush=True)
    return {"kind": "sinks", "records_per_s": medians["auto"], "medians": medians, "runs": found}


def _keep(folder: Path, report: dict[str, Any]) -> None:
    path = folder / f"{report['kind']}.json"
    path.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
