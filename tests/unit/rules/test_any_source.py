"""Whatever stands in a schema file is compiled or refused by InvalidSchema."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.remediation import compile_remediation

from .expressions import SCHEMA
from .judging import NOW, rules

_SETTINGS = settings(
    max_examples=800,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
_WORDS = ["i", "x", "s", "l", "m", "o", "d", "message", "now", "has", "size", "all", "map", "in"]
_WORDS += [
    "true",
    "null",
    "1",
    "1u",
    "1.5",
    "0x",
    ".5",
    "'",
    '"',
    "'''",
    "\\",
    "r'",
    "b'",
    "//",
    "\n",
]
_WORDS += [
    *"+-*/%<>!?:;.,()[]{}=&|",
    "&&",
    "||",
    "==",
    "!=",
    "<=",
    "\x00",
    "é",
    "😀",
    "`",
    "#",
]
_sources = st.one_of(
    st.text(max_size=40), st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join)
)
_yaml = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["field", "value", "to", "from", "values", "formats", "keep", "when", "zone", "x"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=6,
)
_kinds = ["default", "cast", "rename", "trim", "parse_date", "map", "drop_unknown", "set"]
_entries = st.one_of(_yaml, st.dictionaries(st.sampled_from(_kinds), _yaml, max_size=1))


@_SETTINGS
@given(_sources, st.sampled_from([None, SCHEMA]))
@example("'\\", None)
@example("\ud800 == 1", None)
def test_any_text_as_a_rule(source: str, schema: Any) -> None:
    try:
        compiled = rules(source or " ", schema=schema)
    except InvalidSchema as refused:
        assert str(refused)
        return

    documents: list[Any] = [{}, [], {"i": 1, "l": [1], "s": "x"}]
    for document in documents:
        assert compiled.passes(document, NOW) is (compiled.violations(document, NOW) == [])


@_SETTINGS
@given(st.lists(_entries, max_size=3), st.sampled_from([None, SCHEMA]))
def test_anything_as_remediation(steps: list[Any], schema: Any) -> None:
    try:
        remediation = compile_remediation(steps, schema)
    except InvalidSchema as refused:
        assert str(refused)
        return

    remediation.apply({"i": 1, "s": "x"}, NOW)
