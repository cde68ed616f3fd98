"""Compiling JSON Schema: drafts, references, refusals."""

import socket
from typing import Any

import pytest

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.json_schema import compile_json_schema
from tests.unit.validation.judging import NOW

DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"


def passes(definition: Any, document: Any, **resources: Any) -> bool:
    return compile_json_schema(definition, resources=resources).passes(document, NOW)


@pytest.mark.parametrize(
    ("definition", "document", "valid"),
    [
        ({"type": "integer"}, 1.0, True),
        ({"$schema": DRAFT_4, "type": "integer"}, 1.0, False),
        ({"type": "integer"}, True, False),
        ({"type": "number"}, False, False),
        ({"enum": [1]}, True, False),
        ({"enum": [0]}, False, False),
        ({"const": 1.0}, 1, True),
        ({"const": {"a": [1]}}, {"a": [1.0]}, True),
        ({"type": "integer"}, 10**30, True),
        ({"maximum": 2**53}, 2**53 + 1, False),
        ({"multipleOf": 0.01}, 19.01, True),
        ({"uniqueItems": True}, [1, True], True),
        ({"maxLength": 1}, "😀", True),
        ({"$schema": DRAFT_4, "minimum": 5, "exclusiveMinimum": True}, 5, False),
        (True, {"anything": 1}, True),
        (False, None, False),
    ],
    ids=str,
)
def test_values_are_compared_as_json(definition: Any, document: Any, valid: bool) -> None:
    assert passes(definition, document) is valid


@pytest.mark.parametrize(
    ("name", "text", "valid"),
    [
        ("date-time", "2024-01-15T10:30:00Z", True),
        ("date-time", "2024-01-15T10:30:00.123456789+02:00", True),
        ("date-time", "2016-12-31T23:59:60Z", True),
        ("date-time", "2024-01-15 10:30:00Z", False),
        ("date-time", "2024-01-15T10:30:00", False),
        ("date-time", "2024-02-30T10:30:00Z", False),
        ("date", "2024-02-29", True),
        ("date", "2023-02-29", False),
        ("email", "a@b.c", True),
        ("email", "a b@c.d", False),
        ("ipv4", "127.0.0.1", True),
        ("ipv4", "127.0.0.01", False),
        ("uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380", True),
        ("uuid", "2eb8aa08", False),
        ("no-such-format", "whatever", True),
    ],
    ids=str,
)
def test_formats_are_asserted(name: str, text: str, valid: bool) -> None:
    assert passes({"format": name}, text) is valid


def test_content_is_described_unless_asked_for() -> None:
    definition = {"$schema": DRAFT_7, "contentEncoding": "base64"}
    asking = {**definition, "x-assert-content": True}

    assert passes(definition, "not base64!")
    assert not passes(asking, "not base64!")
    assert passes(asking, "AAAA")


def test_a_property_may_be_called_like_a_keyword() -> None:
    definition = {
        "$schema": DRAFT_7,
        "properties": {"contentEncoding": {"type": "string"}, "pattern": {"type": "integer"}},
        "enum": [{"contentEncoding": "x", "pattern": 1}],
    }

    assert passes(definition, {"contentEncoding": "x", "pattern": 1})


ADDRESS = {"$id": "https://example.com/address", "$defs": {"zip": {"pattern": "^[0-9]{5}$"}}}


def test_a_reference_leads_to_a_registered_schema() -> None:
    definition = {"properties": {"zip": {"$ref": "https://example.com/address#/$defs/zip"}}}
    resources = {"https://example.com/address": ADDRESS}

    layer = compile_json_schema(definition, resources=resources)

    assert layer.passes({"zip": "12345"}, NOW)
    violation = layer.violations({"zip": "x"}, NOW)[0]
    assert violation.keyword_location == "/properties/zip/$ref/pattern"


def test_schemas_may_refer_to_themselves() -> None:
    tree = {"properties": {"children": {"items": {"$ref": "#"}}, "name": {"type": "string"}}}

    assert passes(tree, {"name": "a", "children": [{"name": "b", "children": []}]})
    assert not passes(tree, {"children": [{"children": [{"name": 1}]}]})


def test_schemas_may_refer_to_each_other() -> None:
    resources = {
        "urn:a": {"$id": "urn:a", "properties": {"b": {"$ref": "urn:b"}}},
        "urn:b": {"$id": "urn:b", "properties": {"a": {"$ref": "urn:a"}, "n": {"const": 1}}},
    }

    layer = compile_json_schema(resources["urn:a"], resources=resources)

    assert layer.passes({"b": {"n": 1, "a": {"b": {"n": 1}}}}, NOW)
    assert not layer.passes({"b": {"a": {"b": {"n": 2}}}}, NOW)


def test_a_registered_meta_schema_is_followed() -> None:
    meta = {"$id": "urn:meta", "$schema": "https://json-schema.org/draft/2020-12/schema"}

    layer = compile_json_schema(
        {"$schema": "urn:meta", "type": "string"}, resources={"urn:meta": meta}
    )

    assert not layer.passes(1, NOW)


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"properties": {"a": schema}}
    return schema


REFUSED: dict[str, tuple[Any, str]] = {
    "no schema": (
        [1],
        "s@1.0.0: a JSON Schema is an object or a boolean; write it as a mapping",
    ),
    "wrong type name": (
        {"properties": {"a": {"type": "text"}}},
        's@1.0.0#/properties/a/type: "text" is not valid under any of the schemas listed in the '
        "'anyOf' keyword; see the draft's specification",
    ),
    "negative length": (
        {"minLength": -1},
        "s@1.0.0#/minLength: -1 is less than the minimum of 0; see the draft's specification",
    ),
    "unknown draft": (
        {"$schema": "http://json-schema.org/draft-03/schema#"},
        "s@1.0.0#/$schema: $schema 'http://json-schema.org/draft-03/schema#' is no known draft",
    ),
    "draft of a wrong type": ({"$schema": 7}, "s@1.0.0#/$schema: $schema 7 is no known draft"),
    "dangling $ref": (
        {"$ref": "#/$defs/nothing"},
        "s@1.0.0: a $ref leads nowhere: Pointer '/$defs/nothing' does not exist; "
        "correct the $ref or add its target",
    ),
    "remote $ref": (
        {"$ref": "http://127.0.0.1:9/x.json"},
        "s@1.0.0: $ref to 'http://127.0.0.1:9/x.json' leads to no registered schema "
        "(nothing is ever fetched); register a schema with that $id, or copy it under $defs",
    ),
    "file $ref": (
        {"$ref": "file:///etc/passwd"},
        "s@1.0.0: $ref to 'file:///etc/passwd' leads to no registered schema",
    ),
    "lookahead": (
        {"properties": {"a": {"pattern": "^(?!x)"}}},
        "s@1.0.0#/properties/a/pattern: pattern '^(?!x)' is refused: lookahead and lookbehind "
        "can't run in linear time; write it without that, or as a rule",
    ),
    "lookahead in a name": (
        {"patternProperties": {"^(?=.)": {}}},
        "s@1.0.0#/patternProperties/^(?=.): pattern '^(?=.)' is refused: lookahead",
    ),
    "backreference": (
        {"pattern": r"^(a|b)\1$"},
        r"s@1.0.0#/pattern: pattern '^(a|b)\\1$' is refused: a backreference can't run",
    ),
    "no ECMA pattern": (
        {"pattern": "(?i)a"},
        "s@1.0.0#/pattern: pattern '(?i)a' is refused: it is no ECMA 262 pattern, or too large",
    ),
    "exploding pattern": (
        {"pattern": "(a{1000}){1000}"},
        "s@1.0.0#/pattern: pattern '(a{1000}){1000}' is refused: it is no ECMA 262 pattern, or too",
    ),
    "2,000 deep": (
        nested(1000),
        "s@1.0.0: the schema is nested deeper than 200 levels; move parts to $defs and refer to",
    ),
}


@pytest.mark.parametrize(
    ("definition", "message"), REFUSED.values(), ids=[name for name in REFUSED]
)
def test_an_unusable_schema_is_refused_in_one_line(definition: Any, message: str) -> None:
    with pytest.raises(InvalidSchema) as caught:
        compile_json_schema(definition, where="s@1.0.0")

    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_remote_reference_opens_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        uri = f"http://127.0.0.1:{server.getsockname()[1]}/schema.json"

        with pytest.raises(InvalidSchema):
            compile_json_schema({"$ref": uri})

        with pytest.raises(BlockingIOError):
            server.accept()


def test_10_000_properties_are_no_obstacle() -> None:
    definition = {"properties": {f"p{i}": {"type": "string"} for i in range(10_000)}}

    layer = compile_json_schema(definition)

    assert layer.passes({"p9999": "x"}, NOW)
    assert not layer.passes({"p9999": 1}, NOW)


def test_an_evil_pattern_takes_linear_time() -> None:
    """`re` takes 2**n steps for n letters; this would not end."""
    assert not passes({"pattern": "^(a+)+$"}, "a" * 100_000 + "b")
