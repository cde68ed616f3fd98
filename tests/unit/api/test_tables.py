"""Looking into the worker's tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from dataquarantine.api.errors import ApiError
from dataquarantine.api.tables import list_tables, look_up


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


def test_tables_are_named() -> None:
    tables = {"b": Held("b", is_global=False), "a": Held("a")}

    assert [(row["name"], row["global"]) for row in list_tables(tables)] == [
        ("a", True),
        ("b", False),
    ]


@pytest.mark.parametrize(
    ("table", "shown"),
    [
        pytest.param(Held(values={b"k": b'{"a":1}'}), {"a": 1}, id="JSON bytes"),
        pytest.param(Held(values={b"k": b"\xff"}), "\\xff", id="other bytes"),
        pytest.param(Held(key_type=str, values={"k": 3}), 3, id="value"),
    ],
)
def test_a_value_is_shown(table: Held, shown: Any) -> None:
    assert look_up({"schemas": table}, "schemas", "k")["value"] == shown


@pytest.mark.parametrize(
    ("name", "code"),
    [pytest.param("nope", 40401, id="table"), pytest.param("schemas", 40402, id="key")],
)
def test_what_is_missing_is_said(name: str, code: int) -> None:
    with pytest.raises(ApiError) as refused:
        look_up({"schemas": Held()}, name, "k")

    assert (refused.value.status, refused.value.code) == (404, code)
