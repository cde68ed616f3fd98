"""What lies on the ledger: entries of the gateway, and skips that an operator signed."""

from __future__ import annotations

from datetime import datetime

import msgspec

from dataquarantine.records import TopicPartition


class SchemaCounts(msgspec.Struct, frozen=True):
    """The records of one schema version within a range."""

    seen: int
    valid: int


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True, tag="range", tag_field="kind"):
    """What became of the records of `first_offset` up to and without `next_offset`.

    It is written before the range is committed; a range may hold fewer records than offsets
    (compaction, transactions). seen = valid + invalid + error + tombstone_forwarded + unjudged.

    generation: of the consumer group; of overlapping ranges the highest counts, the others were
        read again. remediated: part of valid. unjudged: forwarded in `passthrough` mode.
    expired: offsets that retention deleted before they were read.
    schemas: by `name@version`. codes: records that did not pass, by their headline's code.
    """

    topic: str
    partition: int
    generation: int
    first_offset: int
    next_offset: int
    seen: int
    valid: int
    invalid: int
    error: int
    tombstone_forwarded: int
    remediated: int
    unjudged: int
    expired: int
    schemas: dict[str, SchemaCounts]
    codes: dict[str, int]
    mode: str
    worker: str
    gateway_version: str
    at: datetime

    @property
    def tp(self) -> TopicPartition:
        return TopicPartition(self.topic, self.partition)

    @property
    def quarantined(self) -> int:
        """Records that became dead letters, unless the pipeline only observes."""
        return 0 if self.mode == "observe" else self.invalid + self.error

    @property
    def adds_up(self) -> bool:
        """Whether every record that was seen is accounted for, and the offsets hold that many."""
        parts = self.valid + self.invalid + self.error + self.tombstone_forwarded + self.unjudged
        counts = (*(self.valid, self.invalid, self.error, self.unjudged), self.tombstone_forwarded)
        return (
            self.seen == parts
            and min(counts) >= 0
            and 0 <= self.expired
            and self.seen + self.expired <= self.next_offset - self.first_offset
        )


class SignedSkip(msgspec.Struct, frozen=True, kw_only=True, tag="skip", tag_field="kind"):
    """Offsets that an operator had the gateway pass over, and answers for."""

    topic: str
    partition: int
    first_offset: int
    next_offset: int
    who: str
    why: str
    at: datetime

    @property
    def tp(self) -> TopicPartition:
        return TopicPartition(self.topic, self.partition)


_DECODER = msgspec.json.Decoder(LedgerEntry | SignedSkip)


def read_ledger(value: bytes | None) -> LedgerEntry | SignedSkip | None:
    """Read a record of the ledger; None when it is neither an entry nor a skip."""
    try:
        found: LedgerEntry | SignedSkip = _DECODER.decode(value or b"")
    except msgspec.MsgspecError:
        return None
    return found
