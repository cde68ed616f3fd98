from __future__ import annotations

from typing import Any

import pytest

from dataquarantine.schemas.compatibility import Policy
from dataquarantine.schemas.documents import Compatibility, SchemaDocument
from dataquarantine.schemas.versions import (
    Bump,
    check_bump,
    highest,
    next_version,
    predecessor,
    required_bump,
)
from tests.unit.schemas.compatibility_cases import NUMBER, TEXT, obj


def document(definition: Any, **more: Any) -> SchemaDocument:
    return SchemaDocument.model_validate(
        {"name": "event", "version": "1.0.0", "schema": definition, **more}
    )


OLD = obj("a", a=TEXT)


@pytest.mark.parametrize(
    ("new", "mode", "policy", "bump"),
    [
        ({**OLD, "title": "other"}, "BACKWARD", Policy.STRICT, Bump.PATCH),
        (obj(a=TEXT), "BACKWARD", Policy.STRICT, Bump.MINOR),
        (obj(a=TEXT), "FORWARD", Policy.STRICT, Bump.MAJOR),
        (obj(a=TEXT), "NONE", Policy.STRICT, Bump.MINOR),
        (obj("a b", a=TEXT, b=NUMBER), "BACKWARD", Policy.STRICT, Bump.MAJOR),
        (obj("a b", a=TEXT, b=NUMBER), "NONE", Policy.STRICT, Bump.MAJOR),
        (obj("a", a=TEXT, b=NUMBER), "BACKWARD", Policy.STRICT, Bump.MAJOR),
        (obj("a", a=TEXT, b=NUMBER), "BACKWARD", Policy.LENIENT, Bump.MINOR),
        (obj("a", a=TEXT, b=NUMBER), "FULL_TRANSITIVE", Policy.LENIENT, Bump.MINOR),
    ],
    ids=[
        "texts", "required dropped", "required dropped, forward", "required dropped, none",
        "required added", "required added, none", "optional added", "optional added, lenient",
        "optional added, lenient and full",
    ],
)  # fmt: skip
def test_bump_follows_from_the_difference(
    new: Any, mode: Compatibility, policy: Policy, bump: Bump
) -> None:
    assert required_bump(document(new), document(OLD), mode, policy)[0] is bump


@pytest.mark.parametrize(
    ("before", "version", "bump", "suggested"),
    [
        ("1.0.0", "1.0.1", Bump.PATCH, None),
        ("1.0.0", "1.0.1", Bump.MINOR, "1.1.0"),
        ("1.0.0", "1.1.0", Bump.MAJOR, "2.0.0"),
        ("1.0.0", "2.0.0", Bump.PATCH, None),
        ("1.4.2", "2.0.0-rc.1", Bump.MAJOR, None),
        ("2.0.0-rc.1", "2.0.0", Bump.MAJOR, None),
        ("0.3.0", "0.4.0", Bump.MAJOR, None),
        ("0.3.0", "0.3.1", Bump.MAJOR, "0.4.0"),
    ],
)
def test_too_small_a_bump_is_refused_with_the_right_one(
    before: str, version: str, bump: Bump, suggested: str | None
) -> None:
    problem = check_bump(version, before, bump, ["X at /a: because"])

    assert (problem.suggested if problem else None) == suggested
    if problem:
        assert "because" in problem.reason


def test_a_new_avro_field_is_a_minor_change_though_everybody_can_read_it() -> None:
    one = {"type": "record", "name": "e", "fields": [{"name": "a", "type": "int"}]}
    two = {**one, "fields": [*one["fields"], {"name": "b", "type": "int", "default": 0}]}
    old, new = (document(each, type="avro") for each in (one, two))

    assert required_bump(new, old, "FULL", Policy.STRICT)[0] is Bump.MINOR


def test_the_same_records_said_in_another_way_are_a_patch() -> None:
    old = document(obj("a", a={"type": ["string", "integer"]}))
    new = document(obj("a", a={"anyOf": [TEXT, NUMBER]}))

    assert required_bump(new, old, "FULL", Policy.STRICT)[0] is Bump.PATCH


def test_highest_prefers_releases() -> None:
    assert highest(["1.9.0", "1.10.0", "2.0.0-rc.1"]) == "1.10.0"
    assert highest(["2.0.0-rc.1", "2.0.0-rc.2"]) == "2.0.0-rc.2"
    assert highest([]) is None


def test_predecessor_is_the_highest_release_below() -> None:
    assert predecessor("1.0.1", ["1.0.0", "2.0.0"]) == "1.0.0"
    assert predecessor("1.0.0", ["1.0.0", "2.0.0"]) is None


def test_next_version_starts_at_one() -> None:
    assert next_version(None, Bump.MAJOR) == "1.0.0"
    assert next_version("2.0.0-rc.1", Bump.PATCH) == "2.0.1"
