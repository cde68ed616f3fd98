"""What an author is told about a rule that can't be compiled."""

from __future__ import annotations

import pytest

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.rules.diagnostics import InvalidRule

from .judging import rules

SCHEMA = {
    "type": "object",
    "properties": {
        "user_id": {"type": "string"},
        "amount": {"type": "number"},
        "count": {"type": "integer"},
        "active": {"type": "boolean"},
        "timestamp": {"type": "string", "format": "date-time"},
        "created": {"type": "string"},
        "address": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "zip": {"type": "string"}},
        },
        "items": {
            "type": "array",
            "items": {"type": "object", "properties": {"qty": {"type": "integer"}}},
        },
    },
}

MISTAKES = [
    ("usr_id == 'x'", 1, "no field 'usr_id' in the schema", "did you mean 'user_id'?"),
    ("message.amout > 0", 9, "no field 'amout' in the schema", "did you mean 'amount'?"),
    ("address.cty == 'x'", 9, "no field 'cty' in the schema", "did you mean 'city'?"),
    ("has(address.zp)", 13, "no field 'zp' in the schema", "did you mean 'zip'?"),
    ('message["amout"] > 0', 9, "no field 'amout' in the schema", "did you mean 'amount'?"),
    ("items.all(i, i.qyt > 0)", 16, "no field 'qyt' in the schema", "did you mean 'qty'?"),
    ("zzz == 1", 1, "no field 'zzz' in the schema", "declare it, or set additionalProperties"),
    ("items.qty > 0", 7, "a list has no field 'qty'", ".all(i, i.qty ...)"),
    ("user_id.x > 0", 9, "type string has no field 'x'", ""),
    ("user_id.startWith('x')", 9, "unknown function startWith()", "did you mean 'startsWith'?"),
    ("sise(user_id) > 0", 1, "unknown function sise()", "did you mean 'size'?"),
    ("startsWith(user_id, 'x')", 1, "startsWith() is a method", "write x.startsWith(...)"),
    ("amount.abs() > 1.0", 8, "abs() is no method", "write abs(x)"),
    ("user_id > 3", 9, "> does not take string and int", ""),
    ("amount + count > 1.0", 8, "+ does not take double and int", "double(x)"),
    ("created <= now()", 9, "<= does not take string and timestamp", "format: date-time"),
    ("user_id == 5", 9, "string and int are never equal", ""),
    ("created == now()", 9, "string and timestamp are never equal", "write timestamp(...)"),
    ("user_id in [1, 2]", 9, "string is never in a list of int", ""),
    ("'x' in user_id", 5, "'in' looks into a list or a map, not string", ""),
    ("amount && true", 1, "an operand of && must be bool, not double", ""),
    ("!amount", 1, "! does not take double", ""),
    ("amount ? true : false", 1, "the condition before '?' must be bool, not double", ""),
    ("amount", 1, "a rule results in bool or string, this one in double", "compare"),
    ("user_id.matches(created)", 17, "the pattern of matches() must be a literal text", ""),
    ("user_id.matches('[')", 17, "the pattern is refused: missing ]", ""),
    ("user_id.all(i, true)", 9, "all() runs over a list or a map, not string", ""),
    ("items.all(i)", 7, "all() takes a variable and an expression", "write x.all(i, ...)"),
    ("items.all(1, true)", 7, "all() takes a variable and an expression", ""),
    ("has(amount > 1)", 1, "has() takes one field", ""),
    ("duration('5x') > duration('1s')", 1, "duration(): a text is no duration", ""),
    ("timestamp('2020') < now", 1, "timestamp(): a text is no RFC 3339 timestamp", ""),
    ("timestamp.getHours(user_id) > 1", 20, "a time zone must be a literal text", "Berlin"),
    ("timestamp.getHours('Nowhere') > 1", 20, "unknown time zone", ""),
    ("timestamp.getHours('../../etc/passwd') > 1", 20, "unknown time zone", ""),
    ("size() > 1", 1, "size() does not take nothing", ""),
    ("timestamp in [timestamp]", 11, "'in' compares date-times as texts", ".exists(d, d == ...)"),
    ("max([timestamp]) < now", 1, "max() would compare date-times as texts", "x.map("),
    ("max() > 1", 1, "max() takes values or a list", ""),
    ("max(amount, user_id) > 1.0", 1, "max() takes values of one type", ""),
    ("{1: 2}[1] == 2", 2, "a key of a map must be a text", ""),
    ("{'a': 1, 'a': 2}['a'] == 2", 10, "key 'a' is given twice", ""),
    ("amount > ", 10, "the expression ends too early", ""),
    ("amount = 1.0", 8, "unexpected '='", "write == to compare"),
    ("amount > 0 and active", 12, "unexpected 'and'", "write &&"),
    ("amount > 0 & active", 12, "unexpected '&'", "write &&"),
    ("(amount > 0", 12, "expected ')', found the end", ""),
    ("amount > 0)", 11, "unexpected ')'", ""),
    ("user_id == 'x", 12, "a text has no end", "close it on the same line"),
    (r"user_id == '\q'", 13, r"unknown escape '\\q' in a text", "for a backslash"),
    ("user_id == b'x'", 12, "bytes literals are not supported", ""),
    ("count > 9223372036854775808", 9, "an integer beyond 64 bits", ""),
    ("package == 1", 1, "'package' is a reserved word", "write message.package for the field"),
    ("address. == 1", 10, "expected a field name after '.'", ""),
    ("active; active; active", 15, "unexpected ';'", ""),
    ("amount; active", 1, "the guard before ';' must be bool, not double", ""),
    ("count == 1 #", 12, "unexpected '#'", ""),
]


@pytest.mark.parametrize(
    ("expression", "column", "problem", "remedy"),
    MISTAKES,
    ids=[mistake[0] for mistake in MISTAKES],
)
def test_mistake_is_told_with_place_and_remedy(
    expression: str, column: int, problem: str, remedy: str
) -> None:
    with pytest.raises(InvalidRule) as caught:
        rules(expression, schema=SCHEMA)

    assert problem in caught.value.problem
    assert remedy in caught.value.remedy
    assert (caught.value.line, caught.value.column) == (1, column)


def test_text_shows_the_line_with_a_caret() -> None:
    with pytest.raises(InvalidSchema) as caught:
        rules("amount > 0.0 &&\n  usr_id != ''", schema=SCHEMA)

    assert str(caught.value) == (
        "rules[0] 'r0', line 2, column 3: no field 'usr_id' in the schema; "
        "did you mean 'user_id'?\n"
        "  |   usr_id != ''\n"
        "  |   ^"
    )


def test_long_line_is_cut_around_the_caret() -> None:
    with pytest.raises(InvalidRule) as caught:
        rules("active || " * 100 + "usr_id == 'x'", schema=SCHEMA)

    shown, caret = str(caught.value).splitlines()[-2:]
    assert len(shown) < 110
    assert shown[caret.index("^") :].startswith("usr_id")


@pytest.mark.parametrize(
    "source", ["()", "a +", "[1, 2", "{'a' 1}", "a.b(", "a ? b", "1 2", ";", "a;;b"]
)
def test_unfinished_sources_are_refused(source: str) -> None:
    with pytest.raises(InvalidRule):
        rules(source)
