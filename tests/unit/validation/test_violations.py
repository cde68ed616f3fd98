"""Codes, messages and locations of JSON Schema violations."""

from typing import Any

import pytest

from dataquarantine.outcomes import Code, Violation
from dataquarantine.validation.json_schema import compile_json_schema
from tests.unit.validation.judging import NOW

DRAFT_7 = "http://json-schema.org/draft-07/schema#"


def violations(definition: Any, document: Any) -> list[Violation]:
    layer = compile_json_schema(definition)
    assert layer.passes(document, NOW) is False
    return layer.violations(document, NOW)


def only(definition: Any, document: Any) -> Violation:
    found = violations(definition, document)
    assert len(found) == 1, found
    return found[0]


def at_a(schema: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"a": schema}}


BY_KEYWORD: list[tuple[dict[str, Any], Any, Code, str]] = [
    ({"type": "string"}, 1, Code.WRONG_TYPE, "a: 1 is not of type string"),
    (
        {"type": ["string", "null"]},
        {},
        Code.WRONG_TYPE,
        "a: an object with 0 properties is not of type null or string",
    ),
    ({"enum": ["x", 2]}, "y", Code.ENUM_MISMATCH, "a: 'y' is not one of 'x', 2"),
    ({"const": {"k": 1}}, 2, Code.CONST_MISMATCH, "a: 2 is not an object with 1 property"),
    ({"pattern": "^x.$"}, "y", Code.PATTERN_MISMATCH, "a: 'y' does not match '^x.$'"),
    ({"format": "date-time"}, "now", Code.FORMAT_MISMATCH, "a: 'now' is no date-time"),
    ({"minimum": 5}, 4.5, Code.OUT_OF_RANGE, "a: 4.5 is below 5"),
    ({"maximum": 5}, 10**30, Code.OUT_OF_RANGE, f"a: {10**30} is above 5"),
    ({"exclusiveMinimum": 5}, 5, Code.OUT_OF_RANGE, "a: 5 is not above 5"),
    ({"exclusiveMaximum": 5}, 5, Code.OUT_OF_RANGE, "a: 5 is not below 5"),
    ({"multipleOf": 0.1}, 0.25, Code.NOT_A_MULTIPLE, "a: 0.25 is no multiple of 0.1"),
    ({"minLength": 3}, "é", Code.WRONG_LENGTH, "a: 'é' is shorter than 3 characters"),
    ({"maxLength": 1}, "ab", Code.WRONG_LENGTH, "a: 'ab' is longer than 1 characters"),
    ({"minItems": 2}, [1], Code.WRONG_ITEM_COUNT, "a: 1 item, at least 2"),
    ({"maxItems": 1}, [1, 2], Code.WRONG_ITEM_COUNT, "a: 2 items, at most 1"),
    ({"uniqueItems": True}, [1, 1.0], Code.DUPLICATE_ITEMS, "a: two items are equal"),
    ({"contains": {"const": 1}}, [2], Code.MISSING_ITEM, "a: no item is of the demanded kind"),
    (
        {"contains": {"const": 1}, "minContains": 2},
        [1],
        Code.MISSING_ITEM,
        "a: too few items are of the demanded kind",
    ),
    (
        {"contains": {"const": 1}, "maxContains": 1},
        [1, 1],
        Code.WRONG_ITEM_COUNT,
        "a: too many items are of the counted kind",
    ),
    (
        {"prefixItems": [True], "unevaluatedItems": False},
        [1, 2],
        Code.UNKNOWN_ITEM,
        "a: 1 item that the schema does not describe",
    ),
    ({"minProperties": 1}, {}, Code.WRONG_PROPERTY_COUNT, "a: 0 properties, at least 1"),
    ({"maxProperties": 0}, {"x": 1}, Code.WRONG_PROPERTY_COUNT, "a: 1 property, at most 0"),
    ({"not": {"type": "null"}}, None, Code.FORBIDDEN, "a: null is what the schema forbids"),
    (
        {"anyOf": [{"type": "string"}, {"minimum": 3}]},
        1,
        Code.NO_ALTERNATIVE_MATCHES,
        "a: 1 matches none of the alternatives (closest: a: 1 is not of type string)",
    ),
    (
        {"oneOf": [{"type": "integer"}, {"minimum": 0}]},
        1,
        Code.SEVERAL_ALTERNATIVES_MATCH,
        "a: 1 matches several alternatives, only one may match",
    ),
]


@pytest.mark.parametrize(
    ("schema", "value", "code", "message"),
    BY_KEYWORD,
    ids=[f"{next(iter(schema))} {code}" for schema, _, code, _ in BY_KEYWORD],
)
def test_a_keyword_has_its_code_and_message(
    schema: dict[str, Any], value: Any, code: Code, message: str
) -> None:
    found = only(at_a(schema), {"a": value})

    assert (found.code, found.message, found.field_path) == (code, message, "a")
    assert found.instance_location == "/a"
    assert found.keyword_location == f"/properties/a/{found.keyword}"


BY_FIELD: list[tuple[dict[str, Any], Any, Code, str, str]] = [
    ({"required": ["x"]}, {}, Code.MISSING_FIELD, "a.x", "a: 'x' is a required property"),
    (
        {"dependentRequired": {"y": ["x"]}},
        {"y": 1},
        Code.DEPENDENCY_MISSING,
        "a.x",
        "a: 'x' is a required property because of another one",
    ),
    (
        {"additionalProperties": False},
        {"x": 1},
        Code.UNKNOWN_FIELD,
        "a.x",
        "a: 'x' is no property of the schema",
    ),
    (
        {"unevaluatedProperties": False},
        {"x": 1},
        Code.UNKNOWN_FIELD,
        "a.x",
        "a: 'x' is no property of the schema",
    ),
    (
        {"propertyNames": {"pattern": "^y"}},
        {"x": 1},
        Code.INVALID_PROPERTY_NAME,
        "a.x",
        "a: property name 'x' does not match '^y'",
    ),
    (
        {"propertyNames": {"maxLength": 1}},
        {"xx": 1},
        Code.INVALID_PROPERTY_NAME,
        "a.xx",
        "a: property name 'xx' is no name the schema allows",
    ),
    ({"properties": {"x": False}}, {"x": 1}, Code.FORBIDDEN, "a.x", "a.x: 1 is not allowed here"),
]


@pytest.mark.parametrize(
    ("schema", "value", "code", "field_path", "message"),
    BY_FIELD,
    ids=[next(iter(schema)) for schema, *_ in BY_FIELD],
)
def test_a_keyword_of_objects_names_the_property(
    schema: dict[str, Any], value: Any, code: Code, field_path: str, message: str
) -> None:
    found = only(at_a(schema), {"a": value})

    assert (found.code, found.field_path, found.message) == (code, field_path, message)


def test_items_beyond_a_tuple_are_unknown() -> None:
    found = only({"$schema": DRAFT_7, "items": [True], "additionalItems": False}, [1, 2])

    assert (found.code, found.message) == (Code.UNKNOWN_ITEM, "2 items, at most 1")


def test_each_unknown_field_is_a_violation_of_its_own() -> None:
    found = violations({"additionalProperties": False}, {"x": 1, "y": 2})

    assert [v.field_path for v in found] == ["x", "y"]


def test_everything_is_named_missing_fields_first() -> None:
    definition = {
        "required": ["id"],
        "properties": {
            "items": {"items": {"properties": {"price": {"minimum": 0}}, "required": ["sku"]}}
        },
    }

    found = violations(definition, {"items": [{"price": -1, "sku": 1}, {}]})

    assert {v.field_path for v in found} == {"id", "items[0].price", "items[1].sku"}
    assert found[0].field_path == "id"


def test_locations_are_json_pointers() -> None:
    definition = {
        "$defs": {"b/c": {"properties": {"d~e": {"items": {"type": "string"}}}}},
        "properties": {"x": {"$ref": "#/$defs/b~1c"}},
    }

    found = only(definition, {"x": {"d~e": ["ok", 1]}})

    assert found.instance_location == "/x/d~0e/1"
    assert found.keyword_location == "/properties/x/$ref/properties/d~0e/items/type"
    assert found.field_path == "x.d~e[1]"


def test_a_rewritten_pattern_is_shown_as_written() -> None:
    by_value = only(at_a({"pattern": "^.$"}), {"a": ""})
    by_name = only({"patternProperties": {"^.$": {"type": "string"}}}, {"x": 1})

    assert by_value.message == "a: '' does not match '^.$'"
    assert by_name.keyword_location == "/patternProperties/^.$/type"


def test_the_closest_alternative_explains_a_failed_union() -> None:
    card = {"required": ["number"], "properties": {"kind": {"const": "card"}}}
    cash = {"properties": {"kind": {"const": "cash"}}, "type": "object"}
    definition = at_a({"oneOf": [card, cash]})

    found = only(definition, {"a": {"kind": "card"}} | {"a": {"kind": "check", "number": 1}})

    assert found.message == (
        "a: an object with 2 properties matches none of the alternatives "
        "(closest: a.kind: 'check' is not 'card')"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x" * 200, f"'{'x' * 58}…"),
        ("line\nbreak", r"'line\nbreak'"),
        (10**80, f"{'1' + '0' * 58}…"),
        ([1, 2, 3], "an array with 3 items"),
        (None, "null"),
    ],
    ids=["long text", "control character", "long number", "container", "null"],
)
def test_values_are_shown_shortly(value: Any, shown: str) -> None:
    found = only(at_a({"const": False}), {"a": value})

    assert found.message == f"a: {shown} is not false"


PERSONAL: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (
        "own mark",
        at_a({"type": "string", "format": "email", "x-pii": "mask"}),
        {"a": "alice at x@y.z"},
        "a: 'xxxxx xx x@x.x' is no email",
    ),
    (
        "mark above",
        {"properties": {"a": {"x-pii": "drop", "properties": {"b": {"const": 1}}}}},
        {"a": {"b": 4711}},
        "a.b: the value (masked) is not 1",
    ),
    (
        "behind a $ref",
        {
            "properties": {"a": {"$ref": "#/$defs/m"}},
            "$defs": {"m": {"x-pii": "hash", "enum": [1]}},
        },
        {"a": 4711},
        "a: the value (masked) is not one of 1",
    ),
    (
        "mark below",
        at_a({"type": "object", "properties": {"b": {"x-pii": "mask"}}}),
        {"a": "alice"},
        "a: 'xxxxx' is not of type object",
    ),
    (
        "mark below, behind a $ref",
        at_a({"items": {"$ref": "#/$defs/m"}, "type": "array"})
        | {"$defs": {"m": {"x-pii": "mask"}}},
        {"a": 4711},
        "a: the value (masked) is not of type array",
    ),
    (
        "in an alternative",
        at_a({"anyOf": [{"x-pii": "mask", "const": 1}, {"const": 2}]}),
        {"a": 4711},
        "a: the value (masked) matches none of the alternatives "
        "(closest: a: the value (masked) is not 1)",
    ),
    (
        "in items",
        at_a({"items": {"x-pii": "mask", "minimum": 9999}}),
        {"a": [4711]},
        "a[0]: the value (masked) is below 9999",
    ),
]


@pytest.mark.parametrize(
    ("definition", "document", "message"),
    [case[1:] for case in PERSONAL],
    ids=[case[0] for case in PERSONAL],
)
def test_a_marked_value_is_not_shown(
    definition: dict[str, Any], document: dict[str, Any], message: str
) -> None:
    assert only(definition, document).message == message


def test_a_mark_in_a_registered_schema_hides_too() -> None:
    person = {"$id": "urn:person", "properties": {"mail": {"x-pii": "mask", "format": "email"}}}
    definition = {"properties": {"who": {"$ref": "urn:person"}}}
    layer = compile_json_schema(definition, resources={"urn:person": person})

    found = layer.violations({"who": {"mail": "alice"}}, NOW)

    assert [violation.message for violation in found] == ["who.mail: 'xxxxx' is no email"]


HOSTILE_NAMES = {
    "long": ("n" * 5000, "n" * 63 + "…"),
    "control characters": ("a\x1b[2J\n", "a\\x1b[2J\\n"),
    "long and unprintable": ("\x00" * 5000, "\\x00" * 15 + "\\x0…"),
    "direction marks": ("a\u202eb", "a\\u202eb"),
}


@pytest.mark.parametrize(("name", "shown"), HOSTILE_NAMES.values(), ids=list(HOSTILE_NAMES))
def test_a_senders_property_name_is_cut_and_escaped(name: str, shown: str) -> None:
    unknown = only({"additionalProperties": False}, {name: 1})
    below = only({"additionalProperties": {"required": ["a"]}}, {name: {}})

    assert unknown.field_path == shown
    assert below.field_path == f"{shown}.a"
    assert below.message == f"{shown}: 'a' is a required property"
    assert below.instance_location == f"/{shown}"
    for text in (unknown.message, below.message):
        assert text.isprintable()
        assert len(text) < 120


def test_an_expectation_is_told_anew_at_each_place() -> None:
    definition = {
        "properties": {"a": {"enum": ["x"]}, "b": {"enum": ["y"]}, "c": {"$ref": "#/$defs/c"}},
        "$defs": {"c": {"maximum": 1}},
    }

    found = violations(definition, {"a": 1, "b": 2, "c": 3})

    assert sorted(violation.message for violation in found) == [
        "a: 1 is not one of 'x'",
        "b: 2 is not one of 'y'",
        "c: 3 is above 1",
    ]
