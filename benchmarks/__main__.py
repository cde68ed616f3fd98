"""`make bench` and `make bench-full`: measure, print, and keep the results as JSON.

python -m benchmarks [--full | --only STEP ...] [--rounds 3] [--results benchmarks/results]
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
    parser.add_argument("--full", action="store_true", help="Everything.")
    parser.add_argument("--only", nargs="+", choices=STEPS, help="These alone.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=throughput.RECORDS)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    arguments.results.mkdir(parents=True, exist_ok=True)
    names = arguments.only or (STEPS if arguments.full else ["throughput"])
    if "throughput" in names:
        for cost in judging.measure():
            print(judging.line(cost))
    with surroundings() as around:
        if "throughput" not in names:
            throughput.warm_up(around)
        for name in (name for name in STEPS if name in names):
            _keep(arguments.results, STEPS[name](around, arguments))
    print("results are in", arguments.results, "; `make bench-docs` writes them into the docs")


def _latency(around: Surroundings, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure at fixed rates, and at shares of what the last throughput was."""
    last = arguments.results / "throughput.json"
    rates = list(latency.RATES)
    if last.exists():
        medians = json.loads(last.read_text("utf-8"))["medians"]
        most = medians["gateway"]["records_per_s"]["median"]
        rates += [int(most * share) for share in LOADS]
    return latency.measure(around, rates, arguments.rounds, latency.SECONDS)


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


#: What can be measured, in this order.
STEPS: dict[str, Callable[[Surroundings, argparse.Namespace], dict[str, Any]]] = {
    "throughput": lambda around, a: throughput.measure(around, a.records, a.rounds),
    "latency": _latency,
    "startup": lambda around, a: startup.measure(around, a.rounds),
    "growth": lambda around, _: growth.measure(around, growth.RECORDS),
    "dry_run": lambda around, _: dry_run.measure(around),
    "sinks": lambda around, a: {**around.described(), **_sinks(a.rounds)},
    "queries": lambda around, _: {**around.described(), **queries.measure()},
}

if __name__ == "__main__":
    main()
