"""The worker's tables, for looking into: what there is, and the value of a key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from dataquarantine.api.errors import not_found


class Table(Protocol):
    """What a look needs of a Faust table."""

    name: str
    help: str
    is_global: bool
    window: Any
    key_type: Any

    def get(self, key: Any) -> Any: ...


def list_tables(tables: Mapping[str, Table]) -> list[dict[str, Any]]:
    """Name the tables; every worker holds all of a global one, else its partitions' share."""
    return [
        {
            "name": name,
            "global": table.is_global,
            "windowed": table.window is not None,
            "about": table.help,
        }
        for name, table in sorted(tables.items())
    ]


def look_up(tables: Mapping[str, Table], name: str, key: str) -> dict[str, Any]:
    """Return the value that this worker holds for a key.

    Raises: ApiError.
    """
    table = tables.get(name)
    if table is None:
        known = ", ".join(sorted(tables)) or "none"
        raise not_found(f"there is no table {name}", f"known: {known}")
    value = table.get(key.encode() if table.key_type is bytes else key)
    if value is None:
        where = "every worker holds the same" if table.is_global else "another worker may hold it"
        raise not_found(f"{name} holds no {key}", where, 40402)
    return {"table": name, "key": key, "value": _shown(value)}


def _shown(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value.decode("utf-8", "backslashreplace")
