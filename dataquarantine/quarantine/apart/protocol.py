"""What a worker and the process of its sink tell each other: MessagePack, one message a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from dataquarantine.quarantine.deadletters import DetachedPayload, KeptOriginal
from dataquarantine.records import Header, Record

#: A metric by its place in a list that both know, its labels, its value.
Sample = tuple[int, dict[str, str], float]


class DeadLetterRecord(msgspec.Struct, array_like=True, gc=False):
    """A record of the dead letter topic, see `dataquarantine.records.Record`."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]


class Store(msgspec.Struct, tag=True):
    """Make dead letters durable."""

    records: list[DeadLetterRecord]


class StoreDetached(msgspec.Struct, tag=True):
    """Make a payload durable before its dead letter is produced."""

    payload: DetachedPayload


class StoreOriginals(msgspec.Struct, tag=True):
    """Make durable what remediated records came with."""

    originals: list[KeptOriginal]


class Close(msgspec.Struct, tag=True):
    """Let go of the stores and end."""


class Done(msgspec.Struct, tag=True):
    """It is durable; or, as the first answer of all, the stores are open."""


class Away(msgspec.Struct, tag=True):
    """What `SinkUnavailable` says."""

    sink: str
    reason: str
    retry_after_s: float


class Failed(msgspec.Struct, tag=True):
    """The machinery is broken; the log has the traceback."""

    reason: str


class Status(msgspec.Struct):
    """Sent every second, unasked. away_s: how long each store has not answered."""

    away_s: Mapping[str, float]
    samples: list[Sample]


Request = Store | StoreDetached | StoreOriginals | Close
Answer = Done | Away | Failed

encode = msgspec.msgpack.Encoder().encode
decode_request = msgspec.msgpack.Decoder(Request).decode
decode_answer = msgspec.msgpack.Decoder(Answer).decode
decode_status = msgspec.msgpack.Decoder(Status).decode


def encode_store(records: Sequence[Record]) -> bytes:
    """Write a request to store dead letters.

    Cost: 3 us a record.
    """
    return encode(
        Store(
            [
                DeadLetterRecord(
                    r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, r.headers
                )
                for r in records
            ]
        )
    )
