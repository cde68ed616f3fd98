"""From the bytes of a record to its document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dataquarantine.outcomes import Code
from dataquarantine.validation.avro.errors import NotDecodable, Unresolvable, cut_short
from dataquarantine.validation.avro.framing import FramingKind, read_framing
from dataquarantine.validation.avro.primitives import Read
from dataquarantine.validation.avro.schema import AvroSchema

#: Finds the schema that wrote a value by Confluent schema id or CRC-64-AVRO fingerprint.
FindWriter = Callable[[int | bytes], AvroSchema | None]


def no_writer(reference: int | bytes) -> AvroSchema | None:
    """Know no writer's schema at all."""
    return None


class AvroDecoder:
    """Reads values as one schema version, whichever version wrote them.

    Every method raises NotDecodable, and nothing else, for any bytes. Memory is bounded by a
    small multiple of the value's size. Cost: about 6 us for an event of eight fields.
    """

    def __init__(self, schema: AvroSchema, find_writer: FindWriter = no_writer) -> None:
        self._schema = schema
        self._find_writer = find_writer
        self._readers: dict[bytes, Read] = {schema.fingerprint: schema.read}

    def decode(self, value: bytes) -> Any:
        """Read a bare value that this very schema wrote."""
        return _read_whole(self._schema.read, value, 0)

    def decode_framed(self, value: bytes) -> Any:
        """Read a value whose header names the schema that wrote it."""
        kind, schema_id, fingerprint, start = read_framing(value)
        if kind is FramingKind.BARE:
            problem = "the value has neither Confluent's header nor the single-object header"
            raise NotDecodable(Code.UNKNOWN_FRAMING, problem)
        if fingerprint == self._schema.fingerprint:
            return _read_whole(self._schema.read, value, start)
        reference = schema_id if schema_id is not None else fingerprint or b""
        return self.decode_written_by(self._writer(reference), value, start)

    def decode_written_by(self, writer: AvroSchema, value: bytes, start: int = 0) -> Any:
        """Read a value that `writer` wrote, from `start` on, resolved to this schema."""
        read = self._readers.get(writer.fingerprint)
        if read is None:
            read = self._readers[writer.fingerprint] = self._reader_of(writer)
        return _read_whole(read, value, start)

    def _writer(self, reference: int | bytes) -> AvroSchema:
        writer = self._find_writer(reference)
        if writer is None:
            name = (
                f"fingerprint {reference.hex()}"
                if isinstance(reference, bytes)
                else f"id {reference}"
            )
            raise NotDecodable(Code.SCHEMA_UNKNOWN, f"no schema with {name} is registered")
        return writer

    def _reader_of(self, writer: AvroSchema) -> Read:
        try:
            return self._schema.reader_of(writer)
        except Unresolvable as exc:
            raise NotDecodable(Code.NOT_AVRO, f"the writer's schema can't be read: {exc}") from None


def _read_whole(read: Read, value: bytes, start: int) -> Any:
    try:
        document, end = read(value, start, 0)
    except IndexError:
        raise cut_short() from None
    if end != len(value):
        problem = f"{len(value) - end} bytes are left over after the value"
        raise NotDecodable(Code.NOT_AVRO, problem)
    return document
