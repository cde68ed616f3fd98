"""The worker's tables, for looking into: what there is, and the value of a key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pydantic import BaseModel, Field

from dataquarantine.api import neighbours
from dataquarantine.api.errors import not_found
from dataquarantine.api.http import Request
from dataquarantine.api.neighbours import PASSED_ON
from dataquarantine.api.routes import route
from dataquarantine.api.service import MOUNT


class Table(Protocol):
    """What a look needs of a Faust table."""

    name: str
    help: str
    is_global: bool
    window: Any
    key_type: Any

    def get(self, key: Any) -> Any: ...


class TableShown(BaseModel):
    """A table; every worker holds all of a global one, else its partitions' share."""

    name: str
    is_global: bool = Field(alias="global")
    windowed: bool
    about: str


class Tables(BaseModel):
    items: list[TableShown]
    next: None = None


class Row(BaseModel):
    """A key's value; one that is JSON is shown as such."""

    table: str
    key: str
    value: Any


class TableViews:
    """Looks into the tables of this worker, and through it into those of the others.

    Args: owner: gives the address of the worker that holds a table that is not global, None when
        it can't.
    """

    def __init__(
        self, tables: Mapping[str, Table], owner: Callable[[str], str | None] = lambda name: None
    ) -> None:
        self._tables = tables
        self._owner = owner

    @route("GET", "/tables", "List the tables")
    async def list_tables(self, request: Request) -> Tables:
        return Tables.model_validate(
            {
                "items": [
                    {
                        "name": name,
                        "global": table.is_global,
                        "windowed": table.window is not None,
                        "about": table.help,
                    }
                    for name, table in sorted(self._tables.items())
                ]
            }
        )

    @route("GET", "/tables/{name}/{key:path}", "Show the value of a key")
    async def look_up(self, request: Request, name: str, key: str) -> Row:
        table = self._tables.get(name)
        if table is None:
            known = ", ".join(sorted(self._tables)) or "none"
            raise not_found(f"there is no table {name}", f"known: {known}")
        value = table.get(key.encode() if table.key_type is bytes else key)
        if value is None:
            owner = None if table.is_global else self._owner(name)
            if owner and PASSED_ON not in request.headers:
                found = await neighbours.ask(f"{owner}{MOUNT}{request.path}", request.headers)
                if found is not None:
                    return Row.model_validate(found)
            where = f"its owner is {owner}" if owner else "another worker may hold it"
            remedy = "every worker holds the same" if table.is_global else where
            raise not_found(f"{name} holds no {key}", remedy, 40402, owner=owner)
        return Row(table=name, key=key, value=_shown(value))


def _shown(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value.decode("utf-8", "backslashreplace")
