"""Has the gateway become dearer? `make bench-check`.

CPU microseconds a record of the gateway, divided by those of the bare loop in the same round: this
ratio hardly depends on the machine and its mood. It is compared with the saved baseline.
`--save` writes a new one, which is a commit of its own with both figures in its message.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import throughput
from benchmarks.surroundings import surroundings

BASELINE = Path(__file__).with_name("baseline.json")
ALLOWED = 1.10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--save", action="store_true", help="Make this run the baseline.")
    arguments = parser.parse_args()
    with surroundings() as around:
        report = throughput.measure(around, arguments.records, arguments.rounds, ("loop",))
    found = report["gateway_to"]["loop"]["cpu"]
    if arguments.save:
        save(report)
        print(f"saved: the gateway takes {found['median']:.2f} x the CPU of the loop")
        return
    if not BASELINE.exists():
        raise SystemExit(
            "there is no baseline: `python -m benchmarks.check --save` on a quiet machine"
        )
    said, passed = verdict(found["median"], json.loads(BASELINE.read_text("utf-8")))
    print(said)
    sys.exit(0 if passed else 1)


def save(report: dict[str, Any]) -> None:
    """Keep what is compared, and where it was measured."""
    kept = {name: report[name] for name in ("at", "machine", "python", "broker", "versions")}
    kept["cpu_to_loop"] = report["gateway_to"]["loop"]["cpu"]
    BASELINE.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")


def verdict(ratio: float, baseline: dict[str, Any]) -> tuple[str, bool]:
    """Say how a ratio compares with the baseline, and whether that may pass."""
    before = baseline["cpu_to_loop"]["median"]
    change = ratio / before
    said = (
        f"CPU a record: {ratio:.2f} x the bare loop, baseline {before:.2f} ({baseline['at']}): "
        f"{change - 1:+.0%}"
    )
    if change > ALLOWED:
        return (
            f"{said}; more than {ALLOWED - 1:.0%} dearer. `python -m benchmarks.path` shows "
            "which step",
            False,
        )
    return said, True


if __name__ == "__main__":
    main()
