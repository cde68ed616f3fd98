"""Judge the whole corpus and write what came of it: `python -m tests.webhooks`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from dataquarantine.outcomes import ValidationOutcome
from tests.webhooks import corpus, overlay

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "webhooks.md"

INTRODUCTION = """\
# GitHub's webhook payloads, judged

Written by `make webhooks`. The schemas are those of the npm package `@octokit/webhooks-schemas` \
7.6.1 (JSON Schema, draft-07, {schemas} schemas of events and of their actions), the payloads \
those recorded in `@octokit/webhooks-examples` 7.6.1. Each payload is judged under its event's \
schema, `date-time`, `uri` and `uri-template` asserted; a real worker that reads them from Kafka \
comes to the same result (`tests/webhooks/test_corpus.py`).

**{valid} of {all} recorded payloads are valid, {invalid} are not.** The recordings are older than \
the schemas: most lack a field that GitHub has added since. Below, each failing payload under the \
schema of its own action, where it has one: first violation, how often, in which events.

| code | field | payloads | events |
|---|---|---|---|
"""

FAULTS = """
## One fault each

Every payload that its action's schema accepts was broken once in each way that it offers, at a \
place drawn with a fixed seed, and judged again. Wanted is a violation of the right code at the \
right place.

| fault | wanted code | records | first violation | among the violations | not found |
|---|---|---|---|---|---|
"""

RULED = """
## Two events with rules and remediation

`push` and `issues` were given rules and remediation (`tests/webhooks/overlay.py`): what GitHub \
has added since the recordings gets its default, and what the schema can't say is a rule. In each \
payload that is valid as it stands, each rule was then broken once, where the payload offers it.

| event | payloads | valid as they stand | after remediation | refused |
|---|---|---|---|---|
"""

BROKEN_RULES = """
| rule | broken | refused by it | accepted with its warning | otherwise |
|---|---|---|---|---|
"""


def main() -> None:
    """Write the page; say the figures."""
    corpus.write_schemas()
    payloads = corpus.examples()
    outcomes = corpus.judge(payloads).outcomes
    failing = [p for p, outcome in zip(payloads, outcomes, strict=True) if not outcome.passed]
    figures = {
        "schemas": sum(1 for _ in corpus.SCHEMAS.iterdir()),
        "all": len(payloads),
        "valid": len(payloads) - len(failing),
        "invalid": len(failing),
    }
    overlay.write_schemas()
    lines = [*_reasons(failing), FAULTS.rstrip("\n"), *_faults(), RULED.rstrip("\n"), *_ruled()]
    lines += [BROKEN_RULES.rstrip("\n"), *_broken_rules()]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(INTRODUCTION.format(**figures) + "\n".join(lines) + "\n", "utf-8")
    print(f"{figures['valid']} of {figures['all']} payloads are valid; wrote {PAGE}")


def _reasons(failing: list[corpus.Payload]) -> Iterator[str]:
    outcomes = corpus.judge([payload.under_its_action() for payload in failing]).outcomes
    events: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for payload, outcome in zip(failing, outcomes, strict=True):
        events[_reason(outcome)].append(payload.schema)
    for (code, path), names in sorted(events.items(), key=lambda each: (-len(each[1]), each[0])):
        listed = ", ".join(f"`{name}`" for name in sorted(set(names)))
        yield f"| {code} | `{path}` | {len(names)} | {listed} |"


def _reason(outcome: ValidationOutcome) -> tuple[str, str]:
    if outcome.passed:  # its event's schema refuses what the action's accepts
        return "none under its action", ""
    first = outcome.violations[0]
    return str(first.code), first.field_path or ""


def _faults() -> Iterator[str]:
    payloads = corpus.with_faults()
    outcomes = corpus.judge(payloads).outcomes
    counts: Counter[tuple[str, str]] = Counter()
    codes: dict[str, str] = {}
    for payload, outcome in zip(payloads, outcomes, strict=True):
        assert payload.fault is not None
        codes[payload.fault.kind] = str(payload.fault.code)
        counts[payload.fault.kind, corpus.found(payload.fault, outcome)] += 1
    for kind, code in codes.items():
        first, listed, absent = (counts[kind, how] for how in ("first", "listed", "absent"))
        yield f"| {kind} | {code} | {first + listed + absent} | {first} | {listed} | {absent} |"


def _ruled() -> Iterator[str]:
    payloads = overlay.payloads()
    counts: Counter[tuple[str, str]] = Counter()
    for payload, outcome in zip(payloads, overlay.judge(payloads).outcomes, strict=True):
        became = "remediated" if outcome.remediated else outcome.result.value
        counts[payload.schema, became] += 1
    for event in overlay.OVERLAYS:
        valid, repaired, refused = (
            counts[event, became] for became in ("VALID", "remediated", "INVALID")
        )
        yield f"| {event} | {valid + repaired + refused} | {valid} | {repaired} | {refused} |"


def _broken_rules() -> Iterator[str]:
    broken = list(overlay.broken_rules())
    outcomes = overlay.judge([each.payload for each in broken]).outcomes
    counts: Counter[tuple[str, str]] = Counter()
    for each, outcome in zip(broken, outcomes, strict=True):
        how = outcome.result.value if overlay.tells(outcome, each.rule) else "otherwise"
        counts[each.rule, how] += 1
    for rule in dict.fromkeys(each.rule for each in broken):
        by_it, warned, other = (counts[rule, how] for how in ("INVALID", "VALID", "otherwise"))
        yield f"| `{rule}` | {by_it + warned + other} | {by_it} | {warned} | {other} |"


if __name__ == "__main__":
    main()
