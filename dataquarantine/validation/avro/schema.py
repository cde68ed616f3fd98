"""An Avro schema, checked and ready to read with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import fastavro
from fastavro.schema import (
    SchemaParseException,
    UnknownType,
    fingerprint,
    to_parsing_canonical_form,
)

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.avro.checks import check_shape, check_types
from dataquarantine.validation.avro.errors import Unresolvable
from dataquarantine.validation.avro.primitives import Read
from dataquarantine.validation.avro.reader import ReaderCompiler


@dataclass(frozen=True, slots=True, eq=False)
class AvroSchema:
    """A parsed schema.

    parsed: with full names, as fastavro gives it; named: its named types by full name.
    fingerprint: CRC-64-AVRO of the parsing canonical form, 8 bytes, little-endian.
    """

    parsed: Any
    named: Mapping[str, Any]
    fingerprint: bytes
    read: Read

    def reader_of(self, writer: AvroSchema) -> Read:
        """Compile the reader of data that `writer` wrote.

        Raises: Unresolvable when this schema can't read any of it.
        """
        if writer is self:
            return self.read
        return ReaderCompiler(writer.named, self.named).compile(writer.parsed, self.parsed)


def parse_avro(definition: Any, *, where: str = "") -> AvroSchema:
    """Check a definition and compile its reader.

    Args: definition: the schema as JSON or YAML gives it. where: file and line for the error.
    Raises: InvalidSchema.
    """
    check_shape(definition, where)
    named: dict[str, Any] = {}
    try:
        parsed = fastavro.parse_schema(definition, named)
        canonical = to_parsing_canonical_form(definition)
    except UnknownType as exc:
        remedy = "define it in this schema, before it is used"
        raise InvalidSchema(f"type {exc.name!r} is unknown", where=where, remedy=remedy) from exc
    except (SchemaParseException, ValueError, TypeError, AttributeError) as exc:
        remedy = "see the Avro 1.12 specification"
        raise InvalidSchema(f"no Avro schema: {exc}", where=where, remedy=remedy) from exc
    except KeyError as exc:
        raise InvalidSchema(
            f"no Avro schema: a type lacks {exc}", where=where, remedy=f"add {exc}"
        ) from exc
    check_types(parsed, named, where)
    try:
        read = ReaderCompiler(named, named).compile(parsed, parsed)
    except Unresolvable as exc:
        raise InvalidSchema(str(exc), where=where, remedy="correct the schema") from exc
    digest = bytes.fromhex(fingerprint(canonical, "CRC-64-AVRO"))
    return AvroSchema(parsed, named, digest, read)
