"""Why a record did not pass, in the headers that tools for other dead letter topics look for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from dataquarantine.quarantine.envelope import Envelope
from dataquarantine.quarantine.headers import cap
from dataquarantine.records import Header

Dialect = Literal["none", "connect", "streams", "spring"]

#: What each dialect's names begin with; those a record already carries are replaced.
PREFIXES: Mapping[Dialect, str] = {
    "connect": "__connect.errors.",
    "streams": "__streams.errors.",
    "spring": "kafka_dlt-",
}
_OURS = "dataquarantine"
#: Connect's names of what was being done; everything between is a transformation.
_CONNECT_STAGES = {"malformed_payload": "VALUE_CONVERTER", "produce_error": "KAFKA_PRODUCE"}


def dialect_headers(dialect: Dialect, envelope: Envelope) -> list[Header]:
    """Say it as the dialect does; without stack traces, for there are none.

    Source: Kafka Connect's DeadLetterQueueReporter, KIP-1034 (Streams), Spring's
    DeadLetterPublishingRecoverer: its numbers are big-endian binary, those of the others text.
    """
    write = _WRITERS.get(dialect)
    if write is None:
        return []
    return [(PREFIXES[dialect] + name, value) for name, value in write(envelope).items()]


def without_dialect(dialect: Dialect, headers: Sequence[Header]) -> list[Header]:
    """Leave out what an earlier failure wrote in the same dialect."""
    prefix = PREFIXES.get(dialect)
    if prefix is None:
        return list(headers)
    return [header for header in headers if not header[0].startswith(prefix)]


def _connect(envelope: Envelope) -> dict[str, bytes]:
    error_type = envelope.validation_error.error_type
    return {
        **_origin(envelope),
        "connector.name": _OURS.encode(),
        "stage": _CONNECT_STAGES.get(error_type, "TRANSFORMATION").encode(),
        "class.name": _OURS.encode(),
        "exception.class.name": _exception(envelope),
        "exception.message": _message(envelope),
    }


def _streams(envelope: Envelope) -> dict[str, bytes]:
    return {
        **_origin(envelope),
        "exception": _exception(envelope),
        "message": _message(envelope),
    }


def _spring(envelope: Envelope) -> dict[str, bytes]:
    return {
        "original-topic": envelope.source_topic.encode(),
        "original-partition": envelope.source_partition.to_bytes(4, "big", signed=True),
        "original-offset": envelope.source_offset.to_bytes(8, "big", signed=True),
        "original-timestamp": envelope.source_timestamp_ms.to_bytes(8, "big", signed=True),
        "exception-fqcn": _exception(envelope),
        "exception-message": _message(envelope),
    }


def _origin(envelope: Envelope) -> dict[str, bytes]:
    return {
        "topic": envelope.source_topic.encode(),
        "partition": str(envelope.source_partition).encode(),
        "offset": str(envelope.source_offset).encode(),
    }


def _exception(envelope: Envelope) -> bytes:
    return f"{_OURS}.{envelope.validation_error.error_type}".encode()


def _message(envelope: Envelope) -> bytes:
    return cap(envelope.validation_error.error_message or "")


_WRITERS: Mapping[Dialect, Callable[[Envelope], dict[str, bytes]]] = {
    "connect": _connect,
    "streams": _streams,
    "spring": _spring,
}
