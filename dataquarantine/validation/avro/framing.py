"""How a value says which schema wrote it.

Sources: Avro 1.12 specification, "Single-object encoding"; Confluent's wire format.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

_CONFLUENT_HEADER = 5
_SINGLE_OBJECT_MAGIC = b"\xc3\x01"
_SINGLE_OBJECT_HEADER = 10


class FramingKind(StrEnum):
    """What stands before the Avro bytes."""

    BARE = "bare"
    CONFLUENT = "confluent"  # byte 0, then the schema id, 4 bytes, big-endian
    SINGLE_OBJECT = "single_object"  # C3 01, then the CRC-64-AVRO fingerprint, little-endian


class Framing(NamedTuple):
    """The header of a value; the Avro bytes begin at `payload_offset`."""

    kind: FramingKind
    schema_id: int | None
    fingerprint: bytes | None
    payload_offset: int


BARE = Framing(FramingKind.BARE, None, None, 0)


def read_framing(value: bytes) -> Framing:
    """Read the header; anything that is neither of the two known ones counts as bare.

    A bare value may begin with the same bytes by chance: ask only where framing is expected.
    """
    if value[:1] == b"\x00" and len(value) >= _CONFLUENT_HEADER:
        schema_id = int.from_bytes(value[1:_CONFLUENT_HEADER], "big")
        return Framing(FramingKind.CONFLUENT, schema_id, None, _CONFLUENT_HEADER)
    if value[:2] == _SINGLE_OBJECT_MAGIC and len(value) >= _SINGLE_OBJECT_HEADER:
        fingerprint = value[2:_SINGLE_OBJECT_HEADER]
        return Framing(FramingKind.SINGLE_OBJECT, None, fingerprint, _SINGLE_OBJECT_HEADER)
    return BARE
