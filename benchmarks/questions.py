"""What the query benchmark asks: of the store, and of the HTTP API."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode
from uuid import uuid4

from benchmarks.quarantine_rows import (
    CODES,
    FIELDS,
    FINGERPRINTS,
    KEYS,
    SCHEMAS,
    TOPICS,
    fingerprint,
)
from dataquarantine.store.queries import Filters


@dataclass(frozen=True)
class Chance:
    """Random values of what the rows have; `now` is when they were loaded."""

    random: random.Random
    now: datetime

    def incident(self) -> str:
        return fingerprint(int(FINGERPRINTS * self.random.random() ** 2))

    def hours(self, count: int) -> Filters:
        until = self.now - timedelta(hours=self.random.randrange(24 * 20))
        return Filters(since=until - timedelta(hours=count), until=until)

    def one_of(self, values: list[str]) -> str:
        return self.random.choice(values)


Make = Callable[[Chance], Filters]
LISTS: dict[str, Make] = {
    "none: the newest": lambda chance: Filters(),
    "schema": lambda chance: Filters(schema=chance.one_of(SCHEMAS)),
    "schema@version": lambda chance: Filters(schema=f"{chance.one_of(SCHEMAS)}@1.0.0"),
    "error_type": lambda chance: Filters(error_type=chance.random.choice(CODES)[0]),
    "code": lambda chance: Filters(code=chance.random.choice(CODES)[1]),
    "status, most of all": lambda chance: Filters(status="stored"),
    "status, one of a hundred": lambda chance: Filters(status="in_review"),
    "topic": lambda chance: Filters(topic=chance.one_of(TOPICS)),
    "incident": lambda chance: Filters(fingerprint=chance.incident()),
    "key": lambda chance: Filters(key=f"hmac:{chance.random.randrange(KEYS):032x}"),
    "from, to: one hour": lambda chance: chance.hours(1),
    "schema, code, status": lambda chance: Filters(
        schema=chance.one_of(SCHEMAS), code=chance.random.choice(CODES)[1], status="stored"
    ),
    "q: topic/partition/offset": lambda chance: Filters(
        q=f"{chance.one_of(TOPICS)}/{chance.random.randrange(8)}/{chance.random.randrange(9**9)}"
    ),
    "q: id": lambda chance: Filters(q=str(uuid4())),
    "q: key": lambda chance: Filters(q=f"hmac:{chance.random.randrange(KEYS):032x}"),
    "q: field path": lambda chance: Filters(q=chance.one_of(FIELDS)),
    "q: part of many messages": lambda chance: Filters(q="required prop"),
    "q: part of few messages": lambda chance: Filters(
        q=f"v{chance.random.getrandbits(40):010x}"[:7]
    ),
    "q: part of none": lambda chance: Filters(q=f"nobody wrote {chance.random.random()}"),
}
COUNTS: dict[str, Make] = {
    "of all": lambda chance: Filters(),
    "of a schema": lambda chance: Filters(schema=chance.one_of(SCHEMAS)),
    "of an incident": lambda chance: Filters(fingerprint=chance.incident()),
    "from, to: one hour": lambda chance: chance.hours(1),
    "from, to: three days": lambda chance: chance.hours(72),
    "q: field path": lambda chance: Filters(q=chance.one_of(FIELDS)),
    "q: part of many messages": lambda chance: Filters(q="required prop"),
    "q: part of none": lambda chance: Filters(q=f"nobody wrote {chance.random.random()}"),
}
Path = Callable[[Chance], str]
OTHERS: dict[str, Path] = {
    "incidents": lambda chance: "/incidents",
    "incidents, open": lambda chance: "/incidents?state=open",
    "incidents of a schema": lambda chance: f"/incidents?schema={chance.one_of(SCHEMAS)}",
    "an incident": lambda chance: f"/incidents/{quote(chance.incident())}",
    "overview": lambda chance: "/overview",
}


def paths() -> dict[str, Path]:
    """Name every question to the API."""
    lists = {f"list, {name}": _asking("/quarantine", make) for name, make in LISTS.items()}
    counts = {
        f"counts, {name}": _asking("/quarantine/counts?by=status", make)
        for name, make in COUNTS.items()
    }
    return lists | counts | OTHERS


def _asking(path: str, make: Make) -> Path:
    joined = "&" if "?" in path else "?"
    return lambda chance: f"{path}{joined}{urlencode(_query(make(chance)))}"


def _query(filters: Filters) -> dict[str, str]:
    names = {"fingerprint": "incident", "since": "from", "until": "to"}
    columns = ("schema", "error_type", "code", "status", "topic", "fingerprint", "key", "since")
    found = {names.get(each, each): getattr(filters, each) for each in (*columns, "until", "q")}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in found.items()
        if value is not None
    }
