"""ECMA 262 patterns on both engines."""

import jsonschema_rs
import pytest

from dataquarantine.validation.json_schema import compile_json_schema
from dataquarantine.validation.patterns import for_linear_engine, for_python
from tests.unit.validation.judging import NOW

# Source: ECMA 262, sections 22.2.1 and 22.2.2, Unicode mode.
MEANINGS: list[tuple[str, str, bool]] = [
    ("^a$", "a", True),
    ("^a$", "a\n", False),
    (r"^\d$", "٣", False),
    (r"^\d$", "3", True),
    (r"^\w$", "é", False),
    (r"^\W$", "é", True),
    (r"^[\d]$", "٣", False),
    (r"^[^\d]$", "٣", True),
    (r"^\s$", "\ufeff", True),
    (r"^\s$", "\x85", False),
    (r"^\S$", "\u2028", False),
    ("^.$", "\r", False),
    ("^.$", "\u2028", False),
    ("^.$", "😀", True),
    ("^[.]$", ".", True),
    ("^[.]$", "x", False),
    (r"^\.$", "x", False),
    (r"^\0$", "\0", True),
    (r"^[\b]$", "\x08", True),
    (r"^\x41\u0042$", "AB", True),
    (r"^\p{Lu}$", "É", True),
    (r"^\/$", "/", True),
    ("b", "abc", True),
    ("^$", "", True),
]


@pytest.mark.parametrize(("pattern", "text", "matches"), MEANINGS, ids=ascii)
def test_a_pattern_means_what_ecma_says(pattern: str, text: str, matches: bool) -> None:
    assert compile_json_schema({"pattern": pattern}).passes(text, NOW) is matches


@pytest.mark.parametrize(("pattern", "text", "matches"), MEANINGS, ids=ascii)
def test_what_python_runs_means_the_same(pattern: str, text: str, matches: bool) -> None:
    compiled = for_python(pattern)

    assert compiled is None or (compiled.search(text) is not None) is matches


@pytest.mark.parametrize(
    "pattern",
    ["^USER[0-9]{6}$", "^[A-Z]{2,3}$", "[0-9]", "^(?:view|click)$", r"^\d+$", "^[a-z0-9._-]+$"],
)
def test_plain_patterns_are_proved_for_python(pattern: str) -> None:
    assert for_python(pattern) is not None


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "^(a+)+$",
            "^(?:a+)+$",
            "^(?:a|a)*$",
            "^(?:a|b){2}$",
            "^a*a*b$",
            "a+b",
            "^a*x[a-z]*$",
            "^a|b+$",
            "a)(?:b",
        ),
        *("^.$", r"^\s$", "^[é-z]$", "(a)", "^a{2,1001}$", "^a{99999}$", "x**", "^*"),
        *("[", "a)", "(?:a", "\\", "^[a&&b]$", "^[[]$", r"^\u0041$", "(?=a)", "(?<n>a)"),
    ],
)
def test_what_is_not_surely_linear_and_equal_is_not_run_by_python(pattern: str) -> None:
    assert for_python(pattern) is None


def test_patterns_that_need_no_translation_stay() -> None:
    assert for_linear_engine("^USER[0-9]{6}$") == "^USER[0-9]{6}$"


def test_unfinished_patterns_reach_the_engine_as_they_are() -> None:
    for pattern in ("[", "\\", "[\\", "(", "a{"):
        assert for_linear_engine(pattern) == pattern
        with pytest.raises(jsonschema_rs.ValidationError):
            jsonschema_rs.Draft202012Validator(
                {"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions()
            )
