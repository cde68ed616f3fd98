"""Large documents: violations in bounded time, at their true places."""

from typing import Any

import pytest

from dataquarantine.outcomes import Code
from dataquarantine.validation.json_schema import compile_json_schema
from dataquarantine.validation.sampling import MAX_CHILDREN, MAX_VALUES, Sample, is_large
from dataquarantine.validation.violations import PartOfViolations
from tests.unit.validation.judging import NOW, engine_of, judge, listed

ROWS = 50_000


def violations(definition: dict[str, Any], document: Any) -> list[Any]:
    layer = compile_json_schema(definition)
    assert not layer.passes(document, NOW)
    return layer.violations(document, NOW)


def size(value: Any) -> int:
    if not isinstance(value, (dict, list)):
        return 1
    return 1 + sum(map(size, value.values() if isinstance(value, dict) else value))


@pytest.mark.parametrize(
    ("document", "large"),
    [
        (list(range(MAX_VALUES)), False),
        (list(range(MAX_VALUES + 1)), True),
        ([[0] * 50] * 50, True),
        ({"a": {"b": [0] * 5000}}, True),
        ("x" * 100_000, False),
    ],
    ids=["at the limit", "beyond", "nested", "deep", "text"],
)
def test_a_document_is_large_by_its_number_of_values(document: Any, large: bool) -> None:
    assert is_large(document) is large


@pytest.mark.parametrize(
    "document",
    [
        list(range(ROWS)),
        [{"a": 1, "b": [1, 2, 3]} for _ in range(ROWS)],
        {f"k{i}": i for i in range(ROWS)},
        [[[[[0] * 20] * 20] * 20] * 20],
        {"rows": [{"cells": [{"v": i} for i in range(60)]} for _ in range(60)]},
    ],
    ids=["flat", "rows", "object", "nested", "table"],
)
def test_a_sample_is_small(document: Any) -> None:
    assert size(Sample(document, ()).document) < 6 * MAX_VALUES


def test_a_sample_keeps_the_properties_that_have_a_name() -> None:
    document = {**{f"k{i}": i for i in range(ROWS)}, "last": 1}

    sample = Sample(document, {"last", "k4711"})

    assert {"last", "k4711"} <= sample.document.keys()
    assert len(sample.document) == MAX_CHILDREN + 2
    assert list(sample.document) == sorted(sample.document, key=list(document).index)


def test_places_of_a_sample_are_told_as_the_documents() -> None:
    document = {"rows": [{"n": i} for i in range(ROWS)]}
    sample = Sample(document, ())

    origins = [sample.origin(["rows", at, "n"]) for at in range(len(sample.document["rows"]))]

    assert sample.is_cut(["rows"])
    assert origins[0] == ["rows", 0, "n"]
    assert origins[-1] == ["rows", ROWS - 1, "n"]
    for at, origin in enumerate(origins):
        assert sample.value_at(origin) == sample.document["rows"][at]["n"] == origin[1]


def test_violations_of_a_sample_stand_where_they_are() -> None:
    rows: list[Any] = [{"n": i} for i in range(ROWS)]
    rows[-1] = {"n": "x"}

    found = violations({"items": {"properties": {"n": {"type": "integer"}}}}, rows)

    assert isinstance(found, PartOfViolations)
    assert [v.instance_location for v in found] == [f"/{ROWS - 1}/n"]
    assert found[0].message == f"[{ROWS - 1}].n: 'x' is not of type integer"


def test_what_the_sample_misses_is_named_by_its_first() -> None:
    rows: list[Any] = list(range(ROWS))
    rows[31_111] = "x"

    found = violations({"items": {"type": "integer"}}, rows)

    assert [(v.code, v.field_path) for v in found] == [(Code.WRONG_TYPE, "[31111]")]


@pytest.mark.parametrize(
    ("definition", "code", "message"),
    [
        (
            {"maxItems": 10, "minItems": 45},
            Code.WRONG_ITEM_COUNT,
            f"{ROWS} items, at most 10",
        ),
        ({"type": "object"}, Code.WRONG_TYPE, f"an array with {ROWS} items is not of type object"),
        (
            {"contains": {"const": -1}},
            Code.MISSING_ITEM,
            "no item is of the demanded kind",
        ),
        ({"minItems": 10**6}, Code.WRONG_ITEM_COUNT, f"{ROWS} items, at least 1000000"),
    ],
    ids=["too many", "wrong type", "none of a kind", "too few"],
)
def test_counts_are_those_of_the_whole(
    definition: dict[str, Any], code: Code, message: str
) -> None:
    found = violations(definition, list(range(ROWS)))

    assert [(v.code, v.message) for v in found] == [(code, message)]


def test_a_missing_property_of_a_large_object_is_named() -> None:
    document = {f"k{i}": i for i in range(ROWS)}

    found = violations({"required": ["k4711", "gone"]}, document)

    assert [v.field_path for v in found] == ["gone"]


def test_a_large_document_of_small_parts_is_named_whole() -> None:
    document = {f"p{i}": {f"q{j}": "x" for j in range(30)} for i in range(30)}
    inner = {"properties": {f"q{j}": {} for j in range(30)}, "required": ["gone"]}
    definition = {"properties": {f"p{i}": inner for i in range(30)}}

    found = violations(definition, {**document, "more": [[0] * 5] * 200})

    assert len(found) > 20


def test_the_engine_says_that_there_may_be_more() -> None:
    engine = engine_of(listed("rows", definition={"properties": {"r": {"items": {"const": 1}}}}))
    body = b",".join([b"1"] * 5000)

    outcome = judge(engine, b'{"_schema":"rows","r":[%s,2]}' % body)

    assert [v.field_path for v in outcome.violations] == ["r[5000]"]
    assert outcome.violations_truncated
