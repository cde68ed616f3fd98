"""Where CEL and Python read the same words differently."""

from __future__ import annotations

from typing import Any

import pytest

from .judging import ERROR, NOW, rules, verdict

DATED = {
    "type": "object",
    "properties": {
        "timestamp": {"type": "string", "format": "date-time"},
        "count": {"type": "integer"},
        "amount": {"type": "number"},
        "note": {"type": ["string", "null"]},
    },
}


@pytest.mark.parametrize(
    ("expression", "document", "expected"),
    [
        pytest.param("a == 1", {"a": True}, False, id="true is not 1"),
        pytest.param("a in [1]", {"a": True}, False, id="true is not in [1]"),
        pytest.param("a > 0", {"a": True}, ERROR, id="true has no order with numbers"),
        pytest.param("a == 1.0", {"a": 1}, True, id="1 equals 1.0"),
        pytest.param("l == [1, 2]", {"l": [1, 2]}, True, id="a list equals a literal"),
        pytest.param("l == [1, true]", {"l": [1, 1]}, False, id="deep: 1 is not true"),
        pytest.param("a / b == -3", {"a": -7, "b": 2}, True, id="division truncates to zero"),
        pytest.param("a % b == -1", {"a": -7, "b": 2}, True, id="remainder has the left's sign"),
        pytest.param("a / 0.0 > 1e300", {"a": 1.0}, True, id="double / 0.0 is infinite"),
        pytest.param("a / 0 > 1", {"a": 1}, ERROR, id="int / 0 is an error"),
        pytest.param("l[-1] == 1", {"l": [1]}, ERROR, id="no index from the end"),
        pytest.param("a.x == 1 || true", {"a": {}}, True, id="error || true"),
        pytest.param("a.x == 1 && false", {"a": {}}, False, id="error && false"),
        pytest.param("a.x == 1 || false", {"a": {}}, ERROR, id="error || false"),
        pytest.param("l.all(i, i > 0)", {"l": ["x", -1]}, False, id="all: a later false decides"),
        pytest.param(
            "l.exists(i, i > 0)", {"l": ["x", 1]}, True, id="exists: a later true decides"
        ),
        pytest.param("l.all(i, i > 0 || true)", {"l": ["x", 1]}, True, id="|| inside all"),
        pytest.param(
            "l.exists_one(i, i > 0)", {"l": ["x", 1]}, ERROR, id="exists_one absorbs none"
        ),
        pytest.param("size(s) == 6", {"s": "h€llo😀"}, True, id="size counts code points"),
        pytest.param("a + 1 > 0", {"a": 2**63 - 1}, ERROR, id="64 bits overflow"),
        pytest.param("a > 0", {"a": 10**40}, True, id="wider integers still compare"),
        pytest.param("!a", {"a": 0}, ERROR, id="0 is not false"),
        pytest.param("a ? true : false", {"a": 1}, ERROR, id="1 is not true"),
        pytest.param('s.matches("^a$")', {"s": "a\n"}, False, id="$ is the very end"),
        pytest.param(r's.matches("^\\d$")', {"s": "\u0661"}, False, id="d is 0 to 9"),
        pytest.param('"a" in s', {"s": "abc"}, ERROR, id="in does not look into texts"),
        pytest.param("has(m.k)", {"m": {"k": None}}, True, id="a null field is there"),
        pytest.param("s.startsWith('a')", {"s": 5}, ERROR, id="wrong type is an error"),
        pytest.param("now == now() && now <= now()", {}, True, id="now and now()"),
        pytest.param("message.a == a && this.a == a", {"a": 1}, True, id="message, this and x"),
    ],
)
def test_untyped(expression: str, document: dict[str, Any], expected: Any) -> None:
    assert verdict(expression, document) == expected


@pytest.mark.parametrize(
    ("expression", "document", "expected"),
    [
        pytest.param("timestamp <= now()", {"timestamp": "2025-01-01T00:00:00Z"}, True, id="past"),
        pytest.param(
            "timestamp <= now()", {"timestamp": "2026-01-01T00:00:00-01:00"}, False, id="future"
        ),
        pytest.param("timestamp <= now()", {"timestamp": "soon"}, ERROR, id="no date"),
        pytest.param(
            "timestamp(message.timestamp) <= now",
            {"timestamp": "2025-01-01T00:00:00Z"},
            True,
            id="as Confluent's rules write it",
        ),
        pytest.param(
            'timestamp.startsWith("2025")',
            {"timestamp": "2025-01-01T00:00:00Z"},
            True,
            id="a date-time is a text where a text is wanted",
        ),
        pytest.param(
            'timestamp == timestamp("2025-01-01T00:00:00Z")',
            {"timestamp": "2025-01-01T01:00:00+01:00"},
            True,
            id="equal moments in two zones",
        ),
        pytest.param("amount / 2 == 2.5", {"amount": 5}, True, id="a number is a double"),
        pytest.param("amount * 2 == 3", {"amount": 1.5}, True, id="a literal int joins a double"),
        pytest.param("count / 2 == 2", {"count": 5}, True, id="an integer is an int"),
        pytest.param("count == 5", {"count": 5.0}, True, id="5.0 is an integer for JSON Schema"),
        pytest.param("count > 0", {"count": True}, ERROR, id="true is no integer"),
        pytest.param("note == null || size(note) > 0", {"note": None}, True, id="null allowed"),
        pytest.param("size(note) > 0", {"note": None}, ERROR, id="null has no size"),
    ],
)
def test_typed_by_the_schema(expression: str, document: dict[str, Any], expected: Any) -> None:
    assert verdict(expression, document, DATED) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("d > e", False),
        ("d <= e", True),
        ("d == e", True),
        ("d - e == duration('0s')", True),
        ("int(d) == int(e)", True),
        ("string(d) == string(e)", True),
        ("max(d, e) == e && min(d, now) <= d", True),
        ("l.exists(x, x == e)", True),
        ("max(l.map(x, timestamp(x))) == e", True),
        ('d == "2026-01-01T01:00:00+01:00" && size(d) == 25', True),
    ],
)
def test_date_times_are_moments_unless_a_text_is_wanted(expression: str, expected: bool) -> None:
    dated = {"type": "string", "format": "date-time"}
    schema = {
        "type": "object",
        "properties": {"d": dated, "e": dated, "l": {"type": "array", "items": dated}},
    }
    one, other = "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z"

    assert verdict(expression, {"d": one, "e": other, "l": [one]}, schema) is expected


def test_leap_second_is_the_next_second() -> None:
    expression = 'timestamp == timestamp("1999-01-01T00:00:00Z")'

    assert verdict(expression, {"timestamp": "1998-12-31T23:59:60Z"}, DATED) is True


def test_time_outside_the_calendar_in_utc_is_an_error() -> None:
    assert verdict("timestamp < now", {"timestamp": "0001-01-01T00:00:00+05:00"}, DATED) == ERROR


def test_fields_named_like_built_in_words_win_when_declared() -> None:
    schema = {
        "type": "object",
        "properties": {"message": {"type": "string"}, "now": {"type": "integer"}},
    }

    assert (
        verdict(
            'message == "m" && now == 1 && now() > timestamp(0)', {"message": "m", "now": 1}, schema
        )
        is True
    )
    assert verdict('this.message == "m"', {"message": "m", "now": 1}, schema) is True


def test_rules_of_one_schema_do_not_disturb_each_other() -> None:
    compiled = rules("a.x > 0", "a.y > 0", "b > 0")

    found = compiled.violations({"a": {"x": 1}, "b": -1}, NOW)

    assert [(each.rule, each.code) for each in found] == [
        ("r1", "RULE_ERROR"),
        ("r2", "RULE_FAILED"),
    ]
