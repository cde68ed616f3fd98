from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataquarantine.errors import InvalidSchema
from dataquarantine.outcomes import Code
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.validation.pydantic_model import PydanticLayer, compile_pydantic

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def layer(definition: Any, *, strict: bool = True) -> PydanticLayer:
    document = {"name": "made", "version": "1.0.0", "type": "pydantic", "schema": definition}
    return compile_pydantic(SchemaDocument.model_validate({**document, "strict": strict}))


def having(schema: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": schema}, "required": ["a"]}


@pytest.mark.parametrize(
    ("schema", "good", "bad", "code"),
    [
        pytest.param({"type": "string"}, "x", 1, Code.WRONG_TYPE, id="string"),
        pytest.param({"type": "string", "minLength": 2}, "xy", "x", Code.WRONG_LENGTH, id="length"),
        pytest.param(
            {"type": "string", "pattern": "^a+$"}, "aa", "ab", Code.PATTERN_MISMATCH, id="pattern"
        ),
        pytest.param(
            {"type": "string", "format": "date-time"}, "2026-01-01T00:00:00Z", "x",
            Code.FORMAT_MISMATCH, id="date-time",
        ),
        pytest.param({"type": "string", "format": "uuid"},
            "1fe7a58e-4681-4db2-b493-01499b195004", "x", Code.FORMAT_MISMATCH, id="uuid"),
        pytest.param({"type": "integer", "maximum": 5}, 5, 6, Code.OUT_OF_RANGE, id="maximum"),
        pytest.param({"type": "integer", "exclusiveMinimum": 5}, 6, 5, Code.OUT_OF_RANGE, id="gt"),
        pytest.param({"type": "number", "multipleOf": 0.5}, 1.5, 1.6, Code.NOT_A_MULTIPLE, id="of"),
        pytest.param({"type": "boolean"}, False, "no", Code.WRONG_TYPE, id="boolean"),
        pytest.param({"type": "null"}, None, 0, Code.WRONG_TYPE, id="null"),
        pytest.param({"type": ["string", "null"], "minLength": 1}, None, "", Code.WRONG_LENGTH,
            id="nullable"),
        pytest.param({"enum": ["x", None]}, None, "y", Code.ENUM_MISMATCH, id="enum"),
        pytest.param({"const": "x"}, "x", "y", Code.ENUM_MISMATCH, id="const"),
        pytest.param({"type": "array", "items": {"type": "integer"}}, [1, 2], [1, "x"],
            Code.WRONG_TYPE, id="items"),
        pytest.param({"type": "array", "maxItems": 1}, [{}], [1, 2], Code.WRONG_ITEM_COUNT,
            id="item-count"),
        pytest.param({"type": "object", "additionalProperties": {"type": "integer"}}, {"x": 1},
            {"x": "y"}, Code.WRONG_TYPE, id="map"),
        pytest.param({"type": "object", "properties": {"b": {}}, "additionalProperties": False},
            {"b": 1}, {"c": 1}, Code.UNKNOWN_FIELD, id="closed"),
        pytest.param({"type": "object", "properties": {"b": {}}, "required": ["b"]}, {"b": 1},
            {}, Code.MISSING_FIELD, id="required"),
        pytest.param({"oneOf": [{"type": "null"}, {"type": "string", "minLength": 1}]}, None, "",
            Code.WRONG_LENGTH, id="one-of-types"),
        pytest.param(True, [{}], ..., None, id="anything"),
    ],
)  # fmt: skip
def test_keyword_is_checked(schema: Any, good: Any, bad: Any, code: Code | None) -> None:
    made = layer(having(schema))

    assert made.passes({"a": good}, NOW)
    if code is not None:
        assert not made.passes({"a": bad}, NOW)
        assert code in [violation.code for violation in made.violations({"a": bad}, NOW)]


def test_recursive_type_is_checked_at_every_level() -> None:
    made = layer(
        {
            "type": "object",
            "properties": {"root": {"$ref": "#/$defs/node"}, "up": {"$ref": "#"}},
            "$defs": {
                "node": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                    },
                    "required": ["name"],
                }
            },
        }
    )
    good = {"root": {"name": "a", "children": [{"name": "b"}]}, "up": {"up": {}}}

    assert made.passes(good, NOW)
    [found] = made.violations({"root": {"name": "a", "children": [{}]}}, NOW)
    assert found.field_path == "root.children[0].name"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 2, "maxLength": 4},
        {"type": "integer", "minimum": -3, "maximum": 10},
        {"type": "array", "items": {"type": ["boolean", "null"]}, "minItems": 1},
        {"enum": ["ab", 3, None]},
        {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "integer", "minimum": 5}]},
    ],
    ids=lambda schema: "-".join(schema),
)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers(-20, 20) | st.text("ab€", max_size=6),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner),
        max_leaves=4,
    )
)
def test_strict_model_judges_as_its_schema_does(schema: Any, value: Any) -> None:
    definition = having(schema)
    document = {"a": value}

    expected = jsonschema_rs.is_valid(definition, document)

    assert layer(definition).passes(document, NOW) is expected


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        pytest.param([], "root of a model must have type object", id="no-object"),
        pytest.param({"type": "string"}, "root of a model must have type object", id="text"),
        pytest.param(
            having({"oneOf": [{"type": "integer"}, {"type": "number"}]}), "a/oneOf", id="one-of"
        ),
        pytest.param(having({"not": {}}), "/properties/a: a schema without", id="not"),
        pytest.param(
            having({"type": "array", "uniqueItems": True}), "/properties/a/uniqueItems", id="unique"
        ),
        pytest.param(having({"type": "string", "format": "ipv4"}), "a/format", id="format"),
        pytest.param(having({"$ref": "#/$defs/none"}), "leads nowhere", id="ref"),
        pytest.param(having({"$ref": "http://x/y"}), "leads nowhere", id="remote"),
        pytest.param(having({"$ref": "#/properties/a"}), "deeper than", id="ref-circle"),
        pytest.param(
            having({"type": "string", "pattern": "("}), "no model can be made", id="regex"
        ),
        pytest.param(having({"type": "string", "pattern": "(?=a)"}), "no model", id="lookahead"),
        pytest.param(having({"type": "string", "minLength": "x"}), "no model", id="wrong-value"),
        pytest.param({**having({}), "required": ["b"]}, "not declared", id="undeclared"),
    ],
)
def test_schema_that_no_model_expresses_is_refused(definition: Any, problem: str) -> None:
    with pytest.raises(InvalidSchema, match=problem) as refused:
        layer(definition)

    assert refused.value.where == "made@1.0.0"


def test_deep_schema_is_refused() -> None:
    schema: Any = {"type": "string"}
    for _ in range(2000):
        schema = {"type": "array", "items": schema}

    with pytest.raises(InvalidSchema, match="nested deeper"):
        layer(having(schema))


def test_neither_model_nor_schema_is_refused() -> None:
    with pytest.raises(InvalidSchema, match="neither model nor schema"):
        layer(None)
