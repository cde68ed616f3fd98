"""What the lines of the spool say."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dataquarantine.store.objects import StoredObject
from dataquarantine.store.row import QuarantineRow, StoredMark


class SpooledPayload(msgspec.Struct, frozen=True):
    """An object, and the rows that wait for it."""

    path: str
    content_type: str
    body: bytes
    marks: tuple[StoredMark, ...] = ()

    @property
    def item(self) -> StoredObject:
        return StoredObject(self.path, self.body, self.content_type)


class SpooledRow(msgspec.Struct, frozen=True, tag="row"):
    """A row to be inserted."""

    row: QuarantineRow


class SpooledMarks(msgspec.Struct, frozen=True, tag="stored"):
    """Payloads that arrived while their rows could not be told."""

    marks: tuple[StoredMark, ...]


RowLine = SpooledRow | SpooledMarks

_PAYLOADS = msgspec.json.Decoder(SpooledPayload)
_ROWS: msgspec.json.Decoder[RowLine] = msgspec.json.Decoder(RowLine)


def payload_line(item: StoredObject, marks: Sequence[StoredMark]) -> bytes:
    return msgspec.json.encode(
        SpooledPayload(item.path, item.content_type, item.body, tuple(marks))
    )


def row_line(row: QuarantineRow) -> bytes:
    return msgspec.json.encode(SpooledRow(row))


def marks_line(marks: Sequence[StoredMark]) -> bytes:
    return msgspec.json.encode(SpooledMarks(tuple(marks)))


def read_payload(line: bytes) -> SpooledPayload:
    """Raises: msgspec.MsgspecError for a damaged line."""
    return _PAYLOADS.decode(line)


def read_row(line: bytes) -> RowLine:
    """Raises: msgspec.MsgspecError for a damaged line."""
    return _ROWS.decode(line)
