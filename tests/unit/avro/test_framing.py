import pytest

from dataquarantine.validation.avro import FramingKind, read_framing


@pytest.mark.parametrize(
    ("value", "kind", "schema_id", "fingerprint", "payload"),
    [
        pytest.param(b"\x00\x00\x00\x01\x02xy", "confluent", 258, None, b"xy", id="confluent"),
        pytest.param(b"\x00\xff\xff\xff\xff", "confluent", 2**32 - 1, None, b"", id="no-payload"),
        pytest.param(
            b"\xc3\x01\1\2\3\4\5\6\7\x08xy", "single_object", None, b"\1\2\3\4\5\6\7\x08", b"xy",
            id="single-object",
        ),
        pytest.param(b"", "bare", None, None, b"", id="empty"),
        pytest.param(b"\x00\x00\x00\x01", "bare", None, None, b"\x00\x00\x00\x01", id="cut-id"),
        pytest.param(b"\xc3\x01abc", "bare", None, None, b"\xc3\x01abc", id="cut-fingerprint"),
        pytest.param(b'{"a": 1}', "bare", None, None, b'{"a": 1}', id="json"),
        pytest.param(b"\x01" * 20, "bare", None, None, b"\x01" * 20, id="other-magic"),
    ],
)  # fmt: skip
def test_header_tells_kind_and_writer(
    value: bytes, kind: str, schema_id: int | None, fingerprint: bytes | None, payload: bytes
) -> None:
    framing = read_framing(value)

    assert framing[:3] == (FramingKind(kind), schema_id, fingerprint)
    assert value[framing.payload_offset :] == payload
