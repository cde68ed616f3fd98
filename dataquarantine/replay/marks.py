"""The headers by which a replayed record is known again on its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from dataquarantine.quarantine.headers import source_headers
from dataquarantine.records import Header
from dataquarantine.validation.selection import HEADER as SCHEMA_HEADER

REPLAY_HEADER = "__dq.replay.id"
ITEM_HEADER = "__dq.replay.item"
RECORD_HEADER = "__dq.replay.record"
ATTEMPT_HEADER = "__dq.replay.attempt"
#: Where the record lay when it was quarantined: `topic/partition/offset`.
ORIGIN_HEADER = "__dq.replay.origin"
#: Where the partitions of the valid topic ended before the record was published: `0:17,1:4`.
VALID_ENDS_HEADER = "__dq.replay.valid-ends"


@dataclass(frozen=True, slots=True)
class ReplayMark:
    """Which item of which replay a record is; only records of a replay topic may have one."""

    replay_id: UUID
    item_id: UUID
    record_id: UUID
    attempt: int
    origin: str
    valid_ends: Mapping[int, int] = field(default_factory=dict)

    def headers(self) -> list[Header]:
        """Write the mark."""
        return [
            (REPLAY_HEADER, str(self.replay_id).encode()),
            (ITEM_HEADER, str(self.item_id).encode()),
            (RECORD_HEADER, str(self.record_id).encode()),
            (ATTEMPT_HEADER, b"%d" % self.attempt),
            (ORIGIN_HEADER, self.origin.encode()),
            (VALID_ENDS_HEADER, ",".join(f"{p}:{o}" for p, o in self.valid_ends.items()).encode()),
        ]

    def forwarded(self) -> list[Header]:
        """Say to consumers of a valid record that it is a replay, and of what."""
        return [
            (REPLAY_HEADER, str(self.replay_id).encode()),
            (ORIGIN_HEADER, self.origin.encode()),
        ]


def read_mark(headers: Sequence[Header]) -> ReplayMark | None:
    """Read a mark; None where there is none or its parts make no sense."""
    found = {name: (value or b"").decode("utf-8", "replace") for name, value in headers}
    try:
        return ReplayMark(
            UUID(found[REPLAY_HEADER]),
            UUID(found[ITEM_HEADER]),
            UUID(found[RECORD_HEADER]),
            int(found[ATTEMPT_HEADER]),
            found[ORIGIN_HEADER],
            _ends(found.get(VALID_ENDS_HEADER, "")),
        )
    except (KeyError, ValueError):
        return None


def _ends(text: str) -> dict[int, int]:
    pairs = (pair.split(":") for pair in text.split(",") if pair)
    return {int(partition): int(offset) for partition, offset in pairs}


def item_of(headers: Sequence[Header]) -> str | None:
    """Read the item id alone."""
    for name, value in headers:
        if name == ITEM_HEADER and value is not None:
            return value.decode("utf-8", "replace")
    return None


def replayed_headers(
    headers: Sequence[Header], schema: str | None, mark: ReplayMark
) -> list[Header]:
    """Restore a record's own headers, pin its schema and mark it."""
    own = source_headers(headers)
    if schema is not None:
        own = [header for header in own if header[0] != SCHEMA_HEADER]
        own.append((SCHEMA_HEADER, schema.encode()))
    return [*own, *mark.headers()]
