"""No rule, however it is meant, reaches outside its functions or past its budget."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.rules import compile_rules
from dataquarantine.validation.rules.limits import MAX_STEPS

from .judging import ERROR, NOW, rules, verdict

_HUGE = "9" * 4000


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("().__class__", id="class of a tuple"),
        pytest.param("__import__('os')", id="import"),
        pytest.param("l.all(i, l.map(j, l.filter(k, true)).all(x, true))", id="3 loops deep"),
        pytest.param("l.all(a, l.all(b, l.all(c, l.all(d, true))))", id="4 loops deep"),
        pytest.param("'a' * 1000000000", id="repeated text"),
        pytest.param(_HUGE + " > 1", id="huge integer"),
        pytest.param("'" + "x" * 5000 + "' == s", id="huge text"),
        pytest.param("(" * 40 + "true" + ")" * 40, id="deep parentheses"),
        pytest.param("!" * 2000 + "true", id="2,000 times not"),
        pytest.param("[" * 40 + "]" * 40, id="deep lists"),
        pytest.param("a" + ".a" * 40 + " == 1", id="deep path"),
        pytest.param("+".join(["a"] * 100) + " == 1", id="long chain of +"),
        pytest.param("a" + "[0]" * 40 + " == 1", id="deep index"),
        pytest.param("s.matches(t)", id="pattern from the record"),
        pytest.param(r"s.matches('(a)\\1')", id="backreference"),
        pytest.param("s.matches('a(?=b)')", id="lookahead"),
        pytest.param("s.matches('" + "(a{1000}){1000}" + "')", id="pattern that explodes"),
        pytest.param("s.matches('" + "a" * 2000 + "')", id="long pattern"),
        pytest.param("exec('1')", id="exec"),
        pytest.param("s.format(1)", id="str.format"),
        pytest.param("s.__class__()", id="dunder method"),
        pytest.param("lambda: 1", id="python"),
        pytest.param("1e999999 > 1.0 ? b'x' : 1", id="bytes"),
    ],
)
def test_refused_at_registration(expression: str) -> None:
    with pytest.raises(InvalidSchema, match=r"rules\[0\]"):
        rules(expression)


@pytest.mark.parametrize(
    "name",
    [
        "__class__",
        "__builtins__",
        "x'] or exact or m['",
        "a\nb",
        'quote"',
        "{0}",
        "{t}",
        "exact",
        "é",
    ],
)
def test_field_names_are_only_names(name: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    expression = f'message["{quoted}"] == 1 && message["{quoted}"] == 1'

    assert verdict(expression, {name: 1}) is True
    assert verdict(expression, {}) == ERROR


@pytest.mark.parametrize("text", ["'; import os; '", "{0}", "{t}{run}", '"""', "\\\\", "\n"])
def test_texts_are_only_texts(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")

    assert verdict(f"s == '{quoted}' && s in ['{quoted}']", {"s": text}) is True


def test_generated_code_has_no_builtins_and_no_attributes() -> None:
    compiled = rules(
        'a.b.startsWith("x") && l.all(i, i.q > 0)', "size(s) > 1 || now < timestamp(d)"
    )

    attributes = set(re.findall(r"\.([a-zA-Z_]\w*)", compiled.source))

    assert attributes <= {"append", "get", "startswith", "endswith"}
    assert compiled.passes.__globals__["__builtins__"] == {}


_BIG = list(range(1, 3001))


@pytest.mark.parametrize(
    ("expression", "document"),
    [
        pytest.param("l.all(i, l.all(j, i + j > 0))", {"l": _BIG}, id="loop in a loop"),
        pytest.param("l.all(i, i > 0)", {"l": [1] * (MAX_STEPS + 1)}, id="long list"),
        pytest.param("l.all(i, i in m)", {"l": _BIG * 4, "m": _BIG[::-1]}, id="hidden loop of in"),
        pytest.param("l.all(i, l == l)", {"l": _BIG}, id="hidden loop of =="),
        pytest.param("l.map(i, l + l).size() > 1", {"l": _BIG}, id="lists grow in a loop"),
        pytest.param("l.exists(i, s.contains('xy'))", {"l": _BIG, "s": "x" * 100_000}, id="search"),
        pytest.param("l.exists(i, s.matches('y$'))", {"l": _BIG, "s": "x" * 10_000}, id="pattern"),
        pytest.param(
            "l" + ".map(i, [i, i])" * 20 + " == l", {"l": [1] * 3000}, id="loop after loop"
        ),
        pytest.param("l" + ".map(i, i + i)" * 20 + " == l", {"l": ["xx"] * 500}, id="texts double"),
    ],
)
def test_budget_ends_a_rule(expression: str, document: dict[str, Any]) -> None:
    compiled = rules(expression, "true")

    found = compiled.violations(document, NOW)

    assert not compiled.passes(document, NOW)
    assert [each.code for each in found] == ["RULE_ERROR"]


def test_budget_is_not_absorbed_by_or() -> None:
    found = rules("l.all(i, l.all(j, true)) || true").violations({"l": _BIG}, NOW)

    assert found[0].message.endswith(f"the rule takes more than {MAX_STEPS} steps")


def test_200_elements_twice_nested_are_within_the_budget() -> None:
    assert verdict("l.all(i, l.exists(j, i == j))", {"l": list(range(100))}) is True


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("duration(s) > duration('1s')", "1h" * 1000),
        ("timestamp(s) > now", "2026-01-01T00:00:00." + "1" * 1000 + "Z"),
        ("timestamp(s) > now", "1998-12-31T23:59:60." + "1" * 1000 + "Z"),
        ("int(s) > 1", "1" * 1000),
        ("double(s) > 1.0", "1" * 1000),
    ],
)
def test_long_texts_are_no_numbers_and_no_times(expression: str, text: str) -> None:
    assert verdict(expression, {"s": text}) == ERROR


def test_searches_of_a_long_text_are_bounded_outside_loops_too() -> None:
    searches = " || ".join(f"s.contains('y{number}')" for number in range(50))

    found = rules(searches).violations({"s": "x" * 1_000_000}, NOW)

    assert found[0].message.endswith(f"the rule takes more than {MAX_STEPS} steps")


def test_one_search_of_a_megabyte_is_within_the_budget() -> None:
    assert verdict("s.matches('y$') || s.contains('xx')", {"s": "x" * 1_000_000}) is True


def test_joined_text_has_a_limit() -> None:
    assert verdict("size(s + s + s) > 0", {"s": "x" * 30_000}) == ERROR


def test_deeply_nested_equality_has_a_limit() -> None:
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]

    assert verdict("l == m", {"l": deep, "m": deep}) == ERROR


def test_pattern_that_would_explode_runs_in_linear_time() -> None:
    assert verdict("s.matches('^(a+)+$')", {"s": "a" * 5000 + "!"}) is False


@pytest.mark.parametrize("document", [[], "text", 5, None, True, [{"a": 1}]])
def test_document_that_is_no_object_is_an_error_not_an_exception(document: Any) -> None:
    assert verdict("a == 1 || a == 2", document) == ERROR


def test_too_many_rules_are_refused() -> None:
    with pytest.raises(InvalidSchema, match="101 rules; a schema may have 100"):
        rules(*["true"] * 101)


def test_no_rules_pass() -> None:
    compiled = compile_rules([], None)

    assert compiled.passes({}, NOW)
    assert compiled.violations({}, NOW) == []
