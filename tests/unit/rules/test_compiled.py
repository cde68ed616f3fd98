"""What the engine and the author see of a schema's rules."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from dataquarantine.errors import InvalidSchema
from dataquarantine.outcomes import Code, ErrorType, Severity, Violation
from dataquarantine.schemas.documents import RuleDocument
from dataquarantine.validation.layers import Layer
from dataquarantine.validation.rules import compile_rules

from .judging import NOW, rules, verdict

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "user": {"type": "object", "properties": {"email": {"type": "string", "x-pii": "mask"}}},
        "amount": {"type": "number"},
        "currency": {"type": "string"},
        "items": {"type": "array", "items": {"type": "object"}},
    },
}


def _rule(**values: Any) -> RuleDocument:
    return RuleDocument.model_validate({"name": "r", **values})


def _only_violation(document: Any, schema: Any = None, **rule: Any) -> Violation:
    compiled = compile_rules([_rule(**rule)], schema)
    assert not compiled.passes(document, NOW)
    (found,) = compiled.violations(document, NOW)
    return found


def test_rules_are_a_layer() -> None:
    layer: Layer = rules("amount > 0.0")

    assert layer.error_type is ErrorType.RULE_VIOLATION


def test_failed_rule_carries_its_text_place_and_name() -> None:
    found = _only_violation(
        {"amount": -1}, SCHEMA, expression="amount > 0", error="Amount must be positive"
    )

    assert found == Violation(
        Code.RULE_FAILED,
        "rule",
        "Amount must be positive",
        field_path="amount",
        instance_location="/amount",
        keyword_location="/rules/0",
        rule="r",
    )


def test_message_without_error_text_names_rule_and_expression() -> None:
    found = _only_violation({"amount": -1}, SCHEMA, expression="amount > 0")

    assert found.message == "rule 'r' failed: amount > 0"


@pytest.mark.parametrize(
    ("expression", "path", "pointer"),
    [
        pytest.param("amount > 0", "amount", "/amount", id="one field"),
        pytest.param("amount > 0 && amount < 5", "amount", "/amount", id="one field, twice"),
        pytest.param("amount > 0 && currency == 'X'", None, "", id="two fields"),
        pytest.param("size(user.email) > 99", "user.email", "/user/email", id="nested"),
        pytest.param("!has(user.email)", "user.email", "/user/email", id="has"),
        pytest.param("items.all(i, i.qty > 0)", "items", "/items", id="loop"),
        pytest.param("items.exists(i, i.c == currency)", None, "", id="loop and a field"),
        pytest.param("size(message) > 99", None, "", id="the whole document"),
        pytest.param("now < timestamp(0)", None, "", id="none"),
    ],
)
def test_field_path_is_the_one_field_that_a_rule_reads(
    expression: str, path: str | None, pointer: str
) -> None:
    document = {"amount": -1, "currency": "E", "user": {"email": "a@b.c"}, "items": [{"qty": 0}]}

    found = rules(expression, schema=SCHEMA).violations(document, NOW)[0]

    assert (found.field_path, found.instance_location) == (path, pointer)


def test_pointer_escapes_names() -> None:
    found = rules('message["a/b~c"] == 1').violations({"a/b~c": 2}, NOW)[0]

    assert found.instance_location == "/a~1b~0c"


@pytest.mark.parametrize(
    ("expression", "document", "reason"),
    [
        pytest.param(
            "amount > 0", {}, "field 'amount' is missing; guard it with has()", id="missing"
        ),
        pytest.param(
            "amount > 0", {"amount": "secret"}, "expected double, found string", id="type"
        ),
        pytest.param("items[3].x == 1", {"items": [7, 8]}, "index out of range", id="index"),
        pytest.param("user.email.matches('x')", {"user": 4711}, "from a int, not a map", id="map"),
    ],
)
def test_error_has_a_reason_without_values(
    expression: str, document: dict[str, Any], reason: str
) -> None:
    found = _only_violation(document, SCHEMA, expression=expression, error="never shown")

    assert found.code is Code.RULE_ERROR
    assert found.message.startswith("rule 'r' could not be evaluated: ")
    assert reason in found.message
    assert "secret" not in found.message
    assert "4711" not in found.message


def test_warning_is_reported_as_one() -> None:
    found = _only_violation({"amount": -1}, SCHEMA, expression="amount > 0", severity="warn")

    assert found.severity is Severity.WARN


def test_all_failed_rules_are_named_in_order() -> None:
    compiled = rules("amount > 0", "true", "currency == 'EUR'", "missing.x == 1", schema=None)

    found = compiled.violations({"amount": -1, "currency": "USD"}, NOW)

    assert [(each.rule, each.keyword_location) for each in found] == [
        ("r0", "/rules/0"),
        ("r2", "/rules/2"),
        ("r3", "/rules/3"),
    ]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        pytest.param(
            "amount > 0 ? '' : 'amount is not positive'", "amount is not positive", id="text"
        ),
        pytest.param("'amount is ' + string(amount)", "amount is -1", id="text from the record"),
        pytest.param("'mail ' + user.email", "never a secret", id="x-pii is not told"),
        pytest.param(
            "size(user.email) > 9 ? '' : 'mail is short'", "mail is short", id="x-pii decides"
        ),
        pytest.param("'x'.lowerAscii() + currency", "x" + "E" * 199, id="cut"),
    ],
)
def test_rule_that_results_in_a_text_fails_with_it(expression: str, message: str) -> None:
    document = {"amount": -1, "user": {"email": "a@b.c"}, "currency": "E" * 1000}

    found = _only_violation(document, SCHEMA, expression=expression, error="never a secret")

    assert found.message == message


@pytest.mark.parametrize(
    "expression",
    [
        "'x' + user[key]",
        "'x' + message[key].email",
        "'x' + string(either.ssn)",
        "string(message.map(k, message[k])[0])",
        "has(user.email) ? user.email : ''",
        "l.map(i, i + user.email)[0]",
        "string(max(user.email, 'a'))",
    ],
)
def test_text_that_may_hold_private_values_is_not_told(expression: str) -> None:
    private = {"type": "object", "properties": {"email": {"type": "string", "x-pii": "mask"}}}
    schema = {
        "type": "object",
        "properties": {
            "user": private,
            "either": {"anyOf": [{"properties": {"ssn": {"x-pii": "mask"}}}, {"type": "string"}]},
            "key": {"type": "string"},
            "l": {"type": "array", "items": {"type": "string"}},
        },
    }
    document = {
        "0": "zz",
        "user": {"email": "zz"},
        "key": "user" if "message[key]" in expression else "email",
        "either": {"ssn": "zz"},
        "l": ["a"],
    }

    found = _only_violation(document, schema, expression=expression)

    assert "zz" not in found.message


def test_empty_text_passes() -> None:
    compiled = rules("amount > 0 ? '' : 'no'", schema=SCHEMA)

    assert compiled.passes({"amount": 1}, NOW)
    assert compiled.violations({"amount": 1}, NOW) == []


@pytest.mark.parametrize(
    ("document", "passes"),
    [({"amount": 5}, True), ({"amount": -5}, False), ({}, True), ({"amount": "x"}, False)],
)
def test_guard_skips_a_rule(document: dict[str, Any], passes: bool) -> None:
    compiled = rules("has(message.amount); message.amount > 0")

    assert compiled.passes(document, NOW) is passes


def test_confluent_rule_is_taken_as_it_stands() -> None:
    found = _only_violation(
        {"ssn": "12"},
        expr="size(message.ssn) == 9",
        kind="CONDITION",
        type="CEL",
        mode="WRITE",
        doc="ssn has nine digits",
        onFailure="DLQ",
        params={"a": "b"},
        tags=["PII"],
    )

    assert (found.message, found.severity) == ("ssn has nine digits", Severity.ERROR)


@pytest.mark.parametrize(
    ("on_failure", "severity"),
    [
        ("NONE", "warn"),
        ("ERROR", "error"),
        ("DLQ", "error"),
        ("NONE,ERROR", "warn"),
        ("DLQ,NONE", "error"),
    ],
)
def test_confluent_on_failure_none_is_a_warning(on_failure: str, severity: str) -> None:
    found = _only_violation({}, expr="false", onFailure=on_failure)

    assert found.severity == severity


def test_disabled_rule_is_left_out() -> None:
    compiled = compile_rules([_rule(expression="no such ( thing", disabled=True)], None)

    assert compiled.passes({}, NOW)


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidSchema, match=r"rules\[1\]: two rules are called 'r'"):
        compile_rules([_rule(expression="true"), _rule(expression="false")], None)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"kind": "TRANSFORM"}, "kind TRANSFORM changes records"),
        ({"type": "JSONATA"}, "type JSONATA is not known"),
        ({"type": "CEL_FIELD"}, "type CEL_FIELD is not known"),
        ({"mode": "UPGRADE"}, "mode UPGRADE migrates between versions"),
    ],
)
def test_foreign_rules_are_refused(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidSchema, match=problem):
        compile_rules([_rule(expr="true", **values)], None)


@pytest.mark.parametrize(
    ("expression", "document"),
    [
        ("a > 0.5 && a == 1.25 && a < b", {"a": Decimal("1.25"), "b": 2}),
        ("a < now && a < timestamp('2020-01-02T00:00:00Z')", {"a": datetime(2020, 1, 1)}),
        ("a < now", {"a": datetime(2020, 1, 1, tzinfo=UTC)}),
        ("a < now", {"a": date(2020, 1, 1)}),
        (
            "a == '12345678-1234-5678-1234-567812345678'",
            {"a": UUID(int=0x12345678123456781234567812345678)},
        ),
    ],
)
def test_values_of_other_decoders_are_read_as_the_nearest_type(
    expression: str, document: dict[str, Any]
) -> None:
    assert verdict(expression, document) is True


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("abs(i) == 7 && abs(x) == 1.5 && abs(-7) == 7", True),
        ("abs(lowest) > 0", "(error)"),
        ("min(i, 3, 9) == -7 && max(i, 3, 9) == 9", True),
        ("min(l) == 1 && max(l) == 3", True),
        ("min(l) < x", False),
        ("max(e) > 1", "(error)"),
        ("max('a', 'b') == 'b'", True),
        ("max(x, i) == -1.5", True),
    ],
)
def test_own_functions(expression: str, expected: Any) -> None:
    document = {"i": -7, "x": -1.5, "l": [2, 1, 3], "e": [], "lowest": -(2**63)}

    assert verdict(expression, document) == expected


def test_a_rule_tells_no_private_text_of_a_schema_that_leaves_out_its_type() -> None:
    definition = {"properties": {"email": {"type": "string", "x-pii": "mask"}}}
    rule = RuleDocument(name="mail", expression="email.endsWith('@own') ? '' : email")

    (violation,) = compile_rules([rule], definition).violations({"email": "zoe@x"}, NOW)

    assert "zoe" not in violation.message
