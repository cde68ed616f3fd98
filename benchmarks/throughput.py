"""Throughput: the gateway and its contenders in turns: `python -m benchmarks.throughput`.

All read the same topic of the same broker and produce valid records and dead letters. The gateway
runs whole: provenance headers, 3 rules, metrics, ledger, dead letters into Postgres and S3.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.field import CONTENDERS, run_contender, run_gateway
from benchmarks.harness import Bench, Load, Result
from benchmarks.surroundings import Surroundings, surroundings

RECORDS = 1_500_000
#: The gateway as one would run it on two cores.
PAIR = "two workers"
NAMES = (PAIR, *(contender.name for contender in CONTENDERS))


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
    there = {contender.name for contender in CONTENDERS if contender.is_there}
    entries = ["gateway", *(name for name in names if name == PAIR or name in there)]
    found: list[list[Result]] = []
    for number in range(rounds):
        shift = number % len(entries)
        found.append([])
        for name in entries[shift:] + entries[:shift]:
            result = _run(around, bench, name, number)
            found[-1].append(result)
            print(line(result), flush=True)
    bench.delete_topics([bench.source])
    return report(around, records, found)


def _run(around: Surroundings, bench: Bench, name: str, number: int) -> Result:
    if name == "gateway":
        return run_gateway(around, bench, number)
    if name == PAIR:
        return replace(run_gateway(around, bench, f"{number}-pair", workers=2), contender=PAIR)
    [contender] = [each for each in CONTENDERS if each.name == name]
    return run_contender(around, bench, contender, number)


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
        f"{result.contender:<18} {result.records_per_s:>9,.0f} records/s "
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
        "gateway_to": ratios(by_round, "gateway", names),
        "pair_to": ratios(by_round, PAIR, names) if PAIR in names else {},
        "runs": [[asdict(result) for result in each] for each in rounds],
    }


def ratios(
    by_round: Sequence[Mapping[str, Result]], whose: str, names: Sequence[str]
) -> dict[str, Any]:
    """Compare one with each of the others, round by round."""
    found = {}
    for name in names:
        if name == whose:
            continue
        both = [(each[whose], each[name]) for each in by_round]
        found[name] = {
            "records_per_s": spread([a.records_per_s / b.records_per_s for a, b in both]),
            "cpu": spread([a.cpu_us_per_record / b.cpu_us_per_record for a, b in both]),
        }
    return found


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
