"""Cost of rules: `python -m benchmarks.rules`. Read the ratios, machines differ.

Per call, in microseconds, the quietest of 7 interleaved rounds: three fused rules on a record
that passes, the same with all violations named, a record that the exact interpreter must judge,
and `orjson.loads` of the record as the yardstick.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

import orjson

from dataquarantine.schemas.documents import RuleDocument
from dataquarantine.validation.rules import compile_rules

SCHEMA = {
    "type": "object",
    "properties": {
        "user_id": {"type": "string"},
        "event_type": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time"},
        "amount": {"type": "number"},
        "currency": {"type": "string"},
        "items": {
            "type": "array",
            "items": {"type": "object", "properties": {"qty": {"type": "integer"}}},
        },
    },
}
RULES = [
    RuleDocument(name="not_in_future", expression="timestamp <= now()"),
    RuleDocument(name="money", expression='amount > 0 && currency in ["EUR", "USD"]'),
    RuleDocument(name="quantities", expression="items.all(i, i.qty > 0)"),
]
RECORD = {
    "user_id": "USER000001",
    "event_type": "purchase",
    "timestamp": "2026-01-10T19:50:00Z",
    "amount": 12.5,
    "currency": "EUR",
    "items": [{"sku": f"S{number}", "qty": number} for number in range(1, 6)],
}
ROUNDS, CALLS = 7, 20_000


def measured(cases: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return microseconds per call of each case, rounds interleaved."""
    best = dict.fromkeys(cases, float("inf"))
    for _ in range(ROUNDS):
        for name, case in cases.items():
            started = time.perf_counter()
            for _ in range(CALLS):
                case()
            best[name] = min(best[name], (time.perf_counter() - started) / CALLS * 1e6)
    return best


def main() -> None:
    """Print one line a case."""
    rules = compile_rules(RULES, SCHEMA)
    now = datetime(2026, 11, 22, tzinfo=UTC)
    failing = {**RECORD, "timestamp": "2027-01-01T00:00:00Z", "amount": -1, "currency": "GBP"}
    missing = {name: value for name, value in RECORD.items() if name != "currency"}
    text = json.dumps(RECORD).encode()
    passes, violations = rules.passes, rules.violations
    found = measured(
        {
            "orjson.loads": lambda: orjson.loads(text),
            "3 rules pass": lambda: passes(RECORD, now),
            "3 rules, 2 fail, violations": lambda: violations(failing, now),
            "3 rules, 1 has no value": lambda: violations(missing, now),
        }
    )
    yardstick = found["orjson.loads"]
    for name, cost in found.items():
        print(f"{name:32} {cost:8.2f} us {cost / yardstick:6.1f} x")


if __name__ == "__main__":
    main()
