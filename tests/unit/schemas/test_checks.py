from __future__ import annotations

from typing import Any

import pytest

from dataquarantine.schemas.checks import CHECK_NAMES, examine
from dataquarantine.schemas.documents import SchemaDocument


def document(definition: Any, **more: Any) -> SchemaDocument:
    content = {
        "name": "event", "version": "1.0.0", "description": "An event.", "owner": "team",
        "schema": definition, **more,
    }  # fmt: skip
    return SchemaDocument.model_validate(content)


def properties(**found: Any) -> dict[str, Any]:
    return {"type": "object", "properties": found}


AVRO = {"type": "record", "name": "e", "fields": [{"name": "userId", "type": "string"}]}
TABLE = [
    ("valid", document({"type": "nothing"}), "/schema/type", True),
    ("examples", document(properties(a={"type": "string"}), examples=[{"a": 1}]),
     "/examples/0", True),
    ("counter-examples", document({}, counter_examples=[{"a": 1}]), "/counter_examples/0", True),
    ("description", document({}, description=" "), "", False),
    ("owner", document({}, owner=""), "", False),
    ("contradictions", document(properties(a={"minLength": 5, "maxLength": 2})),
     "/schema/properties/a/minLength", True),
    ("contradictions", document(properties(a={"type": "string", "enum": [1]})),
     "/schema/properties/a", True),
    ("contradictions", document(properties(a={"allOf": [{"type": "null"}, {"type": "array"}]})),
     "/schema/properties/a", True),
    ("patterns", document(properties(a={"type": "string", "pattern": "^[a-z]+$"})),
     "/schema/properties/a/pattern", False),
    ("formats", document(properties(a={"type": "string", "format": "isbn"})),
     "/schema/properties/a/format", False),
    ("keywords", document(properties(a={"requierd": ["b"]})),
     "/schema/properties/a/requierd", False),
    ("required", document({**properties(a={}), "required": ["a", "b"]}), "/schema/required", False),
    ("names", document(properties(userId={})), "/schema/properties/userId", False),
    ("names", document(AVRO, type="avro"), "/schema/fields/0/name", False),
    ("fallback", document({}, fallback=["1.0.0"]), "/fallback/0", True),
]  # fmt: skip


@pytest.mark.parametrize(("check", "wrong", "pointer", "error"), TABLE)
def test_each_check_finds_its_mistake_and_can_be_skipped(
    check: str, wrong: SchemaDocument, pointer: str, error: bool
) -> None:
    (remark,) = examine(wrong)

    assert (remark.check, remark.error) == (check, error)
    assert "".join(f"/{part}" for part in remark.parts) == pointer
    assert examine(wrong, skip=[check]) == []


def test_every_check_has_a_case() -> None:
    assert {check for check, *_ in TABLE} == set(CHECK_NAMES)


@pytest.mark.parametrize(
    "sound",
    [
        properties(a=False),
        properties(a={"type": "string", "pattern": "^[a-z]+$", "maxLength": 9}),
        properties(a={"type": "string", "pattern": "^[*+]{3}$"}),
        properties(_schema={"type": "string"}, user_id={}, address_2={}),
        {"$ref": "#/$defs/a", "$defs": {"a": properties(next={"$ref": "#/$defs/a"})}},
    ],
    ids=["forbidden on purpose", "limited", "literal signs", "names", "recursion"],
)
def test_sound_schemas_have_no_remarks(sound: Any) -> None:
    assert examine(document(sound)) == []


def test_examples_are_judged_without_the_selector_fields() -> None:
    closed = {**properties(a={}), "additionalProperties": False}

    assert examine(document(closed, examples=[{"a": 1, "_schema": "event"}])) == []
