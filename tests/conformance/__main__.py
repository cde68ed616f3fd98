"""Run the official suite: `python -m tests.conformance [--write]`."""

from __future__ import annotations

import argparse
import copy
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from tests.conformance import suite
from tests.conformance.engines import ENGINES, Engine

ALLOWED = Path(__file__).with_name("allowed.yaml")
DOCS = Path(__file__).parents[2] / "docs" / "reference" / "conformance.md"
BEGIN, END = "<!-- results -->", "<!-- /results -->"


class Score(NamedTuple):
    """What one engine made of one draft's cases of one kind."""

    engine: str
    draft: str
    kind: str
    passed: int
    declined: int
    failures: Counter[str]

    @property
    def failed(self) -> int:
        return self.failures.total()


def score(name: str, engine: Engine, draft: str, kind: str) -> Score:
    """Run all cases; failures are counted by file."""
    passed = declined = 0
    failures: Counter[str] = Counter()
    for case in suite.cases(draft, kind):
        wrong = _wrong(engine, case)
        if wrong is None:
            declined += len(case.tests)
            continue
        passed += len(case.tests) - wrong
        if wrong:
            failures[case.file] += wrong
    return Score(name, draft, kind, passed, declined, failures)


def _wrong(engine: Engine, case: suite.Case) -> int | None:
    """Count wrong verdicts, None when the engine declines; what raises is wrong."""
    try:
        passes = engine(case)
    except Exception:
        return len(case.tests)
    if passes is None:
        return None
    wrong = 0
    for _, data, valid in case.tests:
        try:
            wrong += passes(copy.deepcopy(data)) is not valid
        except Exception:
            wrong += 1
    return wrong


def unexpected(scores: list[Score]) -> Iterator[str]:
    """Name failures that nobody allowed and allowances that nothing needs."""
    allowed = yaml.safe_load(ALLOWED.read_text("utf-8"))
    used: set[tuple[str, int]] = set()
    for s in scores:
        for file, count in s.failures.items():
            entries = allowed.get(s.engine, [])
            at = next((i for i, entry in enumerate(entries) if _covers(entry, s, file)), None)
            if at is None:
                yield f"{s.engine}: {s.draft} {s.kind} {file}: {count} failed, not listed"
            else:
                used.add((s.engine, at))
    for engine, entries in allowed.items():
        for at, entry in enumerate(entries):
            if (engine, at) not in used:
                yield f"{engine}: {entry['files']} is listed but passes"


def _covers(entry: dict[str, list[str]], s: Score, file: str) -> bool:
    return (
        file in entry["files"]
        and s.kind in entry.get("kinds", [s.kind])
        and s.draft in entry.get("drafts", [s.draft])
    )


def table(scores: list[Score]) -> Iterator[str]:
    """Write one line per engine, kind and draft, as Markdown."""
    yield "| engine | cases | draft | passed | failed | declined | failures by file |"
    yield "|---|---|---|--:|--:|--:|---|"
    for s in scores:
        where = ", ".join(f"{file} {count}" for file, count in sorted(s.failures.items()))
        cells = (s.engine, s.kind, s.draft, s.passed, s.failed, s.declined, where)
        yield f"| {' | '.join(str(cell) for cell in cells)} |"


def documented(results: str) -> str:
    """Return the page as it should be."""
    before, _, rest = DOCS.read_text("utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n{results}\n{END}{rest.partition(END)[2]}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"put the table into {DOCS.name}")
    arguments = parser.parse_args()
    suite.fetch()
    scores = [
        score(name, engine, draft, kind)
        for name, engine in ENGINES.items()
        for kind in suite.KINDS
        for draft in suite.DRAFTS
    ]
    results = "\n".join(table(scores))
    print(results)
    if arguments.write:
        DOCS.write_text(documented(results), "utf-8")
    problems = list(unexpected(scores))
    if DOCS.read_text("utf-8") != documented(results):
        problems.append(f"{DOCS} shows other results; write them with --write")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
