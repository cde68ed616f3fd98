"""From a dead letter to its row and its object."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

import msgspec

from dataquarantine import __version__
from dataquarantine.outcomes import Code, ErrorType, Violation, rejected
from dataquarantine.quarantine import envelope as envelopes
from dataquarantine.quarantine.envelope import Envelope, NotAnEnvelope
from dataquarantine.quarantine.fingerprint import fingerprint
from dataquarantine.quarantine.private_keys import PrivateKeys
from dataquarantine.quarantine.states import RecordState
from dataquarantine.records import Record
from dataquarantine.store.row import QuarantineRow, record_time

#: Headers by which producers name themselves; the first that is there counts.
PRODUCER_HEADERS = ("client.id", "client-id", "client_id", "producer")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the stores get of one dead letter; `body` is None when its object is there already.

    topic: the dead letter topic that it came from.
    """

    row: QuarantineRow
    body: bytes | None
    topic: str
    foreign: bool = False


def entry_of(
    record: Record, cluster_id: str, now: datetime, keys: PrivateKeys | None = None
) -> Entry:
    """Read a record of the dead letter topic; one that is no envelope is kept as it is.

    Args: keys: how record keys appear in rows; None leaves them in clear.
    """
    foreign = False
    body = record.value or b""
    try:
        envelope = envelopes.parse_envelope(record.value)
    except NotAnEnvelope as exc:
        foreign = True
        envelope = _adopted(record, cluster_id, now, exc.problem)
        body = msgspec.json.encode(envelope)
    path = envelope.payload_ref or envelopes.object_path(
        envelope.source_topic, envelope.source_partition, envelope.source_offset, envelope.id
    )
    row = _row(envelope, record, path, now)
    if keys is not None:
        row = msgspec.structs.replace(row, key=keys.column(row.topic, row.key))
    return Entry(row, None if envelope.payload_ref else body, record.topic, foreign)


def renamed(entry: Entry) -> Entry:
    """Give an entry a new id, made of the old one and its payload, and with it a new path."""
    old = entry.row
    new_id = uuid5(old.id, str(old.payload_crc32c))
    path = envelopes.object_path(old.topic, old.partition, old.offset, new_id)
    if entry.body is None:
        path = old.storage_path
    row = msgspec.structs.replace(old, id=new_id, storage_path=path)
    return replace(entry, row=row)


def _row(envelope: Envelope, record: Record, path: str, now: datetime) -> QuarantineRow:
    error = envelope.validation_error
    first = next((v for v in envelope.violations if v.get("severity") != "warn"), {})
    return QuarantineRow(
        id=envelope.id,
        topic=envelope.source_topic,
        partition=envelope.source_partition,
        offset=envelope.source_offset,
        timestamp=record_time(envelope.source_timestamp_ms),
        schema_name=envelope.schema_name,
        schema_version=envelope.schema_version,
        error_type=error.error_type,
        error_message=error.error_message,
        field_path=error.field_path,
        storage_path=path,
        status=RecordState.STORED,
        code=first.get("code"),
        fingerprint=envelope.fingerprint,
        violations=envelope.violations,
        key=envelopes.column_of(envelope.source_key),
        producer=producer_of(envelope),
        attempt=envelope.attempt,
        lineage_id=envelope.lineage_id,
        source_timestamp_ms=envelope.source_timestamp_ms,
        dlq_partition=record.partition,
        dlq_offset=record.offset,
        payload_crc32c=envelope.payload_crc32c,
        quarantined_at=envelope.quarantined_at,
        stored_at=now,
        updated_at=now,
    )


def producer_of(envelope: Envelope) -> str | None:
    """Find by which name the record's producer went."""
    named = {name.lower(): value for name, value in envelope.source_headers}
    return next(
        (envelopes.column_of(named[name]) for name in PRODUCER_HEADERS if name in named), None
    )


def _adopted(record: Record, cluster_id: str, now: datetime, problem: str) -> Envelope:
    """Quarantine a record of the dead letter topic itself."""
    violation = Violation(Code.NOT_AN_ENVELOPE, "envelope", f"not an envelope: {problem[:200]}")
    outcome = rejected(ErrorType.MALFORMED_PAYLOAD, [violation])
    record_id: UUID = envelopes.quarantine_id(cluster_id, record)
    return Envelope(
        id=record_id,
        original_base64=None if record.value is None else base64.b64encode(record.value).decode(),
        validation_error=envelopes.ErrorSummary(
            ErrorType.MALFORMED_PAYLOAD, outcome.error_message, None
        ),
        source_topic=record.topic,
        source_partition=record.partition,
        source_offset=record.offset,
        quarantined_at=now,
        violations=[envelopes.violation_document(violation)],
        fingerprint=fingerprint(outcome),
        source_key=envelopes.text_of(record.key),
        source_headers=envelopes.header_documents(record.headers),
        source_timestamp_ms=record.timestamp,
        payload_size=None if record.value is None else len(record.value),
        payload_crc32c=envelopes.crc32c(record.value),
        lineage_id=record_id,
        gateway_version=__version__,
        envelope_version=envelopes.ENVELOPE_VERSION,
    )
