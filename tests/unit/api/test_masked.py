"""What people see of a record's headers."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from dataquarantine.api.masked import masked_headers
from dataquarantine.quarantine.envelope import Envelope, ErrorSummary, Text

ID = UUID(int=1)


def headers_shown(*headers: tuple[str, Text]) -> list[tuple[str, str | None]]:
    error = ErrorSummary("schema_violation", "", None)
    envelope = Envelope(
        id=ID,
        validation_error=error,
        source_topic="raw-events",
        source_partition=0,
        source_offset=0,
        quarantined_at=datetime.now(UTC),
        fingerprint="f",
        source_headers=list(headers),
        source_timestamp_ms=0,
        lineage_id=ID,
        gateway_version="1",
        envelope_version=1,
    )
    return masked_headers(envelope)


def test_a_producer_is_named_and_other_headers_keep_their_shape() -> None:
    shown = headers_shown(("Client-Id", "checkout"), ("user", "ann@example.org"), ("none", None))

    assert shown == [("Client-Id", "checkout"), ("user", "xxx@xxxxxxx.xxx"), ("none", None)]


def test_only_the_header_that_names_the_producer_is_readable() -> None:
    shown = headers_shown(("producer", "ann"), ("client-id", "checkout"), ("client.id", None))

    assert shown == [("producer", "xxx"), ("client-id", "xxxxxxxx"), ("client.id", None)]
