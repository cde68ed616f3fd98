"""From one edited record to steps for all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dataquarantine.replay.example import Example, derive
from dataquarantine.replay.json_diff import diff
from dataquarantine.replay.privacy import MaskedPlace, check_patch, check_recipe

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DEFINITION = {
    "type": "object",
    "properties": {
        "user": {"type": "string"},
        "email": {"type": "string", "x-pii": "mask"},
        "age": {"type": "integer"},
        "at": {"type": "string", "format": "date-time"},
        "plan": {"enum": ["FREE", "PAID"]},
        "items": {
            "type": "array",
            "items": {"type": "object", "properties": {"qty": {"type": "integer"}}},
        },
    },
}
EDITS: dict[str, tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]] = {
    "rename": ({"uid": "a"}, {"user": "a"}, [{"rename": {"from": "uid", "to": "user"}}]),
    "rename and cast": ({"years": "7"}, {"age": 7}, [
        {"rename": {"from": "years", "to": "age"}}, {"cast": {"field": "age", "to": "integer"}}]),
    "cast": ({"age": "7"}, {"age": 7}, [{"cast": {"field": "age", "to": "integer"}}]),
    "trim": ({"user": " a "}, {"user": "a"}, [{"trim": "user"}]),
    "upper": ({"plan": "free"}, {"plan": "FREE"}, [{"upper": "plan"}]),
    "map": ({"plan": "pro"}, {"plan": "PAID"},
            [{"map": {"field": "plan", "values": {"pro": "PAID"}}}]),
    "default": ({}, {"plan": "FREE"}, [{"default": {"field": "plan", "value": "FREE"}}]),
    "a null": ({"plan": None}, {"plan": "FREE"},
               [{"default": {"field": "plan", "value": "FREE", "replace_null": True}}]),
    "drop": ({"user": "a", "x": 1}, {"user": "a"}, [{"drop_unknown": True}]),
    "an epoch": ({"at": 0}, {"at": "1970-01-01T00:00:00Z"},
                 [{"parse_date": {"field": "at", "formats": ["epoch_s"]}}]),
    "in a list": ({"items": [{"qty": "1"}]}, {"items": [{"qty": 1}]},
                  [{"cast": {"field": "items[].qty", "to": "integer"}}]),
}  # fmt: skip


def example(before: Any, after: Any) -> Example:
    return derive(before, after, diff(before, after), DEFINITION, keep=["_schema"], now=NOW)


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_becomes_steps(name: str) -> None:
    before, after, steps = EDITS[name]

    found = example(before, after)

    assert found.recipe == steps
    assert len(found.explanation) == len(steps)


@pytest.mark.parametrize(
    ("before", "after"),
    [({"age": 7}, {"age": 8}), ({"user": "a"}, {}), ({"items": [1, 2]}, {"items": [1]})],
    ids=["another number", "a declared field goes", "elements go"],
)
def test_what_no_step_does_stays_a_patch(before: Any, after: Any) -> None:
    found = example(before, after)

    assert found.recipe is None
    assert found.patch and "use the patch" in found.explanation[0]


PATCHES: dict[str, list[dict[str, Any]]] = {
    "replace it": [{"op": "replace", "path": "/email", "value": "x"}],
    "copy it to where it shows": [{"op": "copy", "from": "/email", "path": "/user"}],
    "guess it": [{"op": "test", "path": "/email", "value": "a@b.c"}],
    "the whole": [{"op": "test", "path": "", "value": {}}],
}


@pytest.mark.parametrize("name", PATCHES)
def test_a_patch_leaves_alone_what_is_masked(name: str) -> None:
    with pytest.raises(MaskedPlace):
        check_patch(PATCHES[name], DEFINITION)


@pytest.mark.parametrize(
    "step",
    [
        {"rename": {"from": "email", "to": "user"}},
        {"set": {"field": "user", "value": "message.email + 'x'"}},
    ],
    ids=["rename", "expression"],
)
def test_a_recipe_leaves_alone_what_is_masked(step: dict[str, Any]) -> None:
    with pytest.raises(MaskedPlace):
        check_recipe([step], DEFINITION)
    check_recipe([{"rename": {"from": "uid", "to": "user"}}], DEFINITION)
