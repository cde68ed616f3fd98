"""What parent and child tell each other: MessagePack, so that a broken child can't run code."""

from __future__ import annotations

import msgspec

from dataquarantine.outcomes import JudgedChunk, ValidationOutcome
from dataquarantine.records import Record, SourceRecord


class Limits(msgspec.Struct, frozen=True):
    """What judging one record may take.

    cpu_s: processor time; the first record pays for compiling its schema too. wall_s: time in
    all, for validators that wait. memory_bytes: beyond what the idle child has.
    """

    cpu_s: int = 5
    wall_s: int = 30
    memory_bytes: int = 512 * 2**20


class Start(msgspec.Struct, frozen=True):
    """The first message to the child: limits and a pickled maker of engines."""

    limits: Limits
    make_engine: bytes


class Judged(msgspec.Struct, frozen=True):
    """The child's judgement of one record; `failure` when the engine could not be made."""

    outcome: ValidationOutcome | None = None
    key: bytes | None = None
    remediated: bytes | None = None
    rendered: bytes | None = None
    keep_original: bool = False
    failure: str | None = None


encode = msgspec.msgpack.Encoder().encode
decode_start = msgspec.msgpack.Decoder(Start).decode
decode_record = msgspec.msgpack.Decoder(SourceRecord).decode
decode_judged = msgspec.msgpack.Decoder(Judged).decode


def encode_record(record: Record) -> bytes:
    """Write a record for the child."""
    return encode(
        SourceRecord(
            record.value,
            record.topic,
            record.partition,
            record.offset,
            record.timestamp,
            record.key,
            tuple(record.headers),
        )
    )


def judged_of(chunk: JudgedChunk) -> Judged:
    """Take the judgement of a chunk of one record."""
    return Judged(
        chunk.outcomes[0],
        chunk.keys[0],
        chunk.remediated.get(0),
        chunk.rendered.get(0),
        0 in chunk.originals,
    )
