import io
from typing import Any

import fastavro
import pytest

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.avro import (
    MAGIC,
    AvroDecoder,
    NotDecodable,
    parse_avro,
    read_container,
)

SCHEMA = {
    "type": "record",
    "name": "R",
    "namespace": "n",
    "fields": [{"name": "a", "type": "int"}, {"name": "next", "type": ["null", "R"]}],
}
DOCUMENTS = [{"a": number, "next": {"a": 1, "next": None}} for number in range(1000)]


def written(definition: Any, documents: list[Any], codec: str = "null") -> bytes:
    out = io.BytesIO()
    fastavro.writer(out, fastavro.parse_schema(definition), documents, codec, sync_interval=500)
    return out.getvalue()


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_records_come_out_framed(codec: str) -> None:
    content = written(SCHEMA, DOCUMENTS, codec)

    schema, records = read_container(io.BytesIO(content))
    read = [AvroDecoder(schema).decode_framed(record, lambda reference: None) for record in records]

    assert content.startswith(MAGIC)
    assert schema.fingerprint == parse_avro(SCHEMA).fingerprint
    assert read == DOCUMENTS


def test_schema_that_is_no_record_is_read() -> None:
    _, records = read_container(io.BytesIO(written("string", ["a", "b"])))

    assert [record[10:] for record in records] == [b"\x02a", b"\x02b"]


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_damaged_file_is_refused(codec: str) -> None:
    content = written(SCHEMA, DOCUMENTS[:20], codec)

    empty = len(written(SCHEMA, [], codec))  # a header alone is a whole file

    for size in [size for size in range(0, len(content) - 1, 3) if size != empty]:
        with pytest.raises(NotDecodable):
            list(read_container(io.BytesIO(content[:size]))[1])


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_changed_file_is_read_or_refused(codec: str) -> None:
    content = written(SCHEMA, DOCUMENTS[:20], codec)

    for at in range(len(content)):
        changed = content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]
        try:
            list(read_container(io.BytesIO(changed))[1])
        except (NotDecodable, InvalidSchema) as refused:
            assert str(refused)
