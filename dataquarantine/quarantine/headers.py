"""Headers of a dead letter: the source's own, then why it did not pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dataquarantine.outcomes import ErrorType
from dataquarantine.records import Header

PREFIX = "__dq."
ERRORS_PREFIX = "__dq.errors."
MAX_MESSAGE_BYTES = 512

STAGES: Mapping[ErrorType, str] = {
    ErrorType.SIZE_VIOLATION: "size",
    ErrorType.MALFORMED_PAYLOAD: "decode",
    ErrorType.SCHEMA_MISSING: "find_schema",
    ErrorType.SCHEMA_NOT_FOUND: "find_schema",
    ErrorType.SCHEMA_VIOLATION: "structure",
    ErrorType.TYPE_VIOLATION: "types",
    ErrorType.RULE_VIOLATION: "rules",
    ErrorType.REMEDIATION_ERROR: "remediate",
    ErrorType.VALIDATOR_ERROR: "judge",
    ErrorType.PRODUCE_ERROR: "produce",
}


def source_headers(headers: Sequence[Header]) -> list[Header]:
    """Keep what the producer sent; names under `__dq.` are the gateway's own and don't pass."""
    return [header for header in headers if not header[0].startswith(PREFIX)]


def cap(text: str, limit: int = MAX_MESSAGE_BYTES) -> bytes:
    """Encode a text to at most `limit` bytes without cutting a character in two."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded
    return encoded[:limit].decode("utf-8", "ignore").encode()
