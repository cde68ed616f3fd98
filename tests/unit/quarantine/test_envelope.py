"""The value and headers of a dead letter."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataquarantine import __version__
from dataquarantine.outcomes import (
    Code,
    ErrorType,
    Violation,
    rejected,
)
from dataquarantine.quarantine.deadletters import DeadLetter, DeadLetterWriter
from dataquarantine.quarantine.dialects import Dialect
from dataquarantine.quarantine.envelope import (
    NotAnEnvelope,
    PayloadElsewhere,
    object_path,
    parse_envelope,
    quarantine_id,
)
from dataquarantine.records import Header, SourceRecord
from tests.unit.quarantine.factories import CLUSTER, NOW, NOW_MS, missing_user_id, source

GOLDEN = Path(__file__).with_name("envelope_v1.json")
SEEDS_EXAMPLE = (
    b'{"_schema": "user_event", "event_type": "purchase", "timestamp": "2025-12-27T16:00:00Z"}'
)


def letter_of(
    record: SourceRecord, rendered: bytes | None = None, *, max_bytes: int = 2**20
) -> DeadLetter:
    writer = DeadLetterWriter(CLUSTER, max_bytes=max_bytes)
    return writer.dead_letter(0, record, missing_user_id(), rendered, NOW)


def test_the_envelope_is_as_it_was_promised_to_consumers() -> None:
    record = source(12345, SEEDS_EXAMPLE, headers=[("trace", b"abc"), ("bin", b"\xff")])

    letter = letter_of(record, SEEDS_EXAMPLE)

    value = letter.value.decode().replace(f'"{__version__}"', '"VERSION"')
    assert value == GOLDEN.read_text().rstrip("\n")
    assert (letter.key, letter.timestamp_ms) == (b"k", NOW_MS)


def test_the_seeds_fields_come_out_exactly() -> None:
    letter = letter_of(source(12345, SEEDS_EXAMPLE), SEEDS_EXAMPLE)

    value = json.loads(letter.value)
    assert value["original_message"] == json.loads(SEEDS_EXAMPLE)
    assert value["validation_error"] == {
        "error_type": "schema_violation",
        "error_message": "'user_id' is a required property",
        "field_path": "user_id",
    }
    assert value["source_topic"] == "raw-events"
    assert (value["source_partition"], value["source_offset"]) == (0, 12345)
    assert value["quarantined_at"] == "2025-12-27T16:00:01Z"


def test_headers_say_what_the_envelope_says() -> None:
    record = source(12345, SEEDS_EXAMPLE, headers=[("trace", b"abc")])

    letter = letter_of(record, SEEDS_EXAMPLE)

    own = {name.removeprefix("__dq.errors."): value for name, value in letter.headers[1:]}
    assert letter.headers[0] == ("trace", b"abc")
    assert own == {
        "topic": b"raw-events",
        "partition": b"0",
        "offset": b"12345",
        "timestamp": str(NOW_MS - 1000).encode(),
        "schema": b"user_event",
        "schema.version": b"1.0.0",
        "stage": b"structure",
        "type": b"schema_violation",
        "code": b"MISSING_FIELD",
        "message": b"'user_id' is a required property",
        "fingerprint": json.loads(letter.value)["fingerprint"].encode(),
        "attempt": b"1",
        "quarantine.id": json.loads(letter.value)["id"].encode(),
        "component.version": __version__.encode(),
    }


def test_headers_of_the_gateway_do_not_pile_up() -> None:
    first = letter_of(source(1, SEEDS_EXAMPLE, headers=[("trace", b"abc")]), SEEDS_EXAMPLE)

    second = letter_of(source(2, SEEDS_EXAMPLE, headers=first.headers), SEEDS_EXAMPLE)

    names = [name for name, _ in second.headers]
    assert len(names) == len(set(names)) == len(first.headers)


DIALECTS = {
    "none": {},
    "connect": {
        "__connect.errors.topic": b"raw-events",
        "__connect.errors.partition": b"0",
        "__connect.errors.offset": b"12345",
        "__connect.errors.connector.name": b"dataquarantine",
        "__connect.errors.stage": b"TRANSFORMATION",
        "__connect.errors.class.name": b"dataquarantine",
        "__connect.errors.exception.class.name": b"dataquarantine.schema_violation",
        "__connect.errors.exception.message": b"'user_id' is a required property",
    },
    "streams": {
        "__streams.errors.topic": b"raw-events",
        "__streams.errors.partition": b"0",
        "__streams.errors.offset": b"12345",
        "__streams.errors.exception": b"dataquarantine.schema_violation",
        "__streams.errors.message": b"'user_id' is a required property",
    },
    "spring": {
        "kafka_dlt-original-topic": b"raw-events",
        "kafka_dlt-original-partition": struct.pack(">i", 0),
        "kafka_dlt-original-offset": struct.pack(">q", 12345),
        "kafka_dlt-original-timestamp": struct.pack(">q", NOW_MS - 1000),
        "kafka_dlt-exception-fqcn": b"dataquarantine.schema_violation",
        "kafka_dlt-exception-message": b"'user_id' is a required property",
    },
}


@pytest.mark.parametrize("dialect", get_args(Dialect))
def test_a_dialect_stands_beside_our_own_headers_and_never_piles_up(dialect: Dialect) -> None:
    writer = DeadLetterWriter(CLUSTER, dialect=dialect)
    failed = source(12345, SEEDS_EXAMPLE, headers=[("trace", b"abc")])

    first = writer.dead_letter(0, failed, missing_user_id(), None, NOW)
    again = source(12345, SEEDS_EXAMPLE, headers=first.headers)
    second = writer.dead_letter(0, again, missing_user_id(), None, NOW)

    foreign = {n: v for n, v in first.headers if not n.startswith("__dq.errors.")}
    assert foreign == {"trace": b"abc", **DIALECTS[dialect]}
    assert second.headers == first.headers
    # What the record came with is kept as evidence, and comes back with a replay.
    kept = [header for header in first.headers if not header[0].startswith("__dq.")]
    assert parse_envelope(second.value).headers() == kept


def test_a_long_message_is_cut_between_characters() -> None:
    violation = Violation(Code.PATTERN_MISMATCH, "pattern", "\N{SNOWMAN}" * 400)
    outcome = rejected(ErrorType.SCHEMA_VIOLATION, [violation])

    letter = DeadLetterWriter(CLUSTER).dead_letter(0, source(), outcome, None, NOW)

    message = dict(letter.headers)["__dq.errors.message"]
    assert message is not None
    assert message.decode() == "\N{SNOWMAN}" * 170
    assert len(json.loads(letter.value)["validation_error"]["error_message"]) == 400


@pytest.mark.parametrize("error_type", list(ErrorType))
def test_every_error_type_has_a_stage(error_type: ErrorType) -> None:
    outcome = rejected(error_type, [Violation(Code.INVALID_VALUE, "k", "m")])

    letter = DeadLetterWriter(CLUSTER).dead_letter(0, source(), outcome, None, NOW)

    assert dict(letter.headers)["__dq.errors.stage"]


def test_a_lone_surrogate_in_a_message_is_no_obstacle() -> None:
    outcome = rejected(
        ErrorType.SCHEMA_VIOLATION, [Violation(Code.INVALID_VALUE, "k", "bad \ud800 text")]
    )

    letter = DeadLetterWriter(CLUSTER).dead_letter(0, source(), outcome, SEEDS_EXAMPLE, NOW)

    assert parse_envelope(letter.value).violations[0]["message"] == "bad ? text"


PAYLOADS = st.none() | st.binary(max_size=50)
JSON_TEXTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(value=PAYLOADS, key=PAYLOADS, header=PAYLOADS)
def test_any_bytes_come_back(value: bytes | None, key: bytes | None, header: bytes | None) -> None:
    record = source(1, value, key=key, headers=[("h", header), ("h", b"again")])

    envelope = parse_envelope(letter_of(record).value)

    assert (envelope.payload(), envelope.key()) == (value, key)
    assert envelope.headers() == [("h", header), ("h", b"again")]


@given(
    document=JSON_TEXTS,
    before=st.sampled_from(["", " ", "\n\t"]),
    after=st.sampled_from(["", "\r\n"]),
)
def test_any_json_comes_back_as_it_was_written(document: object, before: str, after: str) -> None:
    value = (before + json.dumps(document, ensure_ascii=True) + after).encode()

    envelope = parse_envelope(letter_of(source(1, value), value).value)

    assert envelope.payload() == value
    assert json.loads(bytes(envelope.original_message)) == document


def test_what_is_shown_need_not_be_what_came() -> None:
    avro = b"\x00\x00\x00\x00\x07\x02"

    envelope = parse_envelope(letter_of(source(1, avro), b'{"n": 1}').value)

    assert bytes(envelope.original_message) == b'{"n": 1}'
    assert envelope.payload() == avro


def test_deeply_nested_json_comes_back() -> None:
    value = b"[" * 500 + b"]" * 500

    assert parse_envelope(letter_of(source(1, value), value).value).payload() == value


def test_an_envelope_above_the_limit_leaves_its_payload_behind() -> None:
    record = source(7, b'"' + b"x" * 5000 + b'"', headers=[("trace", b"abc")])

    letter = letter_of(record, record.value, max_bytes=4096)

    envelope = parse_envelope(letter.value)
    assert letter.detached
    assert letter.detached.path == envelope.payload_ref
    assert letter.detached.path == object_path("raw-events", 0, 7, envelope.id)
    assert parse_envelope(letter.detached.body).payload() == record.value
    assert (envelope.payload_size, len(letter.value) < 2000) == (5002, True)
    assert ("trace", b"abc") in letter.headers
    with pytest.raises(PayloadElsewhere, match=re.escape(letter.detached.path)):
        envelope.payload()


def test_headers_too_large_for_the_topic_are_left_behind_too() -> None:
    headers: list[Header] = [("big", b"x" * 100_000)]
    record = source(7, b"{}", headers=headers)

    letter = letter_of(record, b"{}", max_bytes=64 * 1024)

    assert letter.detached
    assert len(letter.value) + sum(len(v or b"") for _, v in letter.headers) < 10_000
    assert parse_envelope(letter.detached.body).headers() == headers


@pytest.mark.parametrize(
    ("record", "same"),
    [
        (source(1, b"other", key=b"other"), True),
        (source(2), False),
        (source(1, timestamp=5), False),
        (SourceRecord(b"", "other", 0, 1, NOW_MS - 1000), False),
        (SourceRecord(b"", "raw-events", 1, 1, NOW_MS - 1000), False),
    ],
    ids=["payload", "offset", "timestamp", "topic", "partition"],
)
def test_the_id_depends_on_coordinates_and_time_only(record: SourceRecord, same: bool) -> None:
    assert (quarantine_id(CLUSTER, record) == quarantine_id(CLUSTER, source(1))) is same


def test_the_id_never_changes_between_releases() -> None:
    assert quarantine_id(CLUSTER, source(1)) == UUID("fa43e080-1df1-55da-b360-4303ff9a6ca6")
    assert quarantine_id("other", source(1)) != quarantine_id(CLUSTER, source(1))


@pytest.mark.parametrize(
    "value",
    [None, b"", b"{}", b"[]", b"\xff", b'{"id": "x"}', b"[" * 100_000],
    ids=["none", "empty", "object", "list", "no text", "wrong id", "nested"],
)
def test_what_the_gateway_did_not_write_is_told_apart(value: bytes | None) -> None:
    with pytest.raises(NotAnEnvelope):
        parse_envelope(value)


@pytest.mark.parametrize(
    ("field", "value"),
    [("envelope_version", 2), ("original_base64", "***"), ("source_offset", "1")],
)
def test_an_envelope_that_is_not_quite_ours_is_told_apart(field: str, value: object) -> None:
    document = json.loads(letter_of(source()).value)

    with pytest.raises(NotAnEnvelope):
        parse_envelope(json.dumps({**document, field: value}).encode())
