import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from genson import SchemaBuilder
from hypothesis import given
from hypothesis import strategies as st

from dataquarantine.errors import InvalidSchema
from dataquarantine.schemas.inference import infer
from dataquarantine.validation.json_schema import compile_json_schema

NOW = datetime(2026, 11, 22, tzinfo=UTC)
UUIDS = [f"1fe7a58e-4681-4db2-b493-01499b1950{number:02x}" for number in range(40)]


def property_of(values: list[Any]) -> dict[str, Any]:
    """Infer the schema of one property from its values."""
    proposal = infer([{"a": value} for value in values], name="it")
    schema: dict[str, Any] = proposal.document["schema"]["properties"]["a"]
    return schema


def notes_of(values: list[Any]) -> tuple[str, ...]:
    [_, evidence] = infer([{"a": value} for value in values], name="it").evidence
    return evidence.notes


@pytest.mark.parametrize(
    ("values", "schema"),
    [
        pytest.param(["x", "y"], {"type": "string"}, id="text"),
        pytest.param([1, -2], {"type": "integer"}, id="integer"),
        pytest.param([1, 2.5], {"type": "number"}, id="integer-and-number"),
        pytest.param([True], {"type": "boolean"}, id="boolean-is-no-integer"),
        pytest.param([None, "x"], {"type": ["string", "null"]}, id="nullable"),
        pytest.param([[]], {"type": "array"}, id="empty-array"),
        pytest.param([[1], ["x"]], {"type": "array", "items": {"type": ["string", "integer"]}},
            id="array"),
        pytest.param([{}], {"type": "object"}, id="empty-object"),
        pytest.param(list(range(20)), {"type": "integer", "minimum": 0}, id="never-negative"),
        pytest.param(list(range(19)), {"type": "integer"}, id="too-few-for-a-bound"),
        pytest.param(UUIDS, {"type": "string", "format": "uuid"}, id="uuid"),
        pytest.param(UUIDS[:19], {"type": "string"}, id="too-few-for-a-format"),
        pytest.param([*UUIDS, "none"], {"type": "string"}, id="not-all-are-uuids"),
        pytest.param([f"2026-01-{day:02}" for day in range(1, 29)],
            {"type": "string", "format": "date"}, id="date"),
        pytest.param([f"2026-01-01T00:00:{s:02}Z" for s in range(30)],
            {"type": "string", "format": "date-time"}, id="date-time"),
        pytest.param([f"u{n}@example.org" for n in range(30)],
            {"type": "string", "format": "email", "x-pii": "mask"}, id="email-is-personal"),
        pytest.param([f"10.0.0.{n}" for n in range(30)], {"type": "string", "format": "ipv4"},
            id="ipv4"),
        pytest.param([f"https://example.org/{n}?q=%20#f" for n in range(30)],
            {"type": "string", "format": "uri"}, id="uri"),
        pytest.param(["new", "paid"] * 10, {"type": "string", "enum": ["new", "paid"]}, id="enum"),
        pytest.param([*["new", "paid"] * 10, None],
            {"type": ["string", "null"], "enum": ["new", "paid", None]}, id="nullable-enum"),
        pytest.param([*["new", "paid"] * 10, "once"], {"type": "string"}, id="one-value-once"),
        pytest.param([*["new", "paid"] * 10, 1], {"type": ["string", "integer"]},
            id="no-enum-beside-other-types"),
        pytest.param([f"v{n % 13}" for n in range(400)], {"type": "string"}, id="13-texts"),
    ],
)  # fmt: skip
def test_schema_says_what_the_values_show(values: list[Any], schema: dict[str, Any]) -> None:
    assert property_of(values) == schema


@pytest.mark.parametrize(
    ("values", "notes"),
    [
        pytest.param(UUIDS, ("format uuid: 40 of 40 texts",), id="format"),
        pytest.param([*UUIDS, "x"], ("not format uuid: 40 of 41 texts",), id="near-miss"),
        pytest.param(["a", "b"] * 10, ("enum: 2 values in 20 texts",), id="enum"),
        pytest.param([3, 1.5, -7], ("range: -7 to 3",), id="range"),
        pytest.param([-(10**5000), 10**400], ("range: -2^16610 to 2^1329",), id="huge"),
    ],
)
def test_evidence_tells_why(values: list[Any], notes: tuple[str, ...]) -> None:
    assert notes_of(values) == notes


def test_required_is_what_every_sample_has() -> None:
    proposal = infer([{"a": 1, "b": {"c": 1}}, {"a": 2, "b": {}}, {"a": 3}], name="it")

    schema = proposal.document["schema"]
    assert schema["required"] == ["a"]
    assert "required" not in schema["properties"]["b"]
    assert {e.path: (e.present, e.of) for e in proposal.evidence} == {
        "": (3, 3),
        "a": (3, 3),
        "b": (2, 3),
        "b.c": (1, 2),
    }


def test_many_rare_names_are_keys_of_a_map() -> None:
    proposal = infer([{"scores": {f"user-{n}": n}} for n in range(50)], name="it")

    assert proposal.document["schema"]["properties"]["scores"] == {
        "type": "object",
        "additionalProperties": {"type": "integer", "minimum": 0},
    }
    assert [e.path for e in proposal.evidence] == ["", "scores", "scores{}"]


def test_many_frequent_names_are_properties() -> None:
    wide = {f"p{n}": n for n in range(50)}

    schema = infer([wide] * 3, name="it").document["schema"]

    assert len(schema["properties"]) == len(schema["required"]) == 50


def test_selector_fields_are_left_out() -> None:
    proposal = infer([{"_schema": "x", "a": 1, "deep": {"_schema": 1}}], name="it")

    assert list(proposal.document["schema"]["properties"]) == ["a", "deep"]
    assert list(proposal.document["schema"]["properties"]["deep"]["properties"]) == ["_schema"]


def test_memory_does_not_grow_with_the_samples() -> None:
    def samples(count: int) -> Iterator[Any]:
        for number in range(count):
            key = f"k{number}"
            yield {"text": key * 10, "map": {key: {key: {key: number}}}, "list": [key]}

    def peak(count: int) -> int:
        tracemalloc.start()
        infer(samples(count), name="it")
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    assert peak(6000) < peak(2000) * 1.2


def test_deep_samples_are_described_down_to_a_limit() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = {"a": [deep]}

    schema = infer([deep], name="it").document["schema"]

    assert compile_json_schema(schema).passes(deep, NOW)


texts = st.sampled_from(
    [
        *UUIDS[:3],
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "2026-01-01t00:00:00.123456+01:00",
        "2026-13-01",
        "a@b.co",
        "a..b@c.de",
        "1.2.3.4",
        "01.2.3.4",
        "https://x.y/z",
        "http://a b",
        "x://y:99999/%zz",
        "",
        "new",
        "paid",
    ]
)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["a", "b", "c/d", "$ref", "type"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(documents, min_size=1, max_size=6), st.sampled_from([1, 25]))
def test_all_samples_pass_their_schema(samples: list[Any], times: int) -> None:
    schema = infer(samples * times, name="it", ignore=()).document["schema"]

    layer = compile_json_schema(schema)

    assert [sample for sample in samples if not layer.passes(sample, NOW)] == []


@given(st.lists(documents, min_size=1, max_size=6))
def test_structure_agrees_with_genson(samples: list[Any]) -> None:
    """Types and required properties alone, which is what genson finds."""
    builder = SchemaBuilder(schema_uri=None)
    for sample in samples:
        builder.add_object(sample)

    ours = infer(samples, name="it", ignore=()).document["schema"]

    assert structure(ours) == structure(builder.to_schema())


def structure(schema: dict[str, Any]) -> Any:
    alternatives = schema.get("anyOf", [schema])
    types: set[str] = set()
    merged: dict[str, Any] = {}
    for each in alternatives:
        kinds = each.get("type", [])
        types |= {kinds} if isinstance(kinds, str) else set(kinds)
        merged |= each
    return {
        "types": types,
        "required": sorted(merged.get("required", [])),
        "properties": {k: structure(v) for k, v in merged.get("properties", {}).items()},
        "items": structure(merged["items"]) if "items" in merged else None,
    }


@pytest.mark.parametrize(
    ("samples", "name", "problem"),
    [
        pytest.param([], "it", "there are no samples", id="no-samples"),
        pytest.param([{}], "../x", "can't be used", id="name-is-a-path"),
    ],
)
def test_unusable_input_is_refused(samples: list[Any], name: str, problem: str) -> None:
    with pytest.raises(InvalidSchema, match=problem):
        infer(samples, name=name)


def test_same_samples_give_the_same_proposal() -> None:
    samples = [{"b": n, "a": str(n % 3), "c": [n]} for n in range(100)]

    assert infer(samples, name="it") == infer(samples, name="it")
