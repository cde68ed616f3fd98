"""Every input that may arrive has its answer: error_type, code and message."""

import pytest

from dataquarantine.outcomes import Code, ErrorType, ValidationResult
from tests.unit.validation.judging import GOOD, engine_of, judge, judge_all, listed

MALFORMED, MISSING = ErrorType.MALFORMED_PAYLOAD, ErrorType.SCHEMA_MISSING
NOT_FOUND = ErrorType.SCHEMA_NOT_FOUND
INVALID, ERROR = ValidationResult.INVALID, ValidationResult.ERROR

FORM = "expected name or name@version"
BAD_INPUT = {
    "empty value": (
        b"",
        (INVALID, MALFORMED, Code.EMPTY_VALUE),
        "the value is empty; expected a JSON object",
    ),
    "not JSON": (
        b"hello",
        (INVALID, MALFORMED, Code.NOT_JSON),
        "the value is not JSON: invalid character (byte 0)",
    ),
    "cut off": (
        GOOD[:-10],
        (INVALID, MALFORMED, Code.NOT_JSON),
        "the value is not JSON: it ends too early",
    ),
    "two values": (
        b"{}{}",
        (INVALID, MALFORMED, Code.NOT_JSON),
        "the value is not JSON: trailing characters (byte 3)",
    ),
    "invalid UTF-8": (
        b'{"_schema":"user_event","user_id":"\xff"}',
        (INVALID, MALFORMED, Code.INVALID_ENCODING),
        "the value is not UTF-8 (byte 35)",
    ),
    "UTF-16": (
        '{"a":1}'.encode("utf-16"),
        (INVALID, MALFORMED, Code.INVALID_ENCODING),
        "the value starts with a byte order mark; expected plain UTF-8",
    ),
    "NaN": (
        b'{"_schema":"user_event","amount":NaN}',
        (INVALID, MALFORMED, Code.NOT_JSON),
        "the value is not JSON: invalid character (byte 33)",
    ),
    "a number past the range of doubles": (
        b'{"_schema":"user_event","amount":1e400}',
        (INVALID, MALFORMED, Code.INVALID_VALUE),
        "a number is too large to be read exactly",
    ),
    "5,000-deep nesting": (
        b"[" * 5000 + b"]" * 5000,
        (INVALID, MALFORMED, Code.NESTED_TOO_DEEP),
        "the JSON is nested too deep (about 1000 levels are read)",
    ),
    "lone high surrogate": (
        b'{"_schema":"user_event","user_id":"\\ud800"}',
        (INVALID, MALFORMED, Code.INVALID_ENCODING),
        "half of a surrogate pair stands alone (byte 35)",
    ),
    "lone low surrogate": (
        b'{"_schema":"user_event","user_id":"a\\udc00"}',
        (INVALID, MALFORMED, Code.INVALID_ENCODING),
        "half of a surrogate pair stands alone (byte 36)",
    ),
    "no _schema": (
        b'{"user_id":"USER123456"}',
        (INVALID, MISSING, Code.SCHEMA_MISSING),
        "the record names no schema; expected _schema to hold name or name@version",
    ),
    "no object": (
        b"[1,2]",
        (INVALID, MISSING, Code.SCHEMA_MISSING),
        "the record names no schema; expected _schema to hold name or name@version",
    ),
    "_schema is a number": (
        b'{"_schema":7}',
        (INVALID, MISSING, Code.SCHEMA_REFERENCE_INVALID),
        f"_schema must be text, not a number; {FORM}",
    ),
    "_schema is null": (
        b'{"_schema":null}',
        (INVALID, MISSING, Code.SCHEMA_REFERENCE_INVALID),
        f"_schema must be text, not null; {FORM}",
    ),
    "_schema is a boolean": (
        b'{"_schema":true}',
        (INVALID, MISSING, Code.SCHEMA_REFERENCE_INVALID),
        f"_schema must be text, not a boolean; {FORM}",
    ),
    "_schema is an object": (
        b'{"_schema":{"name":"user_event"}}',
        (INVALID, MISSING, Code.SCHEMA_REFERENCE_INVALID),
        f"_schema must be text, not an object; {FORM}",
    ),
    "_schema is a path": (
        b'{"_schema":"../../x"}',
        (INVALID, MISSING, Code.SCHEMA_REFERENCE_INVALID),
        f"_schema is no schema name; {FORM}",
    ),
    "_schema is an absolute path": (
        b'{"_schema":"/etc/passwd"}',
        (INVALID, MISSING, Code.SCHEMA_REFERENCE_INVALID),
        f"_schema is no schema name; {FORM}",
    ),
    "_schema hides a path": (
        b'{"_schema":"a..b"}',
        (INVALID, MISSING, Code.SCHEMA_REFERENCE_INVALID),
        f"_schema is no schema name; {FORM}",
    ),
    "_schema ends with a newline": (
        b'{"_schema":"user_event\\n"}',
        (INVALID, MISSING, Code.SCHEMA_REFERENCE_INVALID),
        f"_schema is no schema name; {FORM}",
    ),
    "_schema is empty": (
        b'{"_schema":""}',
        (INVALID, MISSING, Code.SCHEMA_REFERENCE_INVALID),
        f"_schema is no schema name; {FORM}",
    ),
    "_schema is very long": (
        b'{"_schema":"%s"}' % (b"a" * 129),
        (INVALID, MISSING, Code.SCHEMA_REFERENCE_INVALID),
        f"_schema is no schema name; {FORM}",
    ),
    "version is no SemVer": (
        b'{"_schema":"user_event@latest"}',
        (INVALID, MISSING, Code.SCHEMA_REFERENCE_INVALID),
        f"_schema names no SemVer version after the @; {FORM}",
    ),
    "version is a path": (
        b'{"_schema":"user_event@../1.0.0"}',
        (INVALID, MISSING, Code.SCHEMA_REFERENCE_INVALID),
        f"_schema names no SemVer version after the @; {FORM}",
    ),
    "version beside it is a number": (
        b'{"_schema":"user_event","_schema_version":1}',
        (INVALID, MISSING, Code.SCHEMA_REFERENCE_INVALID),
        f"_schema_version is no SemVer version; {FORM}",
    ),
    "two versions": (
        b'{"_schema":"user_event@1.0.0","_schema_version":"2.0.0"}',
        (INVALID, MISSING, Code.SCHEMA_REFERENCE_INVALID),
        f"_schema and _schema_version name different versions; {FORM}",
    ),
    "unknown schema": (
        b'{"_schema":"nobody_knows"}',
        (ERROR, NOT_FOUND, Code.SCHEMA_UNKNOWN),
        "schema nobody_knows is not registered; register it first",
    ),
    "unknown version": (
        b'{"_schema":"user_event@9.0.0"}',
        (ERROR, NOT_FOUND, Code.SCHEMA_VERSION_UNKNOWN),
        "schema user_event has no version 9.0.0; known: 1.0.0",
    ),
    "unknown version beside it": (
        b'{"_schema":"user_event","_schema_version":"9.0.0"}',
        (ERROR, NOT_FOUND, Code.SCHEMA_VERSION_UNKNOWN),
        "schema user_event has no version 9.0.0; known: 1.0.0",
    ),
}


@pytest.mark.parametrize(
    ("value", "verdict", "message"), BAD_INPUT.values(), ids=[name for name in BAD_INPUT]
)
def test_bad_input_has_its_answer(
    value: bytes, verdict: tuple[ValidationResult, ErrorType, Code], message: str
) -> None:
    outcome = judge(engine_of(), value)

    assert (outcome.result, outcome.error_type, outcome.violations[0].code) == verdict
    assert outcome.error_message == message


def test_a_record_of_10_mb_is_refused_unread() -> None:
    value = b'{"_schema":"user_event","filler":"%s"}' % (b"x" * 10_000_000)

    chunk = judge_all(engine_of(), value)

    outcome = chunk.outcomes[0]
    assert outcome.error_type is ErrorType.SIZE_VIOLATION
    assert outcome.violations[0].code is Code.RECORD_TOO_LARGE
    assert outcome.error_message == (
        "the value holds 10000036 bytes, more than max_record_bytes (1048576)"
    )
    assert chunk.rendered == {}


@pytest.mark.parametrize(
    "number", ["123456789012345678901234567890", "1.10", "1E2", "-0", "0.1000"]
)
def test_numbers_pass_without_being_rewritten(number: str) -> None:
    schema = listed("n", definition={"properties": {"n": {"type": "number"}}})

    chunk = judge_all(engine_of(schema), b'{"_schema":"n","n":%s}' % number.encode())

    assert chunk.outcomes[0].passed
    assert chunk.remediated == {}


def test_30_digit_integers_are_compared_exactly() -> None:
    limit = 10**29
    schema = listed("n", definition={"properties": {"n": {"type": "integer", "maximum": limit}}})

    chunk = judge_all(
        engine_of(schema),
        b'{"_schema":"n","n":%d}' % limit,
        b'{"_schema":"n","n":%d}' % (limit + 1),
    )

    assert [outcome.passed for outcome in chunk.outcomes] == [True, False]
    assert chunk.outcomes[1].error_message == f"n: {limit + 1} is above {limit}"


def test_of_duplicate_keys_the_last_is_judged() -> None:
    good_last = GOOD.replace(b'"user_id"', b'"user_id":"nobody","user_id"')
    bad_last = GOOD[:-1] + b',"user_id":"nobody"}'

    chunk = judge_all(engine_of(), good_last, bad_last)

    assert [outcome.passed for outcome in chunk.outcomes] == [True, False]
    assert chunk.outcomes[1].field_path == "user_id"


def test_a_document_too_deep_to_explain_is_still_refused() -> None:
    schema = listed("deep", definition={"not": {"required": ["_deep"]}})
    value = b'{"_schema":"deep","_deep":%s1%s}' % (b'{"a":' * 400, b"}" * 400)

    outcome = judge(engine_of(schema), value)

    assert outcome.error_type is ErrorType.SCHEMA_VIOLATION
    assert outcome.violations[0].code is Code.NESTED_TOO_DEEP


def test_what_was_decoded_but_refused_is_rendered_as_it_came() -> None:
    values = (b'{"_schema": "user_event"}', b'{"_schema":7}', b"{nope", b"", GOOD)

    chunk = judge_all(engine_of(), *values)

    assert chunk.rendered == {0: values[0], 1: values[1]}


def test_one_bad_record_does_not_touch_its_neighbours() -> None:
    bad = [value for value, _, _ in BAD_INPUT.values()]
    values = [v for pair in zip([GOOD] * len(bad), bad, strict=True) for v in pair]

    chunk = judge_all(engine_of(listed(key="user_id")), *values)

    assert [outcome.passed for outcome in chunk.outcomes] == [True, False] * len(bad)
    assert chunk.keys[::2] == [b"USER123456"] * len(bad)
    assert chunk.keys[1::2] == [b"own"] * len(bad)
