"""JSON Patch against the examples of RFC 6902, appendix A, and what must be refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataquarantine.replay.json_diff import diff
from dataquarantine.replay.json_patch import PatchRefused, apply, equal

DONE: dict[str, tuple[Any, list[dict[str, Any]], Any]] = {
    "A1 add a member": ({"a": 1}, [{"op": "add", "path": "/b", "value": 2}], {"a": 1, "b": 2}),
    "A2 add an element": ([1, 3], [{"op": "add", "path": "/1", "value": 2}], [1, 2, 3]),
    "A3 remove a member": ({"a": 1, "b": 2}, [{"op": "remove", "path": "/b"}], {"a": 1}),
    "A4 remove an element": ([1, 2], [{"op": "remove", "path": "/0"}], [2]),
    "A5 replace": ({"a": 1}, [{"op": "replace", "path": "/a", "value": None}], {"a": None}),
    "A6 move": (
        {"a": {"x": 1}, "b": {}},
        [{"op": "move", "from": "/a/x", "path": "/b/y"}],
        {"a": {}, "b": {"y": 1}},
    ),
    "A7 move an element": ([1, 2, 3], [{"op": "move", "from": "/0", "path": "/2"}], [2, 3, 1]),
    "A8 test holds": ({"a": [1, "x"]}, [{"op": "test", "path": "/a/1", "value": "x"}],
                      {"a": [1, "x"]}),
    "A14 escapes": ({"a/b": 1, "m~n": 2}, [{"op": "remove", "path": "/a~1b"}], {"m~n": 2}),
    "A16 add to the end": ([1], [{"op": "add", "path": "/-", "value": [2]}], [1, [2]]),
    "copy": ({"a": [1]}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": [1], "b": [1]}),
    "the whole": ({"a": 1}, [{"op": "replace", "path": "", "value": []}], []),
    "digits stay": ({"a": Decimal("0.10")}, [{"op": "add", "path": "/b", "value": 1}],
                    {"a": Decimal("0.10"), "b": 1}),
}  # fmt: skip

REFUSED: dict[str, list[dict[str, Any]]] = {
    "A9 test fails": [{"op": "test", "path": "/a", "value": "1"}],
    "A12 no holder": [{"op": "add", "path": "/x/y", "value": 1}],
    "A15 a number is no text": [{"op": "test", "path": "/a", "value": True}],
    "unknown op": [{"op": "merge", "path": "/a"}],
    "no value": [{"op": "add", "path": "/a"}],
    "no pointer": [{"op": "remove", "path": "a"}],
    "a leading zero": [{"op": "remove", "path": "/list/00"}],
    "beyond the list": [{"op": "add", "path": "/list/3", "value": 1}],
    "nothing to remove": [{"op": "remove", "path": "/b"}],
    "into itself": [{"op": "move", "from": "/list", "path": "/list/0"}],
    "half an escape": [{"op": "remove", "path": "/a~2"}],
}

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab/~", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~"), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize("name", DONE)
def test_patch_does_what_the_rfc_says(name: str) -> None:
    document, patch, expected = DONE[name]

    assert equal(apply(document, patch), expected)


@pytest.mark.parametrize("name", REFUSED)
def test_patch_is_refused_and_the_document_stays(name: str) -> None:
    document = {"a": 1, "list": [1, 2]}

    with pytest.raises(PatchRefused):
        apply(document, [{"op": "add", "path": "/new", "value": 1}, *REFUSED[name]])

    assert document == {"a": 1, "list": [1, 2]}


@given(before=DOCUMENTS, after=DOCUMENTS)
def test_a_difference_leads_from_one_document_to_the_other(before: Any, after: Any) -> None:
    assert equal(apply(before, diff(before, after)), after)
