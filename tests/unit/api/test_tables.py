"""Looking into the worker's tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from dataquarantine.api.service import Api
from dataquarantine.api.tables import TableViews
from tests.unit.api.calling import call


@dataclass
class Held:
    """A table in memory."""

    name: str = "schemas"
    help: str = "rows"
    is_global: bool = True
    window: Any = None
    key_type: Any = bytes
    values: dict[Any, Any] = field(default_factory=dict)

    def get(self, key: Any) -> Any:
        return self.values.get(key)


def api(**tables: Held) -> Api:
    return Api([TableViews(tables)])


def test_tables_are_named() -> None:
    _, page = call(api(b=Held("b", is_global=False), a=Held("a")), "GET", "/tables")

    assert [(row["name"], row["global"]) for row in page["items"]] == [("a", True), ("b", False)]


@pytest.mark.parametrize(
    ("table", "shown"),
    [
        pytest.param(Held(values={b"k/1": b'{"a":1}'}), {"a": 1}, id="JSON bytes"),
        pytest.param(Held(values={b"k/1": b"\xff"}), "\\xff", id="other bytes"),
        pytest.param(Held(key_type=str, values={"k/1": 3}), 3, id="value"),
    ],
)
def test_a_value_is_shown(table: Held, shown: Any) -> None:
    assert call(api(schemas=table), "GET", "/tables/schemas/k/1")[1]["value"] == shown


@pytest.mark.parametrize(
    ("name", "code"),
    [pytest.param("nope", 40401, id="table"), pytest.param("schemas", 40402, id="key")],
)
def test_what_is_missing_is_said(name: str, code: int) -> None:
    status, answer = call(api(schemas=Held()), "GET", f"/tables/{name}/k")

    assert (status, answer["error_code"]) == (404, code)


def test_the_owner_of_a_missing_key_is_named() -> None:
    owner = "http://127.0.0.1:1"  # where nobody listens
    held = Api([TableViews({"windows": Held("windows", is_global=False)}, lambda name: owner)])

    status, answer = call(held, "GET", "/tables/windows/k")

    assert (status, answer["details"]) == (404, {"owner": owner})
