"""What an audit finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dataquarantine.records import TopicPartition


class Kind(StrEnum):
    """What is the matter with an offset or a range of them."""

    LOST = "lost"  # committed, but nothing says what became of it
    ROW_MISSING = "row_missing"  # a dead letter that Postgres does not have
    PAYLOAD_MISSING = "payload_missing"  # a row whose object is gone
    INCONSISTENT = "inconsistent"  # the ledger contradicts itself or the stores
    REDELIVERED = "redelivered"  # read and written twice
    EXPIRED = "expired"  # deleted by retention
    SKIPPED = "skipped"  # passed over by an operator who signed for it


#: What makes the verdict "lost" and the exit code 1.
LOSSES = frozenset([Kind.LOST, Kind.ROW_MISSING, Kind.PAYLOAD_MISSING, Kind.INCONSISTENT])


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: where, how many records or offsets, and in words what."""

    kind: Kind
    tp: TopicPartition
    first_offset: int
    next_offset: int
    count: int
    detail: str

    @property
    def is_loss(self) -> bool:
        return self.kind in LOSSES
