"""What each step does to a record, and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from dataquarantine.validation.remediation import compile_remediation, decode_exact, encode_exact

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def repaired(steps: str, record: str, schema: dict[str, Any] | None = None) -> str:
    """Apply steps written in YAML to a record of JSON text."""
    document, _ = compile_remediation(yaml.safe_load(steps), schema).apply(
        decode_exact(record.encode()), NOW
    )
    return encode_exact(document).decode()


@pytest.mark.parametrize(
    ("steps", "record", "expected"),
    [
        pytest.param(
            "- default: {field: currency, value: EUR}",
            '{"amount":1}',
            '{"amount":1,"currency":"EUR"}',
            id="default: missing",
        ),
        pytest.param(
            "- default: {field: currency, value: EUR}",
            '{"currency":null}',
            '{"currency":null}',
            id="default: null stays",
        ),
        pytest.param(
            "- default: {field: currency, value: EUR, replace_null: true}",
            '{"currency":null}',
            '{"currency":"EUR"}',
            id="default: null replaced",
        ),
        pytest.param(
            "- default: {field: user.tags, value: []}",
            '{"user":{}}',
            '{"user":{"tags":[]}}',
            id="default: nested",
        ),
        pytest.param(
            "- default: {field: user.tags, value: []}",
            "{}",
            "{}",
            id="default: no object to hold it",
        ),
        pytest.param(
            "- default: {field: 'items[].qty', value: 1}",
            '{"items":[{},{"qty":2},5]}',
            '{"items":[{"qty":1},{"qty":2},5]}',
            id="default: each element",
        ),
        pytest.param(
            "- cast: {field: a, to: number}",
            '{"a":" 12.50 "}',
            '{"a":12.50}',
            id="cast: every digit",
        ),
        pytest.param(
            "- cast: {field: a, to: number}",
            '{"a":"123456789012345678901234567890.000000000000000001"}',
            '{"a":123456789012345678901234567890.000000000000000001}',
            id="cast: beyond double",
        ),
        pytest.param(
            "- cast: {field: a, to: number}", '{"a":"1,5"}', '{"a":"1,5"}', id="cast: no number"
        ),
        pytest.param(
            "- cast: {field: a, to: number}", '{"a":"NaN"}', '{"a":"NaN"}', id="cast: NaN"
        ),
        pytest.param("- cast: {field: a, to: number}", '{"a":true}', '{"a":true}', id="cast: bool"),
        pytest.param("- cast: {field: a, to: integer}", '{"a":"007"}', '{"a":7}', id="cast: zeros"),
        pytest.param("- cast: {field: a, to: integer}", '{"a":5.0}', '{"a":5}', id="cast: 5.0"),
        pytest.param("- cast: {field: a, to: integer}", '{"a":5.5}', '{"a":5.5}', id="cast: 5.5"),
        pytest.param(
            "- cast: {field: a, to: integer}", '{"a":1e99999}', '{"a":1E+99999}', id="cast: huge"
        ),
        pytest.param(
            "- cast: {field: a, to: string}", '{"a":1.10}', '{"a":"1.10"}', id="cast: to text"
        ),
        pytest.param(
            "- cast: {field: a, to: string}", '{"a":true}', '{"a":"true"}', id="cast: true"
        ),
        pytest.param("- cast: {field: a, to: string}", '{"a":null}', '{"a":null}', id="cast: null"),
        pytest.param("- cast: {field: a, to: string}", '{"a":[1]}', '{"a":[1]}', id="cast: list"),
        pytest.param(
            "- cast: {field: a, to: boolean}", '{"a":"Yes"}', '{"a":true}', id="cast: yes"
        ),
        pytest.param("- cast: {field: a, to: boolean}", '{"a":0}', '{"a":false}', id="cast: 0"),
        pytest.param("- cast: {field: a, to: boolean}", '{"a":2}', '{"a":2}', id="cast: 2"),
        pytest.param(
            "- cast: {field: 'a[]', to: integer}",
            '{"a":["1",2,"x"]}',
            '{"a":[1,2,"x"]}',
            id="cast: elements",
        ),
        pytest.param(
            "- rename: {from: userId, to: user_id}",
            '{"a":1,"userId":2,"b":3}',
            '{"a":1,"user_id":2,"b":3}',
            id="rename: in its place",
        ),
        pytest.param(
            "- rename: {from: userId, to: user_id}",
            '{"userId":1,"user_id":2}',
            '{"userId":1,"user_id":2}',
            id="rename: never over another",
        ),
        pytest.param(
            "- rename: {from: 'items[].q', to: qty}",
            '{"items":[{"q":1,"x":2}]}',
            '{"items":[{"qty":1,"x":2}]}',
            id="rename: in elements",
        ),
        pytest.param(
            "- rename: {from: user.userId, to: user.id}",
            '{"user":{"userId":1}}',
            '{"user":{"id":1}}',
            id="rename: whole paths",
        ),
        pytest.param("- trim: a", '{"a":"  x y\\n"}', '{"a":"x y"}', id="trim"),
        pytest.param(
            "- trim: [a, b.c]",
            '{"a":" x","b":{"c":"y "}}',
            '{"a":"x","b":{"c":"y"}}',
            id="trim: two",
        ),
        pytest.param("- lower: a", '{"a":"ÄB"}', '{"a":"äb"}', id="lower"),
        pytest.param("- upper: {field: a}", '{"a":"äb"}', '{"a":"ÄB"}', id="upper"),
        pytest.param("- upper: a", '{"a":5}', '{"a":5}', id="upper: no text"),
        pytest.param(
            "- parse_date: {field: a, formats: ['%d/%m/%Y %H:%M']}",
            '{"a":"31/01/2026 12:30"}',
            '{"a":"2026-01-31T12:30:00Z"}',
            id="parse_date: UTC",
        ),
        pytest.param(
            "- parse_date: {field: a, formats: ['%d/%m/%Y %H:%M'], zone: Europe/Berlin}",
            '{"a":"31/07/2026 12:30"}',
            '{"a":"2026-07-31T10:30:00Z"}',
            id="parse_date: zone",
        ),
        pytest.param(
            "- parse_date: {field: a, formats: ['%Y-%m-%d %H:%M:%S%z'], zone: Europe/Berlin}",
            '{"a":"2026-01-31 12:30:00+0500"}',
            '{"a":"2026-01-31T07:30:00Z"}',
            id="parse_date: own offset wins",
        ),
        pytest.param(
            "- parse_date: {field: a, formats: [epoch_ms]}",
            '{"a":1764000000123}',
            '{"a":"2025-11-24T16:00:00.123Z"}',
            id="parse_date: milliseconds",
        ),
        pytest.param(
            "- parse_date: {field: a, formats: [epoch_s]}",
            '{"a":"1764000000.5"}',
            '{"a":"2025-11-24T16:00:00.500Z"}',
            id="parse_date: seconds in a text",
        ),
        pytest.param(
            "- parse_date: {field: a, formats: [epoch_s, '%Y']}",
            '{"a":"2026-01-31T12:30:00+01:00"}',
            '{"a":"2026-01-31T12:30:00+01:00"}',
            id="parse_date: RFC 3339 stays",
        ),
        pytest.param(
            "- parse_date: {field: a, formats: [epoch_s]}",
            '{"a":1e30}',
            '{"a":1E+30}',
            id="parse_date: far",
        ),
        pytest.param(
            "- parse_date: {field: a, formats: ['%d.%m.%Y'], to: date}",
            '{"a":"31.01.2026"}',
            '{"a":"2026-01-31"}',
            id="parse_date: date",
        ),
        pytest.param(
            "- parse_date: {field: a, formats: ['%d.%m.%Y']}",
            '{"a":"soon"}',
            '{"a":"soon"}',
            id="parse_date: none",
        ),
        pytest.param(
            "- map: {field: a, values: {act: ACTIVE, 1: ONE}}",
            '{"a":"act"}',
            '{"a":"ACTIVE"}',
            id="map: text",
        ),
        pytest.param(
            "- map: {field: a, values: {true: TRUE_}}",
            '{"a":true}',
            '{"a":"TRUE_"}',
            id="map: true",
        ),
        pytest.param(
            "- map: {field: a, values: {true: T}}", '{"a":1}', '{"a":1}', id="map: 1 is not true"
        ),
        pytest.param(
            "- map: {field: a, values: {1: ONE}}", '{"a":"1"}', '{"a":"1"}', id="map: text is not 1"
        ),
        pytest.param("- map: {field: a, values: {x: y}}", '{"a":[1]}', '{"a":[1]}', id="map: list"),
        pytest.param(
            "- map: {field: a, values: {x: Y}, otherwise: UNKNOWN}",
            '{"a":"z"}',
            '{"a":"UNKNOWN"}',
            id="map: otherwise",
        ),
        pytest.param(
            "- map: {field: a, values: {x: Y}, otherwise: UNKNOWN}",
            '{"a":"Y"}',
            '{"a":"Y"}',
            id="map: done",
        ),
        pytest.param(
            "- set: {field: full, value: 'a + \" \" + b'}",
            '{"a":"x","b":"y"}',
            '{"a":"x","b":"y","full":"x y"}',
            id="set: expression",
        ),
        pytest.param(
            "- set: {field: full, value: 'a + b'}", '{"a":"x"}', '{"a":"x"}', id="set: no value"
        ),
        pytest.param(
            "- set: {field: b, value: a}",
            '{"a":1.100000000000000000001}',
            '{"a":1.100000000000000000001,"b":1.100000000000000000001}',
            id="set: a copy is exact",
        ),
        pytest.param(
            "- set: {field: 'items[].total', value: 'item.price * double(item.qty)'}",
            '{"items":[{"price":1.5,"qty":2},{"qty":1}]}',
            '{"items":[{"price":1.5,"qty":2,"total":3.0},{"qty":1}]}',
            id="set: item",
        ),
        pytest.param(
            "- set: {field: n, value: 'size(l)', when: '!has(n)'}",
            '{"l":[1,2],"n":9}',
            '{"l":[1,2],"n":9}',
            id="set: when",
        ),
        pytest.param(
            "- set: {field: at, value: 'now()'}",
            "{}",
            '{"at":"2026-01-01T00:00:00Z"}',
            id="set: time",
        ),
        pytest.param("- set: {field: a, value: '1.0 / 0.0'}", "{}", "{}", id="set: not in JSON"),
        pytest.param(
            "- rename: {from: '\"a.b\"', to: c}", '{"a.b":1}', '{"c":1}', id="a name with a dot"
        ),
    ],
)
def test_step(steps: str, record: str, expected: str) -> None:
    assert repaired(steps, record) == expected


CLOSED: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "a": {"type": "integer"},
        "user": {"type": "object", "properties": {"id": {}}, "additionalProperties": False},
        "items": {"type": "array", "items": {"type": "object", "properties": {"qty": {}}}},
        "open": {"type": "object", "properties": {"x": {}}, "additionalProperties": True},
        "free": {"type": "object"},
    },
}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param('{"a":1,"b":2}', '{"a":1}', id="top"),
        pytest.param('{"user":{"id":1,"x":2}}', '{"user":{"id":1}}', id="nested"),
        pytest.param('{"items":[{"qty":1,"x":2},3]}', '{"items":[{"qty":1},3]}', id="elements"),
        pytest.param('{"open":{"y":1}}', '{"open":{"y":1}}', id="open object"),
        pytest.param('{"free":{"y":1}}', '{"free":{"y":1}}', id="object without properties"),
        pytest.param('{"_schema":"s","b":2}', '{"_schema":"s"}', id="kept by the caller"),
        pytest.param('{"trace":"t","b":2}', '{"trace":"t"}', id="kept by the step"),
    ],
)
def test_drop_unknown(record: str, expected: str) -> None:
    steps = [{"drop_unknown": {"keep": ["trace"]}}]
    remediation = compile_remediation(steps, CLOSED, keep=("_schema",))

    document, taken = remediation.apply(decode_exact(record.encode()), NOW)

    assert encode_exact(document).decode() == expected
    assert taken == (("drop_unknown",) if record != expected else ())


def test_cast_takes_the_declared_type() -> None:
    schema = {
        "type": "object",
        "properties": {
            "n": {"type": "number"},
            "l": {"type": "array", "items": {"type": "integer"}},
            "s": {"type": ["string", "null"]},
        },
    }

    assert repaired("- cast: [n, 'l[]', s]", '{"n":"1.5","l":["2"],"s":3}', schema) == (
        '{"n":1.5,"l":[2],"s":"3"}'
    )


def test_steps_run_in_order_and_only_those_that_changed_are_named() -> None:
    steps = yaml.safe_load(
        """
        - rename: {from: userId, to: user_id}
        - trim: [user_id, currency]
        - upper: currency
        - default: {field: amount, value: 0}
        """
    )
    record = {"userId": " U1 ", "currency": "eur", "amount": 5}

    document, taken = compile_remediation(steps, None).apply(record, NOW)

    assert document == {"user_id": "U1", "currency": "EUR", "amount": 5}
    assert list(document) == ["user_id", "currency", "amount"]
    assert taken == ("rename userId to user_id", "trim user_id", "upper currency")
    assert record == {"userId": " U1 ", "currency": "eur", "amount": 5}


@pytest.mark.parametrize("document", [[], "x", 5, None, [{"a": "1"}]])
def test_document_that_is_no_object_is_left_alone(document: Any) -> None:
    steps: list[dict[str, Any]] = [
        {"trim": "a"},
        {"default": {"field": "a", "value": 1}},
        {"set": {"field": "a", "value": "1"}},
    ]

    assert compile_remediation(steps, None).apply(document, NOW) == (document, ())


def test_steps_that_undo_each_other_are_not_applied() -> None:
    steps = [{"upper": "a"}, {"lower": "a"}]

    assert compile_remediation(steps, None).apply({"a": "X"}, NOW) == ({"a": "X"}, ())
