"""Writes results into the docs: `make bench-docs`, or `python -m benchmarks.report`.

Reads `benchmarks/results/*.json`; replaces what stands between `<!-- bench:KIND -->` and
`<!-- /bench -->` in docs/performance.md, and the figures of the capacity model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.events import ROOT
from dataquarantine.capacity.figures import Assumed, measured
from dataquarantine.capacity.model import Flow, plan

RESULTS = Path(__file__).with_name("results")
PAGE = ROOT / "docs" / "performance.md"
SCALING = ROOT / "docs" / "scaling.md"
MEASURED = ROOT / "dataquarantine" / "capacity" / "measured.json"
QUANTILES = ("p50", "p95", "p99", "p99.9")


def main() -> None:
    reports = {path.stem: json.loads(path.read_text("utf-8")) for path in RESULTS.glob("*.json")}
    text = PAGE.read_text("utf-8")
    for kind, write in WRITERS.items():
        if kind in reports:
            text = put(text, kind, write(reports[kind]))
    PAGE.write_text(text, "utf-8")
    update_capacity(reports)
    SCALING.write_text(put(SCALING.read_text("utf-8"), "capacity", capacity()), "utf-8")
    print(f"wrote {PAGE} and {MEASURED} from {', '.join(sorted(reports)) or 'nothing'}")


def put(text: str, kind: str, section: str) -> str:
    """Replace one section of the page.

    Raises: ValueError when the page has no place for it.
    """
    place = re.compile(rf"(<!-- bench:{kind} -->\n).*?(<!-- /bench -->)", re.DOTALL)
    if not place.search(text):
        raise ValueError(f"the page has no <!-- bench:{kind} --> ... <!-- /bench -->")
    return place.sub(lambda found: f"{found[1]}\n{section}\n{found[2]}", text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table; all columns but the first to the right."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "--:|" * (len(head) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def conditions(report: dict[str, Any]) -> str:
    """Say when, where and with what."""
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    return (
        f"({report['at'][:10]}; {report['machine']}; Python {report['python']}; "
        f"{report['broker']} on the same machine; {versions})"
    )


def throughput(report: dict[str, Any]) -> str:
    rows = []
    for name, found in report["medians"].items():
        to, pair = report["gateway_to"].get(name), report["pair_to"].get(name)
        rows.append(
            [
                name,
                spread(found["records_per_s"], ",.0f"),
                spread(found["cpu_us_per_record"], ".1f"),
                f"{found['peak_rss_mb']:,}",
                f"{to['records_per_s']['median']:.2f} x" if to else "",
                f"{to['cpu']['median']:.2f} x" if to else "",
                f"{pair['records_per_s']['median']:.2f} x" if pair else "",
            ]
        )
    head = ("", "records/s", "CPU us a record", "MB", "gateway's rate to it", "gateway's CPU to it",
            "two workers' rate to it")  # fmt: skip
    rounds = len(report["runs"])
    note = f"{report['records']:,} records, medians of {rounds} interleaved rounds (least-most)."
    return f"{table(head, rows)}\n\n{note} {conditions(report)}\n"


def spread(found: dict[str, float], form: str) -> str:
    return f"{found['median']:{form}} ({found['min']:{form}}-{found['max']:{form}})"


def latency(report: dict[str, Any]) -> str:
    runs = report["runs"]
    rows = []
    for rate in sorted({run["rate"] for run in runs}):
        for name, path in _LATENCIES:
            of_this = [r for r in runs if (r["rate"], r["contender"]) == (rate, name)]
            found = [run[path] for run in of_this if run.get(path, {}).get("n")]
            if found:
                what = _LATENCIES[name, path]
                if not all(run["sustained"] for run in of_this):
                    what += " (backlog grew)"
                figures = [f"{median(each[q] for each in found):.1f}" for q in QUANTILES]
                rows.append([f"{rate:,}/s: {what}", *figures])
    rounds = 1 + max(run["round"] for run in runs)
    note = f"{report['seconds']:g} s a run, medians of {rounds} interleaved rounds."
    return f"{table(('ms', *QUANTILES), rows)}\n\n{note} {conditions(report)}\n"


#: By contender and path.
_LATENCIES = {
    ("floor", "valid"): "no gateway",
    ("gateway", "valid"): "gateway, valid record consumed",
    ("gateway", "row"): "gateway, refused record is a row",
    ("exactly once", "valid"): "exactly once, valid record consumed",
    ("exactly once", "row"): "exactly once, refused record is a row",
}


def growth(report: dict[str, Any]) -> str:
    rows = [
        [
            f"{run['kind'].replace('_', ' ')}: {run['value']:,}",
            f"{run['records_per_s']:,.0f}",
            f"{run['cpu_us_per_record']:.1f}",
            f"{run['peak_rss_mb']:,.0f}",
        ]
        for run in report["runs"]
    ]
    text = table(("", "records/s", "CPU us a record", "MB"), rows)
    if found := report.get("memory"):
        text += (
            f"\n\nMemory over {found['records']:,} records and {found['schemas']} schemas: "
            f"{found['second_quarter_mb']} MB in the second quarter, "
            f"{found['last_quarter_mb']} MB in the last, peak {found['peak_mb']} MB."
        )
    return f"{text}\n\n{conditions(report)}\n"


def startup(report: dict[str, Any]) -> str:
    names = {
        "worker_s": "worker: launch to `/readyz`",
        "join_to_ready_s": "worker: its group's join to `/readyz`",
        "dev_s": "`dataquarantine dev`: launch to the first judged record on screen",
    }
    rows = [[names[name], f"{found:.1f}"] for name, found in report["medians"].items()]
    return f"{table(('', 's'), rows)}\n\n{conditions(report)}\n"


def sinks(report: dict[str, Any]) -> str:
    rows = [
        [
            f"layout `{layout}`",
            f"{report['medians'][layout]:,}",
            f"{min(rates):,.0f}-{max(rates):,.0f}",
        ]
        for layout, rates in report["runs"].items()
    ]
    return f"{table(('one sink', 'records/s', 'least-most'), rows)}\n\n{conditions(report)}\n"


def dry_run(report: dict[str, Any]) -> str:
    rows = []
    for name, is_dry in (("quiet", False), ("dry run", True)):
        found = [each for each in report["rounds"] if each["is_dry"] is is_dry]
        figures = [f"{median(each[q] for each in found):.1f}" for q in QUANTILES]
        rows.append([name, *figures, f"{median(each['seconds'] for each in found):.0f}"])
    note = (
        f"{report['rate']:,} records/s, {report['stored']:,} records tried; medians of "
        f"{len(report['rounds']) // 2} rounds in turns. p99 moved by {report['moved']:+.0%}."
    )
    return f"{table(('ms', *QUANTILES, 's'), rows)}\n\n{note} {conditions(report)}\n"


WRITERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "throughput": throughput,
    "latency": latency,
    "dry_run": dry_run,
    "growth": growth,
    "startup": startup,
    "sinks": sinks,
}


def capacity() -> str:
    """Tell what the model says of nine flows."""
    rows = []
    for rate in (10_000, 100_000, 1_000_000):
        for invalid in (0.01, 0.02, 0.2):
            found = plan(Flow(rate, 500, invalid), measured(), Assumed())
            stores, money = found.stores, found.money
            rows.append(
                [
                    f"{rate:,}/s, {invalid:.0%} invalid",
                    f"{found.workers} ({found.cores_busy:.1f})",
                    f"{found.partitions}",
                    f"{found.brokers}",
                    f"{found.written_mb_s:,.0f}",
                    f"{stores.rows_per_s:,.0f} ({stores.databases})",
                    f"{stores.puts_per_s_by_segment:,.1f} / {stores.puts_per_s_by_record:,.0f}",
                    f"{money.machines:,.0f}",
                    f"{money.total - money.machines:,.0f}",
                ]
            )
    head = (
        *("500-byte records", "workers (cores busy)", "partitions", "brokers", "Kafka writes MB/s"),
        *(
            "rows/s (databases)",
            "PUT/s segment / record",
            "$/month machines",
            "$/month bytes, stores",
        ),
    )
    return table(head, rows) + "\n"


def update_capacity(reports: dict[str, Any]) -> None:
    """Let the capacity model start from what was measured; what was not stays."""
    figures = json.loads(MEASURED.read_text("utf-8"))
    if growing := reports.get("growth"):
        curve = {(r["kind"], r["value"]): r["cpu_us_per_record"] for r in growing["runs"]}
        figures |= from_curves(curve)
        figures |= {"at": growing["at"][:10], "machine": _machine(growing)}
        figures["source"] = "docs/performance.md"
        figures["worker_mb"] = round(growing.get("memory", {}).get("peak_mb", figures["worker_mb"]))
    if sinks := reports.get("sinks"):
        figures["stored_rows_per_s"] = round(sinks["records_per_s"])
    MEASURED.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


def from_curves(curve: dict[tuple[str, float], float]) -> dict[str, float]:
    found: dict[str, float] = {}
    if ("invalid", 0.0) in curve:
        found["valid_us"] = round(curve["invalid", 0.0], 2)
        extra = [
            (cost - curve["invalid", 0.0]) / share
            for (kind, share), cost in curve.items()
            if kind == "invalid" and share
        ]
        if extra:  # few refused records are dearer, each, than many
            found["invalid_us"] = round(max(extra), 1)
    if ("record_bytes", 220) in curve and ("record_bytes", 2000) in curve:
        more = curve["record_bytes", 2000] - curve["record_bytes", 220]
        found["valid_us_per_kb"] = round(max(0.0, more / ((2000 - 220) / 1024)), 2)
    return found


def _machine(report: dict[str, Any]) -> str:
    return f"{report['machine']}, shared with {report['broker']}, Python {report['python']}"


if __name__ == "__main__":
    main()
