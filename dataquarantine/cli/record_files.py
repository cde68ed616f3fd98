"""The records of a file: JSON values a line each, a JSON document or array, an Avro container."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, Literal

import msgspec

from dataquarantine.errors import DataQuarantineError
from dataquarantine.validation.avro import (
    MAGIC,
    AvroDecoder,
    AvroSchema,
    NotDecodable,
    read_container,
    to_json,
)

Format = Literal["ndjson", "json", "avro"]

#: A JSON document is read as a whole.
MAX_DOCUMENT_BYTES = 256 * 2**20
#: A first line that is no JSON by itself is taken for the start of a document up to this size.
_MAX_GUESSED_BYTES = 64 * 2**20
_HEADER_BYTES = 10  # of the single-object encoding
_SPACE = b" \t\r\n"


class UnreadableFile(DataQuarantineError):
    """A file that is not what it was taken for."""


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """A record; `position` is its line in a file of lines, else its number, both from 1."""

    position: int
    value: bytes


@dataclass(frozen=True, slots=True)
class RecordFile:
    """An open file of records.

    records: raises NotDecodable where an Avro file is damaged.
    writer: what the records of an Avro file were written with; they come in single-object encoding.
    """

    format: Format
    records: Iterator[FoundRecord]
    writer: AvroSchema | None = None

    def json_records(self) -> Iterator[FoundRecord]:
        """Read the records, those of an Avro file written as JSON."""
        if self.writer is None:
            return self.records
        decode = AvroDecoder(self.writer).decode
        return (
            FoundRecord(found.position, to_json(decode(found.value, _HEADER_BYTES)))
            for found in self.records
        )


def open_records(file: BinaryIO, *, as_format: Format | None = None) -> RecordFile:
    """Tell what a file holds by its first bytes, unless it is said, and read its records.

    Raises: UnreadableFile when it is not of the format that was said, or an Avro file's header
        is damaged; InvalidSchema when the schema there is refused.
    """
    peekable = file if isinstance(file, io.BufferedReader) else io.BufferedReader(file)  # type: ignore[type-var] # BytesIO and the like
    starts_as_avro = peekable.peek(len(MAGIC)).startswith(MAGIC)
    if as_format == "avro" or (as_format is None and starts_as_avro):
        return _avro(peekable)
    if as_format == "ndjson":
        return RecordFile("ndjson", _lines(peekable))
    if as_format == "json":
        return RecordFile("json", _document(peekable.read(MAX_DOCUMENT_BYTES + 1)))
    return _json_or_lines(peekable)


def _avro(file: BinaryIO) -> RecordFile:
    try:
        writer, records = read_container(file)
    except NotDecodable as exc:
        raise UnreadableFile(f"no Avro file: {exc.message}") from exc
    numbered = (FoundRecord(number, value) for number, value in enumerate(records, 1))
    return RecordFile("avro", numbered, writer)


def _json_or_lines(file: BinaryIO) -> RecordFile:
    """Take a first line that is whole for one of many; an array alone in its file for records."""
    start = first = file.readline()
    while first and not first.strip(_SPACE):
        first = file.readline()
        start += first
    opens = first.lstrip(_SPACE)[:1]
    if opens == b"[" or (opens == b"{" and not _is_json(first)):
        rest = file.read(_MAX_GUESSED_BYTES)
        start += rest
        if len(rest) < _MAX_GUESSED_BYTES and _is_json(start):
            return RecordFile("json", _document(start))
    return RecordFile("ndjson", _lines(_joined(start, file)))


def _joined(start: bytes, file: BinaryIO) -> Iterator[bytes]:
    """Give the lines of a file whose start has been read already, in the middle of a line too."""
    first = io.BytesIO(start).readlines()
    if first and not first[-1].endswith(b"\n"):
        first[-1] += file.readline()
    return chain(first, file)


def _lines(lines: Iterable[bytes]) -> Iterator[FoundRecord]:
    for position, line in enumerate(lines, 1):
        value = line.rstrip(b"\r\n")
        if value.strip(_SPACE):
            yield FoundRecord(position, value)


def _document(text: bytes) -> Iterator[FoundRecord]:
    """Split an array into its items, each as it was written; anything else is one record."""
    if len(text) > MAX_DOCUMENT_BYTES:
        limit = f"{MAX_DOCUMENT_BYTES / 2**20:.0f} MB"
        raise UnreadableFile(f"a JSON document above {limit}: write one record a line instead")
    stripped = text.strip(_SPACE)
    if stripped[:1] != b"[":
        return iter([FoundRecord(1, stripped)] if stripped else [])
    try:
        items = msgspec.json.decode(stripped, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, RecursionError):
        return iter([FoundRecord(1, stripped)])
    return (FoundRecord(number, bytes(item)) for number, item in enumerate(items, 1))


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return True
