"""The value of a dead letter: the record as it came and everything that is wrong with it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import google_crc32c
import msgspec

from dataquarantine.errors import DataQuarantineError
from dataquarantine.outcomes import Violation
from dataquarantine.records import Header, Record

ENVELOPE_VERSION = 1
#: Root of every quarantine id.
NAMESPACE = UUID("6a1c9c0e-52a4-5f0b-9a5e-3d1f7f0a4c11")

#: Where originals are kept; no topic's paths look so, they go on with a partition.
ORIGINALS = "originals/"

#: `uuid5` by hand (RFC 9562, 5.5), in two thirds of its time.
_NAMESPACE = hashlib.sha1(NAMESPACE.bytes, usedforsecurity=False)
_FREE_BITS = ~(0xF000 << 64 | 0xC000 << 48)
_VERSION_5 = 5 << 76 | 0x8000 << 48

RAW_NULL = msgspec.Raw(b"null")
_JSON_SPACE = b" \t\r\n"

Text = str | dict[str, str] | None


class NotAnEnvelope(DataQuarantineError):
    """A record of the dead letter topic that the gateway did not write."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"not an envelope of this gateway: {problem}; its bytes are kept as found")


class PayloadElsewhere(DataQuarantineError):
    """The envelope was too large for the topic; the whole of it lies in the object store."""

    def __init__(self, payload_ref: str) -> None:
        self.payload_ref = payload_ref
        super().__init__(f"the payload is not in the dead letter; fetch the object {payload_ref}")


class ErrorSummary(msgspec.Struct, frozen=True):
    """The headline of a judgement."""

    error_type: str
    error_message: str | None = None
    field_path: str | None = None


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """Envelope version 1; the field order is the order on the wire."""

    id: UUID
    original_message: msgspec.Raw = RAW_NULL
    original_base64: str | None = None
    validation_error: ErrorSummary
    source_topic: str
    source_partition: int
    source_offset: int
    quarantined_at: datetime
    schema_name: str | None = None
    schema_version: str | None = None
    violations: list[dict[str, Any]] = []
    violations_truncated: bool = False
    fingerprint: str
    source_key: Text = None
    source_headers: list[tuple[str, Text]] = []
    source_timestamp_ms: int
    payload_ref: str | None = None
    payload_size: int | None = None
    payload_crc32c: int | None = None
    attempt: int = 1
    lineage_id: UUID
    gateway_version: str
    envelope_version: int

    def payload(self) -> bytes | None:
        """Return the original bytes; None for an empty value (tombstone).

        Raises: PayloadElsewhere when only the object holds them.
        """
        if self.original_base64 is not None:
            return base64.b64decode(self.original_base64)
        if self.payload_crc32c is None:
            return None
        if self.payload_ref is not None:
            raise PayloadElsewhere(self.payload_ref)
        return bytes(self.original_message)

    def key(self) -> bytes | None:
        """Return the source record's key."""
        return bytes_of(self.source_key)

    def headers(self) -> list[Header]:
        """Return the source record's headers."""
        return [(name, bytes_of(value)) for name, value in self.source_headers]


_DECODER = msgspec.json.Decoder(Envelope)


def parse_envelope(value: bytes | None) -> Envelope:
    """Read an envelope of version 1.

    Raises: NotAnEnvelope for everything else.
    """
    if value is None:
        raise NotAnEnvelope("the value is empty")
    try:
        envelope = _DECODER.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise NotAnEnvelope(str(exc)) from exc
    if envelope.envelope_version != ENVELOPE_VERSION:
        raise NotAnEnvelope(f"envelope_version {envelope.envelope_version} is unknown")
    if envelope.original_base64 is not None:
        try:
            base64.b64decode(envelope.original_base64, validate=True)
        except binascii.Error as exc:
            raise NotAnEnvelope("original_base64 is not base64") from exc
    return envelope


def quarantine_id(cluster_id: str, record: Record) -> UUID:
    """Derive the id that every repetition of the same record gets.

    The timestamp is part of it because a topic that is made anew starts at offset 0 again.
    """
    place = f"{cluster_id}/{record.topic}/{record.partition}/{record.offset}/{record.timestamp}"
    named = _NAMESPACE.copy()
    named.update(place.encode())
    number = int.from_bytes(named.digest()[:16], "big")
    return UUID(int=number & _FREE_BITS | _VERSION_5)


def object_path(topic: str, partition: int, offset: int, record_id: UUID) -> str:
    """Say where a record's own object lies in the bucket."""
    return f"{topic}/{partition}/{offset}_{record_id}.json"


def original_path(
    topic: str, partition: int, offset: int, record_id: UUID | str, pseudonym: str | None
) -> str:
    """Say where the bytes lie that a remediated record came with (`keep_original`).

    pseudonym: of the record's key; all that is kept of a key lies in one folder.
    """
    return f"{originals_of(pseudonym)}{topic}/{partition}/{offset}_{record_id}.json"


def originals_of(pseudonym: str | None) -> str:
    """Name the folder of what is kept of a key."""
    return f"{ORIGINALS}{(pseudonym or 'no-key').replace(':', '-')}/"


def crc32c(payload: bytes | None) -> int | None:
    """Checksum a payload (Castagnoli); None for an empty value."""
    return None if payload is None else int(google_crc32c.value(payload))


def text_of(data: bytes | None) -> Text:
    """Show bytes as text where they are UTF-8, else as base64."""
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def column_of(text: Text) -> str | None:
    """Show a key or header in one column."""
    return f"base64:{text['base64']}" if isinstance(text, dict) else text


def bytes_of(text: Text) -> bytes | None:
    """Undo `text_of`."""
    if text is None or isinstance(text, str):
        return None if text is None else text.encode()
    return base64.b64decode(text["base64"])


def embeds_exactly(payload: bytes | None, rendered: bytes | None) -> bool:
    """Tell whether the JSON shown in the envelope gives back the original bytes.

    White space around a JSON text is lost when it becomes a member of another.
    """
    return bool(
        rendered
        and (rendered is payload or rendered == payload)
        and rendered[0] not in _JSON_SPACE
        and rendered[-1] not in _JSON_SPACE
    )


def violation_document(violation: Violation) -> dict[str, Any]:
    """Show a violation as JSON."""
    return {
        "code": violation.code.value,
        "keyword": violation.keyword,
        "message": violation.message,
        "field_path": violation.field_path,
        "instance_location": violation.instance_location,
        "keyword_location": violation.keyword_location,
        "rule": violation.rule,
        "severity": violation.severity.value,
    }


def header_documents(headers: Sequence[Header]) -> list[tuple[str, Text]]:
    """Show headers as JSON."""
    return [(name, text_of(value)) for name, value in headers]
