"""What holds for any steps and any record."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.remediation import compile_remediation, decode_exact, encode_exact

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_NAMES = ["a", "b", "c"]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        **{name: {} for name in _NAMES},
        "o": {"type": "object", "properties": {"a": {}}},
        "l": {"type": "array", "items": {"type": "object", "properties": {"a": {}}}},
    },
}

_paths = st.sampled_from([*_NAMES, *_NAMES, "o.a", "l[].a"])
_scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, 7, 10**30, 1764000000]),
    st.sampled_from(["1.10", "-0.0", "1E+3", "12345678901234567890.123456789"]).map(Decimal),
    st.sampled_from(["", " x ", "Ab", " 12.50 ", "007", "yes", "31/01/2026", "İ", "ß", "ΑΣ", "x"]),
)
_documents = st.dictionaries(st.sampled_from([*_NAMES, "z"]), _scalars, max_size=4).flatmap(
    lambda flat: st.fixed_dictionaries(
        {name: st.just(value) for name, value in flat.items()},
        optional={
            "o": st.dictionaries(st.sampled_from(["a", "z"]), _scalars, max_size=2),
            "l": st.lists(st.dictionaries(st.sampled_from(["a", "z"]), _scalars), max_size=2),
        },
    )
)
_plain = st.sampled_from([0, 7, "x", "Ab", " x ", None, True])
_steps: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(
        lambda field, value, null: {
            "default": {"field": field, "value": value, "replace_null": null}
        },
        _paths,
        _plain,
        st.booleans(),
    ),
    st.builds(
        lambda field, to: {"cast": {"field": field, "to": to}},
        _paths,
        st.sampled_from(["number", "integer", "string", "boolean"]),
    ),
    st.builds(
        lambda old, new: {"rename": {"from": old, "to": new}},
        st.sampled_from([*_NAMES, "z"]),
        st.sampled_from(_NAMES),
    ),
    st.builds(
        lambda name, field: {name: field}, st.sampled_from(["trim", "lower", "upper"]), _paths
    ),
    st.builds(
        lambda field: {
            "parse_date": {"field": field, "formats": ["%d/%m/%Y", "epoch_s"], "zone": "+02:00"}
        },
        _paths,
    ),
    st.builds(
        lambda field, value: {"map": {"field": field, "values": {"x": value, "yes": "x2"}}},
        _paths,
        st.sampled_from(["X", 1, None]),
    ),
    st.just({"drop_unknown": True}),
    st.builds(
        lambda field, value: {"set": {"field": field, "value": value}},
        _paths,
        st.sampled_from(["a", "b", "size(message)", "string(now)", "c + 1", "b + c", "'x'"]),
    ),
)


@settings(
    max_examples=1000,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(_steps, min_size=1, max_size=5), _documents)
def test_applying_twice_is_applying_once(
    steps: list[dict[str, Any]], document: dict[str, Any]
) -> None:
    try:
        remediation = compile_remediation(steps, SCHEMA)
    except InvalidSchema:
        assume(False)
    before = copy.deepcopy(document)

    once, taken = remediation.apply(document, NOW)
    twice, again = remediation.apply(once, NOW)

    assert document == before
    assert encode_exact(twice) == encode_exact(once)
    assert again == ()
    assert bool(taken) == (encode_exact(once) != encode_exact(document))


@pytest.mark.parametrize(
    "record",
    [
        '{"z":1.10,"a":1e5,"n":123456789012345678901234567890,"x":0.1000000000000000055511151231}',
        '{"b":[1.0,2.50,{"c":-0.0}],"é":"ü"}',
    ],
)
def test_what_no_step_names_stays_as_it_came(record: str) -> None:
    remediation = compile_remediation([{"default": {"field": "new", "value": 1}}], None)

    document, _ = remediation.apply(decode_exact(record.encode()), NOW)

    expected = record.replace("1e5", "1E+5")[:-1] + ',"new":1}'
    assert encode_exact(document).decode() == expected
