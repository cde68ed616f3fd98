"""What tens of thousands of schema versions cost a worker: memory, start, one more version."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from dataquarantine.schemas.catalog import Catalog
from dataquarantine.schemas.decisions import apply, decide
from dataquarantine.schemas.proposals import Register
from dataquarantine.schemas.registry import DOC, Registry
from dataquarantine.schemas.source import RegistrySource
from dataquarantine.schemas.states import State

VERSIONS = 20_000
PER_NAME = 5
AT = datetime(2026, 1, 1, tzinfo=UTC)


def document(number: int) -> dict[str, Any]:
    """Make a schema of ten properties; every version of a name adds one more."""
    name, before = divmod(number, PER_NAME)
    properties = {f"field_{n}": {"type": "string", "maxLength": 40} for n in range(10 + before)}
    schema = {"type": "object", "properties": properties, "required": ["field_0"]}
    return {
        "name": f"schema_{name}",
        "version": f"{before + 1}.0.0",
        "description": "A schema among many.",
        "compatibility": "NONE",
        "schema": schema,
    }


def register(registry: Registry, number: int) -> None:
    """Register a version as the agent of the log does."""
    proposal = Register(by="bench", document=document(number), state=State.ENFORCED)
    answer = apply(registry, decide(registry, proposal, AT))
    assert answer.accepted, answer


def timed(what: str, work: Callable[[], Any]) -> Any:
    """Do something and print the CPU it took, and what memory was used at most so far."""
    started = time.process_time()
    result = work()
    elapsed_ms = (time.process_time() - started) * 1000
    print(f"{elapsed_ms:10.1f} ms of CPU, {_peak_mb():6.0f} MB at most: {what}", flush=True)
    return result


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rows_of(versions: int) -> list[tuple[str, bytes]]:
    """Write the rows of many versions: one name is registered, the others are its copies."""
    one = Registry()
    for number in range(PER_NAME):
        register(one, number)
    rows: list[tuple[str, bytes]] = []
    for copy in range(versions // PER_NAME):
        for key, value in one.rows():
            if key.startswith(DOC):
                row = json.loads(value)
                row["id"] += copy * PER_NAME
                row["document"]["name"] = f"schema_{copy}"
                key, value = key.replace("schema_0", f"schema_{copy}"), json.dumps(row).encode()
                rows.append((key, value))
    return rows


def main(versions: int = VERSIONS) -> None:
    """Print the costs."""
    rows = rows_of(versions)
    size_mb = sum(len(key) + len(value) for key, value in rows) / 1e6
    print(f"{versions:,} versions of {versions // PER_NAME:,} names: {size_mb:.0f} MB of rows")
    print(f"{_peak_mb():32.0f} MB at most: before")
    registry = timed("fold the log", lambda: Registry.from_rows(rows))
    catalog = Catalog([RegistrySource(registry)])
    timed("list them all as judging", catalog.refresh)
    timed("compile one at its first record", lambda: catalog.find("schema_7", None))
    register(registry, versions)
    timed("list them again with one more", catalog.refresh)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else VERSIONS)
