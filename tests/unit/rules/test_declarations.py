"""What a JSON Schema says about a field."""

from __future__ import annotations

from typing import Any

import pytest

from dataquarantine.validation.rules.declarations import document_type, type_of
from dataquarantine.validation.rules.types import Kind

DEFS: dict[str, Any] = {
    "$defs": {
        "money": {"type": "number"},
        "node": {
            "type": "object",
            "properties": {"value": {"type": "integer"}, "next": {"$ref": "#/$defs/node"}},
        },
        "a/b": {"type": "string"},
    }
}


@pytest.mark.parametrize(
    ("schema", "kind", "nullable"),
    [
        pytest.param({"type": "string"}, Kind.STRING, False, id="string"),
        pytest.param({"type": "integer"}, Kind.INT, False, id="integer"),
        pytest.param({"type": "number"}, Kind.DOUBLE, False, id="number"),
        pytest.param({"type": ["integer", "number"]}, Kind.DOUBLE, False, id="both numbers"),
        pytest.param({"type": ["string", "null"]}, Kind.STRING, True, id="or null"),
        pytest.param({"type": "null"}, Kind.NULL, False, id="null"),
        pytest.param({"type": ["string", "integer"]}, Kind.DYN, False, id="two types"),
        pytest.param(
            {"type": "string", "format": "date-time"}, Kind.DATE_TIME, False, id="date-time"
        ),
        pytest.param({"type": "string", "format": "date"}, Kind.STRING, False, id="date"),
        pytest.param({"format": "date-time"}, Kind.DYN, False, id="format without type"),
        pytest.param({"enum": ["a", "b"]}, Kind.STRING, False, id="enum"),
        pytest.param({"enum": ["a", None]}, Kind.STRING, True, id="enum with null"),
        pytest.param({"const": True}, Kind.BOOL, False, id="const"),
        pytest.param({"$ref": "#/$defs/money"}, Kind.DOUBLE, False, id="ref"),
        pytest.param({"$ref": "#/$defs/a~1b"}, Kind.STRING, False, id="escaped ref"),
        pytest.param({"$ref": "#/$defs/none"}, Kind.DYN, False, id="dangling ref"),
        pytest.param({"$ref": "https://x.test/y"}, Kind.DYN, False, id="remote ref"),
        pytest.param(
            {"anyOf": [{"type": "string"}, {"type": "null"}]}, Kind.STRING, True, id="any of"
        ),
        pytest.param(
            {"anyOf": [{"type": "string"}, {"minimum": 1}]}, Kind.DYN, False, id="open branch"
        ),
        pytest.param(
            {"oneOf": [{"type": "string"}, {"type": "integer"}]}, Kind.DYN, False, id="one of"
        ),
        pytest.param(
            {"allOf": [{"type": ["string", "null"]}, {"type": "string"}]},
            Kind.STRING,
            False,
            id="all of",
        ),
        pytest.param(
            {"if": {"type": "string"}}, Kind.DYN, False, id="a condition promises nothing"
        ),
        pytest.param(True, Kind.DYN, False, id="true"),
        pytest.param({}, Kind.DYN, False, id="empty"),
    ],
)
def test_kind_of_a_schema(schema: Any, kind: Kind, nullable: bool) -> None:
    found = type_of(schema, DEFS)

    assert (found.kind, found.nullable) == (kind, nullable)


def _field(schema: dict[str, Any], name: str) -> Any:
    shape = document_type({"type": "object", **schema}).shape
    assert shape is not None
    found = shape.field(name)
    return found.kind if found is not None else None


@pytest.mark.parametrize(
    ("schema", "name", "kind"),
    [
        pytest.param({"properties": {"a": {"type": "string"}}}, "a", Kind.STRING, id="declared"),
        pytest.param({"properties": {"a": {}}}, "b", None, id="not declared"),
        pytest.param({}, "b", Kind.DYN, id="nothing declared"),
        pytest.param(
            {"properties": {"a": {}}, "additionalProperties": True}, "b", Kind.DYN, id="open"
        ),
        pytest.param(
            {"properties": {"a": {}}, "additionalProperties": {"type": "integer"}},
            "b",
            Kind.INT,
            id="typed rest",
        ),
        pytest.param(
            {"properties": {"a": {}}, "patternProperties": {"x": {}}}, "b", Kind.DYN, id="patterns"
        ),
        pytest.param(
            {"properties": {"a": {}}, "$ref": "#/nowhere"}, "b", Kind.DYN, id="unreadable part"
        ),
        pytest.param(
            {"allOf": [{"properties": {"a": {"type": "string"}}}]}, "a", Kind.STRING, id="all of"
        ),
        pytest.param(
            {"properties": {"a": {"type": "string"}}, "if": {"properties": {"a": {"const": "x"}}}},
            "a",
            Kind.STRING,
            id="condition on a field",
        ),
        pytest.param(
            {
                "oneOf": [
                    {"properties": {"a": {"type": "string"}}},
                    {"properties": {"a": {"type": "integer"}}},
                ]
            },
            "a",
            Kind.DYN,
            id="branches disagree",
        ),
    ],
)
def test_field_of_an_object(schema: dict[str, Any], name: str, kind: Kind | None) -> None:
    assert _field(schema, name) is kind


def test_recursive_schema_is_followed_as_far_as_asked() -> None:
    found = type_of({"$ref": "#/$defs/node"}, DEFS)

    for _ in range(50):
        assert found.shape is not None
        assert found.shape.field("value") is not None
        below = found.shape.field("next")
        assert below is not None
        found = below


def test_schema_that_refers_to_itself_is_unknown() -> None:
    root = {"$ref": "#"}

    assert type_of(root, root).kind is Kind.DYN


def test_pii_is_known() -> None:
    assert type_of({"type": "string", "x-pii": "mask"}, DEFS).private
