import io
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import fastavro
import pytest

from dataquarantine.outcomes import Code
from dataquarantine.validation.avro import AvroDecoder, NotDecodable, parse_avro, to_json

DATE = {"type": "int", "logicalType": "date"}
TIME = {"type": "int", "logicalType": "time-millis"}
TIME_MICROS = {"type": "long", "logicalType": "time-micros"}
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
NANOS = {"type": "long", "logicalType": "timestamp-nanos"}
LOCAL = {"type": "long", "logicalType": "local-timestamp-millis"}
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 2}
FIXED_DECIMAL = {**DECIMAL, "type": "fixed", "name": "D", "size": 16}
UUID_TEXT = {"type": "string", "logicalType": "uuid"}
UUID_FIXED = {"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"}
DURATION = {"type": "fixed", "name": "P", "size": 12, "logicalType": "duration"}
UNKNOWN = {"type": "string", "logicalType": "colour"}

ID = UUID("1fe7a58e-4681-4db2-b493-01499b195004")
LARGE = Decimal("-1234567890123456789012345678.91")
MOMENT = datetime(2026, 11, 22, 3, 5, 43, 399000, tzinfo=UTC)


def written(definition: Any, value: Any) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(definition), value)
    return out.getvalue()


def read(definition: Any, data: bytes) -> Any:
    return AvroDecoder(parse_avro(definition)).decode(data)


@pytest.mark.parametrize(
    ("definition", "data", "value", "shown"),
    [
        pytest.param(DATE, written("int", -1), date(1969, 12, 31), b'"1969-12-31"', id="date"),
        pytest.param(TIME, written("int", 1), time(0, 0, 0, 1000), b'"00:00:00.001000"', id="time"),
        pytest.param(TIME_MICROS, written("long", 86_399_999_999), time(23, 59, 59, 999999),
            b'"23:59:59.999999"', id="last-time"),
        pytest.param(MILLIS, written(MILLIS, MOMENT), MOMENT, b'"2026-11-22T03:05:43.399000Z"',
            id="timestamp-millis"),
        pytest.param(MICROS, written("long", -1), datetime(1969, 12, 31, 23, 59, 59, 999999, UTC),
            b'"1969-12-31T23:59:59.999999Z"', id="timestamp-micros-before-1970"),
        pytest.param(NANOS, written("long", 10**18), 10**18, b"1000000000000000000", id="nanos"),
        pytest.param(LOCAL, written("long", 0), datetime(1970, 1, 1), b'"1970-01-01T00:00:00"',
            id="local"),
        pytest.param(DECIMAL, written(DECIMAL, LARGE), LARGE, str(LARGE).encode(), id="decimal"),
        pytest.param(DECIMAL, b"\x00", Decimal("0.00"), b"0.00", id="decimal-of-no-bytes"),
        pytest.param(FIXED_DECIMAL, written(FIXED_DECIMAL, LARGE), LARGE, str(LARGE).encode(),
            id="fixed-decimal"),
        pytest.param(UUID_TEXT, written(UUID_TEXT, ID), str(ID), f'"{ID}"'.encode(), id="uuid"),
        pytest.param(UUID_FIXED, ID.bytes, str(ID), f'"{ID}"'.encode(), id="fixed-uuid"),
        pytest.param(DURATION, b"\xff" * 12, b"\xff" * 12, b'{"base64":"////////////////"}',
            id="duration"),
        pytest.param(UNKNOWN, b"\x02x", "x", b'"x"', id="unknown-logical-type"),
    ],
)  # fmt: skip
def test_value_is_read_and_shown(definition: Any, data: bytes, value: Any, shown: bytes) -> None:
    document = read(definition, data)

    assert document == value
    assert to_json(document) == shown


@pytest.mark.parametrize(
    ("definition", "data", "code"),
    [
        pytest.param(DATE, written("int", 2**31 - 1), Code.OUT_OF_RANGE, id="date"),
        pytest.param(DATE, written("int", -(2**31)), Code.OUT_OF_RANGE, id="date-before-year-1"),
        pytest.param(TIME, written("int", 86_400_000), Code.OUT_OF_RANGE, id="time"),
        pytest.param(TIME, written("int", -1), Code.OUT_OF_RANGE, id="negative-time"),
        pytest.param(MILLIS, written("long", 2**63 - 1), Code.OUT_OF_RANGE, id="millis"),
        pytest.param(MICROS, written("long", -(2**63)), Code.OUT_OF_RANGE, id="micros"),
        pytest.param(DECIMAL, written("bytes", b"\x7f" * 14), Code.OUT_OF_RANGE, id="31-digits"),
        pytest.param(DECIMAL, written("bytes", b"\x7f" * 900_000), Code.OUT_OF_RANGE, id="900-kB"),
        pytest.param(UUID_TEXT, written("string", f"{{{ID}}}"), Code.FORMAT_MISMATCH, id="uuid"),
    ],
)
def test_value_that_the_type_can_not_hold_is_refused(
    definition: Any, data: bytes, code: Code
) -> None:
    with pytest.raises(NotDecodable) as refused:
        read(definition, data)

    assert refused.value.code is code


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        pytest.param(b"plain", b'"plain"', id="printable-bytes"),
        pytest.param(b"\x00\xff", b'{"base64":"AP8="}', id="other-bytes"),
        pytest.param(float("nan"), b'"nan"', id="nan"),
        pytest.param(float("-inf"), b'"-inf"', id="infinity"),
        pytest.param(2**63 - 1, b"9223372036854775807", id="long"),
        pytest.param({"a": [None, True, 1.5, "€"]}, '{"a":[null,true,1.5,"€"]}'.encode(), id="all"),
    ],
)
def test_document_is_shown_as_json(document: Any, shown: bytes) -> None:
    assert to_json(document) == shown
