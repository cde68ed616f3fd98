"""Avro files: the records of an object container file, one by one."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import fastavro

from dataquarantine.outcomes import Code
from dataquarantine.validation.avro.errors import NotDecodable, cut_short
from dataquarantine.validation.avro.schema import AvroSchema, parse_avro

#: The first bytes of every container file.
MAGIC = b"Obj\x01"
_SINGLE_OBJECT = b"\xc3\x01"
#: What fastavro raises for a damaged file, decompression included.
_DAMAGED = (
    ValueError,
    EOFError,
    KeyError,
    TypeError,
    OSError,
    RecursionError,
    zlib.error,
    lzma.LZMAError,
)


def read_container(file: BinaryIO) -> tuple[AvroSchema, Iterator[bytes]]:
    """Open a container file.

    Returns: the schema in its header, and its records with the single-object header in front, as
    a topic could carry them; the iterator raises NotDecodable where the file is damaged.
    Raises: NotDecodable when the header can't be read, InvalidSchema when its schema is refused.
    """
    try:
        blocks = fastavro.block_reader(file)
        definition = blocks.writer_schema
    except _DAMAGED as exc:
        raise NotDecodable(Code.NOT_AVRO, f"no Avro file: {exc}") from None
    schema = parse_avro(_unmarked(definition), where="the file's header")
    return schema, _records(blocks, schema)


def _records(blocks: fastavro.block_reader, schema: AvroSchema) -> Iterator[bytes]:
    header = _SINGLE_OBJECT + schema.fingerprint
    try:
        for block in blocks:
            data, at = block.bytes_.getvalue(), 0
            for _ in range(block.num_records):
                _, end = schema.read(data, at, 0)
                yield header + data[at:end]
                at = end
            if at != len(data):
                raise NotDecodable(Code.NOT_AVRO, "a block has bytes left over")
    except IndexError:
        raise cut_short() from None
    except NotDecodable:
        raise
    except _DAMAGED as exc:
        raise NotDecodable(Code.NOT_AVRO, f"the Avro file is damaged: {exc}") from None


def _unmarked(definition: object) -> object:
    """Remove the marks of fastavro's parser from the outside of a schema."""
    if isinstance(definition, dict):
        return {key: value for key, value in definition.items() if not key.startswith("__")}
    return definition
