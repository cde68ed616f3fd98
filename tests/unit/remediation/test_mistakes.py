"""What an author is told about steps that can't be compiled."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.remediation import compile_remediation

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "user_id": {"type": "string"},
        "amount": {"type": "number"},
        "currency": {"type": "string"},
        "anything": {},
        "items": {
            "type": "array",
            "items": {"type": "object", "properties": {"qty": {"type": "integer"}}},
        },
    },
}


@pytest.mark.parametrize(
    ("step", "problem", "remedy"),
    [
        ("trimm: user_id", "unknown step", "did you mean 'trim'?"),
        ("frobnicate: user_id", "unknown step", "use default, cast, rename"),
        ("{trim: user_id, lower: user_id}", "a step has one name", "- trim: user_id"),
        ("trim", "a step has one name", ""),
        ("trim: usr_id", "no field 'usr_id' in the schema", "did you mean 'user_id'?"),
        ("trim: 'items[].qyt'", "no field 'qyt' in the schema", "did you mean 'qty'?"),
        ("trim: itms.qty", "no field 'itms' in the schema", "did you mean 'items'?"),
        ("trim: 'a..b'", "'a..b' is no field", "write it as a.b or items[].qty"),
        ("trim: 'a[0]'", "'a[0]' is no field", ""),
        ("trim: ''", "'' is no field", ""),
        ("trim: 5", "5 is no field", ""),
        ("trim: []", "no field is named", ""),
        ("default: user_id", "the step needs options", "field: ..., value: ..."),
        ("default: {field: user_id}", "value is missing", "add value: ..."),
        ("default: {field: user_id, valu: x, value: y}", "unknown option 'valu'", "'value'"),
        ("default: {field: amount, value: '0'}", "amount is declared double", "correct the value"),
        ("default: {field: amount, value: true}", "amount is declared double", ""),
        ("default: {field: amount, value: null}", "amount is declared double", ""),
        ("default: {field: 'items[]', value: 1}", "items[] names list elements", ""),
        ("default: {field: user_id, value: x, replace_null: 1}", "replace_null must be true", ""),
        ("cast: {field: amount, to: float}", "'float' is no type", "number, integer, string"),
        ("cast: anything", "the type of anything is not known", "give `to`"),
        ("rename: {from: a, to: usr_id}", "no field 'usr_id' in the schema", "'user_id'"),
        ("rename: {from: a.b, to: c.user_id}", "renamed within its object", "set"),
        ("rename: {from: 'items[]', to: user_id}", "a rename names a field", ""),
        ("parse_date: {field: user_id, formats: '%Y'}", "formats must be a list", "epoch_ms"),
        ("parse_date: {field: user_id, formats: ['%d/%m']}", "'%d/%m' is no date format", "year"),
        ("parse_date: {field: user_id, formats: ['%Y %Q']}", "'%Y %Q' is no date format", ""),
        ("parse_date: {field: user_id, formats: ['%Y'], zone: X}", "zone 'X' is unknown", "Berlin"),
        ("parse_date: {field: user_id, formats: ['%Y'], to: time}", "to: 'time' is unknown", ""),
        ("map: {field: user_id, values: []}", "values must be a mapping", ""),
        ("map: {field: user_id, values: {a: b, b: c}}", "'b' is mapped on to another value", ""),
        ("drop_unknown: false", "drop_unknown is true or has `keep`", ""),
        ("drop_unknown: {keep: 1}", "keep must be a list", ""),
        ("set: {field: amount, value: 5}", "an expression must be a text", "quote it"),
        ("set: {field: amount, value: 'amont * 2.0'}", "no field 'amont'", "'amount'"),
        ("set: {field: amount, value: 'amount * 2.0'}", "amount is made from itself", "add `when`"),
        ("set: {field: amount, value: '1.0', when: 'amount'}", "expected bool, not double", ""),
        ("set: {field: 'items[].qty', value: 'item.qyt'}", "no field 'qyt'", "'qty'"),
    ],
)
def test_mistake_is_told_with_step_and_remedy(step: str, problem: str, remedy: str) -> None:
    steps = [{"trim": "currency"}, yaml.safe_load(step)]

    with pytest.raises(InvalidSchema) as caught:
        compile_remediation(steps, SCHEMA)

    assert problem in caught.value.problem
    assert remedy in caught.value.remedy
    assert caught.value.where.startswith("remediation[1]")


def test_field_that_is_renamed_away_may_be_repaired_before() -> None:
    steps: list[dict[str, Any]] = [
        {"trim": "userId"},
        {"rename": {"from": "userId", "to": "user_id"}},
    ]

    compile_remediation(steps, SCHEMA)


def test_field_that_is_made_and_renamed_away_is_refused() -> None:
    steps: list[dict[str, Any]] = [
        {"default": {"field": "userId", "value": "x"}},
        {"rename": {"from": "userId", "to": "user_id"}},
    ]

    with pytest.raises(InvalidSchema, match="rename first, then use user_id"):
        compile_remediation(steps, SCHEMA)


def test_drop_unknown_needs_a_schema() -> None:
    with pytest.raises(InvalidSchema, match="no JSON Schema says what is known"):
        compile_remediation([{"drop_unknown": True}], None)


def test_too_many_steps_are_refused() -> None:
    with pytest.raises(InvalidSchema, match="101 remediation steps"):
        compile_remediation([{"trim": "user_id"}] * 101, SCHEMA)
