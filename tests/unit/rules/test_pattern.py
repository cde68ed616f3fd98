"""Which patterns `re` may run, and that it finds what RE2 finds."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from dataquarantine.validation.rules.diagnostics import EvaluationError
from dataquarantine.validation.rules.pattern import linear_pattern
from dataquarantine.validation.rules.regex import compile_search

LINEAR = [
    r"^USER[0-9]{6}$",
    r"^\d{4}-\d{2}-\d{2}$",
    r"^[^@\s]+@[^@.\s]+\.[a-z]+$",
    r"^\+?[1-9]\d{1,14}$",
    r"^(?:ab|cd)*e$",
    r"^[a-f0-9]{8}-[a-f0-9]{4}$",
    r"foo",
    r"\d{3}x",
    r"^$",
    r"^a\$",
    r"^[\w.-]+$",
]
NOT_PROVED = [
    pytest.param(r"^(a+)+$", id="repetition of a repetition"),
    pytest.param(r"^(a|a)*$", id="two ways for one character"),
    pytest.param(r"^(x?)*$", id="rounds that take nothing"),
    pytest.param(r"^a*a$", id="the rest overlaps"),
    pytest.param(r"^[^@]+@[^@]+\.[^@]+$", id="a dot may be either"),
    pytest.param(r"a+", id="open and not anchored"),
    pytest.param(r"^a|b+", id="a branch is not anchored"),
    pytest.param(r"^\d{1,300}$", id="too many positions"),
    pytest.param(r"(?i)^abc$", id="flags"),
    pytest.param(r"^a*?b$", id="lazy"),
    pytest.param(r"^\bword$", id="word boundary"),
    pytest.param(r"^\pL$", id="Unicode class"),
    pytest.param(r"^[[:alpha:]]$", id="POSIX class"),
    pytest.param(r"^a$|b", id="anchor inside"),
]


@pytest.mark.parametrize("pattern", LINEAR)
def test_deterministic_patterns_are_proved(pattern: str) -> None:
    assert linear_pattern(pattern) is not None


@pytest.mark.parametrize("pattern", NOT_PROVED)
def test_others_are_left_to_re2(pattern: str) -> None:
    assert linear_pattern(pattern) is None
    compile_search(pattern)


@pytest.mark.parametrize("pattern", [r"(a)\1", r"a(?=b)", r"[", r"(a{900}){900}", "a" * 2000])
def test_what_re2_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(EvaluationError, match="pattern"):
        compile_search(pattern)


@pytest.mark.parametrize("length", [511, 512, 513, 100_000])
@pytest.mark.parametrize(("pattern", "ending"), [(r"^(?:ab|cd)*e$", "e"), (r"ab!$", "ab!")])
def test_long_and_short_texts_are_searched_alike(pattern: str, ending: str, length: int) -> None:
    search = compile_search(pattern)
    text = "ab" * (length // 2)

    assert search(text + ending) is not None
    assert search(text) is None


_ATOMS = [
    "a",
    "b",
    "[ab]",
    "[^a]",
    ".",
    r"\d",
    r"\s",
    r"\w",
    "(a|b)",
    "(?:ab)",
    "(a)",
    "c",
    r"\.",
    "x",
]
_COUNTS = ["", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}"]
_pieces = st.builds(
    lambda atom, count: atom + count, st.sampled_from(_ATOMS), st.sampled_from(_COUNTS)
)
_sequences = st.lists(_pieces, min_size=1, max_size=4).map("".join)
_groups = st.builds(
    lambda x, y, count, z: f"({x}|{y}){count}{z}",
    _sequences,
    _sequences,
    st.sampled_from(_COUNTS),
    _sequences,
)
_patterns = st.builds(
    lambda start, middle, end: start + middle + end,
    st.sampled_from(["^", "^", ""]),
    st.one_of(_sequences, _groups),
    st.sampled_from(["$", ""]),
)
_subjects = st.text("aabbc1 x.\n\vé", max_size=8)


@settings(max_examples=1500, derandomize=True, deadline=None, database=None)
@given(_patterns, st.lists(_subjects, min_size=5, max_size=10))
def test_proved_patterns_find_what_re2_finds(pattern: str, subjects: list[str]) -> None:
    proved = linear_pattern(pattern)
    if proved is None:
        return
    oracle = re2.compile(pattern)

    for subject in subjects:
        assert (proved.search(subject) is None) == (oracle.search(subject) is None)
