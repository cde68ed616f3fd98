"""Long runs: `python -m tests.chaos --seed 1 --delivery exactly_once --seconds 180 --runs 3`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.chaos.arena import open_arena
from tests.chaos.report import record, write_page
from tests.chaos.run import Outcome, run


def main() -> int:
    words = _parser().parse_args()
    failed = 0
    for seed in range(words.seed, words.seed + words.runs):
        with open_arena() as arena:
            home = Path(tempfile.mkdtemp(prefix=f"dq-chaos-{seed}-"))
            outcome = run(
                arena,
                home,
                seed=seed,
                delivery=words.delivery,
                seconds=words.seconds,
                rate=words.rate,
            )
        failed += _tell(outcome, home)
        if words.record:
            record(outcome)
            write_page()
    return int(bool(failed))


def _tell(outcome: Outcome, home: Path) -> bool:
    print(json.dumps(outcome.check), json.dumps(outcome.faults), flush=True)
    if problems := outcome.problems:
        print(f"FAILED, repeat it with seed {outcome.seed}; logs in {home}", *problems, sep="\n  ")
    return bool(problems)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=1, help="seeds in a row")
    parser.add_argument(
        "--delivery", choices=["at_least_once", "exactly_once"], default="at_least_once"
    )
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--rate", type=int, default=3000, help="records a second")
    parser.add_argument("--record", action="store_true", help="add to docs/reference/chaos.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
