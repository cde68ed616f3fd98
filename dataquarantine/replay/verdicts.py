"""What became of a replayed record; one of each item stays on `dataquarantine-outcomes`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

import msgspec

from dataquarantine.outcomes import ErrorType, ValidationOutcome
from dataquarantine.quarantine.envelope import violation_document
from dataquarantine.quarantine.fingerprint import fingerprint, headline
from dataquarantine.quarantine.headers import MAX_MESSAGE_BYTES, cap
from dataquarantine.replay.marks import ReplayMark


class Result(StrEnum):
    """Where an item stands; each has exactly one."""

    PENDING = "pending"  # not published yet
    SENDING = "sending"  # being published; after a crash the topic says whether it was
    SENT = "sent"  # published, its verdict is not back
    REPROCESSED = "reprocessed"  # passed
    FAILED_AGAIN = "failed_again"  # did not pass
    PARKED = "parked"  # did not pass and is given to people
    SKIPPED = "skipped"  # not published; `reason` says why


class Failure(msgspec.Struct, frozen=True):
    """Why a replayed record did not pass; replaces what its row said before."""

    error_type: str
    error_message: str | None
    field_path: str | None
    code: str | None
    fingerprint: str
    schema_name: str | None
    schema_version: str | None
    violations: list[dict[str, Any]]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement of one replayed record; `coordinates` are those it was replayed to."""

    kind: Literal["replay"] = "replay"
    replay_id: UUID
    item_id: UUID
    record_id: UUID
    attempt: int
    result: Literal["reprocessed", "failed_again"]
    coordinates: str
    at: datetime
    failure: Failure | None = None

    @property
    def key(self) -> bytes:
        """The compaction key."""
        return f"replay/{self.item_id}".encode()

    def encoded(self) -> bytes:
        """Write the value."""
        return msgspec.json.encode(self)


_DECODER = msgspec.json.Decoder(Verdict)


def read_verdict(value: bytes | None) -> Verdict | None:
    """Read a record of the topic; None when it is something else (a decision of people)."""
    try:
        return _DECODER.decode(value or b"")
    except msgspec.MsgspecError:
        return None


def verdict_of(
    mark: ReplayMark, outcome: ValidationOutcome, coordinates: str, at: datetime
) -> Verdict:
    """Say what a judgement means for the item that was judged."""
    return Verdict(
        replay_id=mark.replay_id,
        item_id=mark.item_id,
        record_id=mark.record_id,
        attempt=mark.attempt,
        result="reprocessed" if outcome.passed else "failed_again",
        coordinates=coordinates,
        at=at,
        failure=None if outcome.passed else _failure(outcome),
    )


def _failure(outcome: ValidationOutcome) -> Failure:
    first = headline(outcome)
    message = outcome.error_message
    return Failure(
        str(outcome.error_type or ErrorType.VALIDATOR_ERROR),
        None if message is None else cap(message, 4 * MAX_MESSAGE_BYTES).decode(),
        outcome.field_path,
        first.code.value if first else None,
        fingerprint(outcome),
        outcome.schema_name,
        outcome.schema_version,
        [violation_document(violation) for violation in outcome.violations],
    )
