"""fastjsonschema is asked only where it judges as the official suite does."""

from typing import Any

import pytest

from dataquarantine.validation.json_schema import compile_json_schema
from tests.conformance.fuzz import run
from tests.unit.validation.judging import USER_EVENT

DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DRAFT_6 = "http://json-schema.org/draft-06/schema#"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize(
    "definition",
    [
        USER_EVENT,
        {"type": "object", "properties": {"a": {"const": 1}}, "additionalProperties": False},
        {"$schema": DRAFT_7, "if": {"required": ["a"]}, "then": {"required": ["b"]}},
        {"$schema": DRAFT_4, "minimum": 1, "exclusiveMinimum": True},
        {"title": "t", "description": "{x}", "x-pii": "mask", "default": {"a": "'"}},
    ],
    ids=["seed", "closed", "conditional", "draft 4", "annotations"],
)
def test_known_keywords_get_a_second_opinion(definition: dict[str, Any]) -> None:
    assert compile_json_schema(definition).second_opinion is not None


@pytest.mark.parametrize(
    "definition",
    [
        True,
        {"$ref": "#/$defs/a", "$defs": {"a": {}}},
        {"$id": "urn:a"},
        {"unevaluatedProperties": False},
        {"prefixItems": [True]},
        {"$schema": DRAFT_7, "items": [True]},
        {"dependentRequired": {"a": ["b"]}},
        {"uniqueItems": True},
        {"multipleOf": 0.1},
        {"contains": {"const": 1}},
        {"$schema": DRAFT_4, "const": 1},
        {"$schema": DRAFT_6, "if": True},
        {"pattern": "^(a+)+$"},
        {"enum": [{"a": 1}]},
        {"enum": [1.5]},
        {"properties": {"a": {"properties": {"b": {"unknown-keyword": 1}}}}},
        {"properties": {f"p{i}": {} for i in range(600)}},
        {"properties": {"a-b": {}, "ab": {}}},
    ],
    ids=lambda definition: str(definition)[:40],
)
def test_everything_else_does_not(definition: Any) -> None:
    assert compile_json_schema(definition).second_opinion is None


@pytest.mark.parametrize(
    "text", ['"', "'", "{x}", "\\", "\n", "a'+__import__('os').getcwd()+'", '") or print("']
)
@pytest.mark.parametrize("where", ["enum", "const", "required", "properties"])
def test_text_that_could_be_taken_for_code_is_never_compiled(where: str, text: str) -> None:
    value: Any = {
        "enum": [text],
        "const": text,
        "required": [text],
        "properties": {text: {}},
    }[where]

    assert compile_json_schema({where: value}).second_opinion is None


def test_both_engines_agree_on_random_schemas() -> None:
    found = run(5000, seed=20261122)

    assert found.disagreements == []
    assert 0.2 < found.valid / found.pairs < 0.8
