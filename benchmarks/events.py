"""The events that every benchmark uses, and the schema with three rules that judges them."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import orjson
import yaml

ROOT = Path(__file__).parents[1]
SCHEMA_FILE = ROOT / "schemas" / "user_event" / "1.0.0.yaml"
INVALID_SHARE = 0.02
#: Contenders that don't know CEL have these three by hand, see `contenders/judge.py`.
RULES = [
    {"name": "not_from_the_future", "expression": "timestamp <= now()"},
    {"name": "known_kind", "expression": 'event_type in ["view", "click", "purchase"]'},
    {"name": "not_a_test_user", "expression": 'user_id != "USER000000"'},
]


def event(
    number: int,
    rnd: random.Random,
    *,
    invalid: float = INVALID_SHARE,
    padding: int = 0,
    schemas: int = 1,
) -> bytes:
    """Make a user_event of about 200 bytes and `padding` more; a share lacks `user_id`."""
    document = {
        "_schema": schema_name(number % schemas),
        "user_id": f"USER{rnd.randrange(1, 10**6):06d}",
        "event_type": rnd.choice(("view", "click", "purchase")),
        "timestamp": "2025-12-27T16:00:00Z",
        "product_id": f"PROD{number % 1000}",
        "session_id": f"sess_{number:012d}",
        "page": "/products/garden/tools",
    }
    if rnd.random() < invalid:
        del document["user_id"]
    if padding:
        document["text"] = "x" * padding
    return orjson.dumps(document)


def schema_with_rules() -> dict[str, Any]:
    """Read the schema file and put the rules into it, unless BENCH_WITHOUT_RULES is set."""
    document: dict[str, Any] = yaml.safe_load(SCHEMA_FILE.read_text("utf-8"))
    return document | {"rules": [] if os.environ.get("BENCH_WITHOUT_RULES") else RULES}


def write_schemas(folder: Path, count: int = 1) -> Path:
    """Write the schema, and `count - 1` others beside it, as a folder of schemas."""
    for number in range(count):
        name = schema_name(number)
        at = folder / name / "1.0.0.yaml"
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(yaml.safe_dump(schema_with_rules() | {"name": name}), "utf-8")
    return folder


def schema_name(number: int) -> str:
    return "user_event" if number == 0 else f"other_event_{number}"
