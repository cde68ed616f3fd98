"""From judged records to what is produced to the dead letter topic."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from dataquarantine import __version__
from dataquarantine.outcomes import JudgedChunk, ValidationOutcome
from dataquarantine.quarantine import envelope as envelopes
from dataquarantine.quarantine.dialects import Dialect, dialect_headers, without_dialect
from dataquarantine.quarantine.envelope import Envelope
from dataquarantine.quarantine.findings import VERSION_HEADER, Finding, finding_of
from dataquarantine.quarantine.headers import ERRORS_PREFIX, source_headers
from dataquarantine.quarantine.private_keys import PrivateKeys
from dataquarantine.records import Header, Record

#: What a record batch adds around key, value and headers, generously.
RECORD_OVERHEAD_BYTES = 1024
#: What our own headers take at most: some twenty texts of at most 512 bytes, and their names.
MOST_ERROR_HEADERS_BYTES = 16 * 1024
#: Key and headers above this go with the detached payload instead of into the topic.
MAX_KEY_AND_HEADERS_BYTES = 64 * 1024


class DetachedPayload(NamedTuple):
    """What must be durable before its dead letter is produced."""

    path: str
    body: bytes


class KeptOriginal(NamedTuple):
    """What a remediated record came with; durable before the record is forwarded."""

    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record for the dead letter topic.

    `source_index` is the position of its source record within the chunk. `timestamp_ms` is the
    time of quarantine: the source's own may be 1970, which retention would delete at once.
    `detached` is set when the whole envelope is too large for the topic.
    """

    source_index: int
    key: bytes | None
    value: bytes
    headers: list[Header]
    timestamp_ms: int
    detached: DetachedPayload | None = None


class DeadLetterWriter:
    """Writes envelopes for one pipeline; `dialect`: the headers beside our own."""

    def __init__(
        self,
        cluster_id: str,
        *,
        max_bytes: int = 1024 * 1024,
        dialect: Dialect = "none",
        keys: PrivateKeys | None = None,
    ) -> None:
        self._cluster_id = cluster_id
        self._dialect = dialect
        self._keys = keys or PrivateKeys(cluster_id.encode())
        self._max_bytes = max_bytes - RECORD_OVERHEAD_BYTES
        self._surely_small = self._max_bytes - MOST_ERROR_HEADERS_BYTES

    def kept_original(self, record: Record) -> KeptOriginal:
        """Say where the original of a remediated record is kept."""
        key = envelopes.column_of(envelopes.text_of(record.key))
        path = envelopes.original_path(
            record.topic,
            record.partition,
            record.offset,
            envelopes.quarantine_id(self._cluster_id, record),
            self._keys.pseudonym(key) if key is not None else None,
        )
        return KeptOriginal(path, record.value or b"")

    def dead_letters(
        self,
        records: Sequence[Record],
        judged: JudgedChunk,
        refused: Sequence[int],
        now: datetime,
    ) -> list[DeadLetter]:
        """Make dead letters of the records of a chunk that did not pass, by their positions."""
        return [
            self.dead_letter(
                index, records[index], judged.outcomes[index], judged.rendered.get(index), now
            )
            for index in refused
        ]

    def dead_letter(
        self,
        index: int,
        record: Record,
        outcome: ValidationOutcome,
        rendered: bytes | None,
        now: datetime,
    ) -> DeadLetter:
        """Make the dead letter of one record; `rendered` is its payload as JSON text, if any."""
        finding = finding_of(outcome)
        headers = source_headers(record.headers) if record.headers else []
        envelope = self._envelope(record, outcome, finding, headers, rendered, now)
        value = encode(envelope)
        errors = _error_headers(envelope, finding) + dialect_headers(self._dialect, envelope)
        key = record.key
        detached = None
        # Adding up all headers costs 2 us; our own are bounded, so it is mostly clear without.
        is_small = not headers and len(key or b"") + len(value) < self._surely_small
        if not is_small and _size(key, value, headers + errors) > self._max_bytes:
            detached = DetachedPayload(_path(envelope), value)
            if _size(key, b"", headers) > MAX_KEY_AND_HEADERS_BYTES:
                key, headers = None, []
            value = encode(_without_payload(envelope, detached.path, key, headers))
        headers = without_dialect(self._dialect, headers) + errors
        return DeadLetter(index, key, value, headers, int(now.timestamp() * 1000), detached)

    def detach(self, index: int, value: bytes, now: datetime) -> DeadLetter | None:
        """Take the payload out of a dead letter that its topic refused.

        Returns: None when the payload is out already: then the topic refuses everything.
        """
        envelope = envelopes.parse_envelope(value)
        if envelope.payload_ref is not None:
            return None
        detached = DetachedPayload(_path(envelope), value)
        small = encode(_without_payload(envelope, detached.path, None, []))
        return DeadLetter(index, None, small, [], int(now.timestamp() * 1000), detached)

    def _envelope(
        self,
        record: Record,
        outcome: ValidationOutcome,
        finding: Finding,
        headers: Sequence[Header],
        rendered: bytes | None,
        now: datetime,
    ) -> Envelope:
        payload = record.value
        record_id = envelopes.quarantine_id(self._cluster_id, record)
        exact = envelopes.embeds_exactly(payload, rendered)
        return Envelope(
            id=record_id,
            original_message=msgspec.Raw(rendered) if rendered else envelopes.RAW_NULL,
            original_base64=None
            if payload is None or exact
            else base64.b64encode(payload).decode(),
            validation_error=finding.error,
            source_topic=record.topic,
            source_partition=record.partition,
            source_offset=record.offset,
            quarantined_at=now,
            schema_name=outcome.schema_name,
            schema_version=outcome.schema_version,
            violations=finding.violations,
            violations_truncated=outcome.violations_truncated,
            fingerprint=finding.fingerprint,
            source_key=envelopes.text_of(record.key),
            source_headers=envelopes.header_documents(headers),
            source_timestamp_ms=record.timestamp,
            payload_size=None if payload is None else len(payload),
            payload_crc32c=envelopes.crc32c(payload),
            lineage_id=record_id,
            gateway_version=__version__,
            envelope_version=envelopes.ENVELOPE_VERSION,
        )


def _error_headers(envelope: Envelope, finding: Finding) -> list[Header]:
    """Say in headers what the envelope says, for consumers that don't open it."""
    return [
        (ERRORS_PREFIX + "topic", envelope.source_topic.encode()),
        (ERRORS_PREFIX + "partition", b"%d" % envelope.source_partition),
        (ERRORS_PREFIX + "offset", b"%d" % envelope.source_offset),
        (ERRORS_PREFIX + "timestamp", b"%d" % envelope.source_timestamp_ms),
        (ERRORS_PREFIX + "attempt", b"%d" % envelope.attempt),
        *finding.headers,
        (ERRORS_PREFIX + "quarantine.id", str(envelope.id).encode()),
        VERSION_HEADER,
    ]


def encode(envelope: Envelope) -> bytes:
    """Write an envelope; text that is no Unicode (lone surrogates) is shown with `?`."""
    try:
        return msgspec.json.encode(envelope)
    except UnicodeEncodeError:
        return msgspec.json.encode(_printable(envelope))


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.asdict(value)
        return msgspec.structs.replace(value, **_printable(fields))
    return value


def _size(key: bytes | None, value: bytes, headers: Sequence[Header]) -> int:
    return len(key or b"") + len(value) + sum([len(n) + len(v or b"") + 10 for n, v in headers])


def _without_payload(
    envelope: Envelope, path: str, key: bytes | None, headers: Sequence[Header]
) -> Envelope:
    return msgspec.structs.replace(
        envelope,
        original_message=envelopes.RAW_NULL,
        original_base64=None,
        payload_ref=path,
        source_key=envelopes.text_of(key),
        source_headers=envelopes.header_documents(headers),
    )


def _path(envelope: Envelope) -> str:
    record_id: UUID = envelope.id
    return envelopes.object_path(
        envelope.source_topic, envelope.source_partition, envelope.source_offset, record_id
    )
