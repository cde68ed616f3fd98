"""Avro: framing, files, a strict reader with schema resolution, the JSON form of values."""

from dataquarantine.validation.avro.container import MAGIC, read_container
from dataquarantine.validation.avro.decoder import AvroDecoder, FindWriter, read_value
from dataquarantine.validation.avro.errors import NotDecodable
from dataquarantine.validation.avro.framing import Framing, FramingKind, read_framing
from dataquarantine.validation.avro.json_form import json_form
from dataquarantine.validation.avro.render import to_json
from dataquarantine.validation.avro.schema import AvroSchema, parse_avro

__all__ = [
    "MAGIC",
    "AvroDecoder",
    "AvroSchema",
    "FindWriter",
    "Framing",
    "FramingKind",
    "NotDecodable",
    "json_form",
    "parse_avro",
    "read_container",
    "read_framing",
    "read_value",
    "to_json",
]
