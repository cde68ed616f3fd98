"""Throughput: the gateway and its contenders in turns: `python -m benchmarks.throughput`.

All read the same topic of the same broker and produce valid records and dead letters. The gateway
runs whole: provenance headers, 3 rules, metrics, ledger, dead letters into Postgres and S3.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.field import CONTENDERS, run_contender, run_gateway
from benchmarks.harness import Load, Result
from benchmarks.surroundings import Surroundings, surroundings

RECORDS = 1_500_000
NAMES = tuple(contender.name for contender in CONTENDERS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=["", *NAMES], default=NAMES)
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--without-rules", action="store_true", help="The schema alone; loop and naive."
    )
    arguments = parser.parse_args()
    if arguments.without_rules:
        os.environ["BENCH_WITHOUT_RULES"] = "1"
        arguments.only = ["loop", "naive"]
    with surroundings() as around:
        report = measure(around, arguments.records, arguments.rounds, arguments.only)
    print(json.dumps(report["medians"], indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


def measure(
    around: Surroundings, records: int, rounds: int, names: Sequence[str] = NAMES
) -> dict[str, Any]:
    """Let all contenders run in turns; the one that starts a round changes."""
    warm_up(around, records)
    bench = around.loaded(Load(records))
    running = [c for c in CONTENDERS if c.name in names and c.is_there]
    found: list[list[Result]] = []
    for number in range(rounds):
        entries = [None, *running]
        shift = number % len(entries)
        found.append([])
        for contender in entries[shift:] + entries[:shift]:
            if contender is None:
                result = run_gateway(around, bench, number)
            else:
                result = run_contender(around, bench, contender, number)
            found[-1].append(result)
            print(line(result), flush=True)
    bench.delete_topics([bench.source])
    return report(around, records, found)


def warm_up(around: Surroundings, records: int = RECORDS) -> None:
    """Run the gateway without counting it.

    A broker's first minute is its compiler's, which takes the processor from whoever needs both
    cores.
    """
    bench = around.loaded(Load(records))
    run_gateway(around, bench, "warm-up")
    bench.delete_topics([bench.source])


def line(result: Result) -> str:
    return (
        f"{result.contender:<10} {result.records_per_s:>9,.0f} records/s "
        f"{result.cpu_us_per_record:>7.2f} CPU us/record {result.peak_rss_mb:>6.0f} MB"
    )


def report(around: Surroundings, records: int, rounds: list[list[Result]]) -> dict[str, Any]:
    """Put medians and ratios beside the single runs; a ratio is taken within its round."""
    by_round = [{result.contender: result for result in each} for each in rounds]
    names = ["gateway", *(name for name in NAMES if name in by_round[0])]
    return {
        **around.described(),
        "kind": "throughput",
        "records": records,
        "medians": {name: summary([each[name] for each in by_round]) for name in names},
        "gateway_to": {
            name: {
                "records_per_s": spread(
                    [e["gateway"].records_per_s / e[name].records_per_s for e in by_round]
                ),
                "cpu": spread(
                    [e["gateway"].cpu_us_per_record / e[name].cpu_us_per_record for e in by_round]
                ),
            }
            for name in names[1:]
        },
        "runs": [[asdict(result) for result in each] for each in rounds],
    }


def summary(results: Sequence[Result]) -> dict[str, Any]:
    """Summarise one contender's runs."""
    return {
        "records_per_s": spread([r.records_per_s for r in results]),
        "cpu_us_per_record": spread([r.cpu_us_per_record for r in results]),
        "peak_rss_mb": round(max(r.peak_rss_mb for r in results)),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Give median, least and most, to three digits that mean something."""
    found = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: round(value, 2 if value < 1000 else 0) for name, value in found.items()}


if __name__ == "__main__":
    main()
