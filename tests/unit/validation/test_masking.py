"""`x-pii` hides what it marks, wherever the mark stands."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataquarantine.validation.masking import (
    hash_value,
    is_masked,
    mark_at,
    marks_personal_data,
    mask_document,
    mask_value,
)

MASK = {"x-pii": "mask"}


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("a@b.c", "x@x.x"),
        ("+49 170 1234567", "+xx xxx xxxxxxx"),
        ("é ß", "x x"),
        ("a" * 50, "xxxxxxxx"),
        ("", ""),
        (4711, 0),
        (1.5, 0),
        (True, 0),
        (None, None),
        (["a", {"b": "c"}], ["x", {"b": "x"}]),
    ],
    ids=str,
)
def test_masking_keeps_the_shape(value: Any, masked: Any) -> None:
    assert mask_value(value) == masked


DOCUMENTS: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "property": (
        {"properties": {"email": MASK, "n": {}}},
        {"email": "a@b.c", "n": 1},
        {"email": "x@x.x", "n": 1},
    ),
    "dropped property": (
        {"properties": {"ssn": {"x-pii": "drop"}}},
        {"ssn": "1", "n": 1},
        {"n": 1},
    ),
    "object as a whole": (
        {"properties": {"who": MASK}},
        {"who": {"name": "Ann", "age": 7}},
        {"who": {"name": "xxx", "age": 0}},
    ),
    "items": (
        {"properties": {"mails": {"items": MASK}}},
        {"mails": ["a@b", "c"]},
        {"mails": ["x@x", "x"]},
    ),
    "dropped items": (
        {"items": {"x-pii": "drop"}},
        ["a", "b"],
        [],
    ),
    "tuple": (
        {"prefixItems": [{}, MASK]},
        ["a", "b", "c"],
        ["a", "x", "c"],
    ),
    "tuple of draft 7": (
        {"items": [MASK], "additionalItems": {}},
        ["a", "b"],
        ["x", "b"],
    ),
    "additional properties only": (
        {"properties": {"id": {}}, "additionalProperties": MASK},
        {"id": "a", "other": "b"},
        {"id": "a", "other": "x"},
    ),
    "pattern properties": (
        {"patternProperties": {"mail$": MASK}},
        {"mail": "a"},
        {"mail": "x"},
    ),
    "behind a reference": (
        {"properties": {"a": {"$ref": "#/$defs/m"}}, "$defs": {"m": MASK}},
        {"a": "b"},
        {"a": "x"},
    ),
    "recursive": (
        {"properties": {"name": MASK, "next": {"$ref": "#"}}},
        {"name": "a", "next": {"name": "b", "next": {"name": "c"}}},
        {"name": "x", "next": {"name": "x", "next": {"name": "x"}}},
    ),
    "in an alternative": (
        {"properties": {"a": {"anyOf": [MASK, {"type": "null"}]}}},
        {"a": "b"},
        {"a": "x"},
    ),
    "the strongest of two": (
        {"allOf": [{"properties": {"a": MASK}}, {"properties": {"a": {"x-pii": "drop"}}}]},
        {"a": "b"},
        {},
    ),
    "an unknown word hides too": (
        {"properties": {"a": {"x-pii": "obfuscate"}}},
        {"a": "b"},
        {"a": "x"},
    ),
    "the document": (MASK, {"a": "b"}, {"a": "x"}),
    "the document, dropped": ({"x-pii": "drop"}, {"a": "b"}, None),
    "behind a reference that leads elsewhere": (
        {"properties": {"a": {"$ref": "urn:elsewhere"}, "b": MASK, "c": {}}},
        {"a": "b", "b": "c", "c": "d"},
        {"a": "x", "b": "x", "c": "d"},
    ),
    "a reference that leads elsewhere, no marks": (
        {"properties": {"a": {"$ref": "urn:elsewhere"}}},
        {"a": "b"},
        {"a": "b"},
    ),
    "a schema that is no object": (
        {"properties": {"a": True}},
        {"a": "b"},
        {"a": "b"},
    ),
    "data that looks like a mark": (
        {"enum": [{"x-pii": "mask"}]},
        {"x-pii": "mask"},
        {"x-pii": "mask"},
    ),
}


@pytest.mark.parametrize(
    ("definition", "document", "hidden"), DOCUMENTS.values(), ids=[name for name in DOCUMENTS]
)
def test_marked_values_are_hidden(definition: dict[str, Any], document: Any, hidden: Any) -> None:
    assert mask_document(document, definition) == hidden


def test_the_document_itself_is_not_touched() -> None:
    document = {"who": {"name": "Ann"}}

    mask_document(document, {"properties": {"who": MASK}})

    assert document == {"who": {"name": "Ann"}}


def test_hashes_are_equal_for_equal_values_under_one_key() -> None:
    definition = {"properties": {"a": {"x-pii": "hash"}, "b": {"x-pii": "hash"}}}

    hidden = mask_document({"a": {"k": 1, "l": 2}, "b": {"l": 2, "k": 1}}, definition, key=b"key")

    assert hidden["a"] == hidden["b"] == hash_value({"k": 1, "l": 2}, b"key")
    assert hidden["a"] != hash_value({"k": 1, "l": 2}, b"other key")
    assert hidden["a"].startswith("hmac:")


def test_without_a_key_a_hash_is_a_mask() -> None:
    assert mask_document({"a": "b"}, {"properties": {"a": {"x-pii": "hash"}}}) == {"a": "x"}


def test_big_numbers_can_be_hashed() -> None:
    assert hash_value(10**30, b"key") != hash_value(10**30 + 1, b"key")


@pytest.mark.parametrize(
    ("path", "mark"),
    [
        (["who"], "drop"),
        (["who", "name"], "drop"),
        (["list", 3], "mask"),
        (["list"], None),
        (["other"], None),
        ([], None),
    ],
    ids=str,
)
def test_a_mark_counts_for_everything_below(path: list[str | int], mark: str | None) -> None:
    definition = {"properties": {"who": {"x-pii": "drop"}, "list": {"items": MASK}}}

    assert mark_at(definition, path) == mark
    assert is_masked(definition, path) is (mark is not None)


@pytest.mark.parametrize(
    ("definition", "marked"),
    [({"properties": {"a": MASK}}, True), ({"enum": [MASK]}, False), (True, False)],
    ids=["mark", "data", "boolean"],
)
def test_schemas_without_marks_are_known(definition: Any, marked: bool) -> None:
    assert marks_personal_data(definition) is marked


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@given(JSON)
def test_no_letter_or_digit_survives_a_mask(value: Any) -> None:
    def texts(masked: Any) -> list[str]:
        if isinstance(masked, dict):
            return [text for item in masked.values() for text in texts(item)]
        if isinstance(masked, list):
            return [text for item in masked for text in texts(item)]
        return [masked] if isinstance(masked, str) else []

    shown = "".join(texts(mask_document(value, MASK)))

    assert not [character for character in shown if character.isalnum() and character != "x"]
