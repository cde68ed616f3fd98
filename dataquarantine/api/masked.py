"""Payloads as people may see them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import msgspec

from dataquarantine.quarantine.entries import PRODUCER_HEADERS, producer_of
from dataquarantine.quarantine.envelope import Envelope
from dataquarantine.validation.masking import mask_document, mask_value
from dataquarantine.validation.subschemas import pointer_text

#: name, version -> the schema that marks what is personal, None when nobody knows it.
Definitions = Callable[[str | None, str | None], Any]

MAX_PATHS = 200
#: Deeper ones are shown as text.
MAX_DEPTH = 100


_DECODER = msgspec.json.Decoder(float_hook=Decimal)  # 30 digits stay 30 digits
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Shown(NamedTuple):
    """A payload for the screen."""

    encoding: Literal["json", "text", "base64", "empty"]
    value: Any
    masked_paths: list[str]


class Masker:
    """Shows payloads with or without what their schemas mark as personal.

    Without a known schema everything counts as personal.
    """

    def __init__(self, definitions: Definitions, key: bytes | None) -> None:
        self._definitions = definitions
        self._key = key

    def show(self, envelope: Envelope, *, unmasked: bool) -> Shown:
        """Show the original record of an envelope."""
        body = envelope.payload()
        if body is None:
            return Shown("empty", None, [])
        try:
            document = _DECODER.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _as_text(body, unmasked)
        if _is_deep(document):
            return _as_text(body, unmasked)
        if unmasked:
            return Shown("json", document, [])
        definition = self._definitions(envelope.schema_name, envelope.schema_version)
        if definition is None:
            return Shown("json", mask_value(document), [""])
        hidden = mask_document(document, definition, key=self._key)
        return Shown("json", hidden, list(_differences(document, hidden, ()))[:MAX_PATHS])


def exact_json(value: Any) -> bytes:
    """Write JSON with numbers as they came."""
    return _ENCODER.encode(value)


def masked_headers(envelope: Envelope) -> list[tuple[str, str | None]]:
    """Show the names of headers, and the shape of their values.

    The producer's name for itself is readable: it is a column of its own, and part of incidents.
    """
    producer = producer_of(envelope)
    return [(name, _header(name, value, producer)) for name, value in envelope.source_headers]


def _header(name: str, value: Any, producer: str | None) -> str | None:
    if isinstance(value, Mapping):
        return "base64"
    if name.lower() in PRODUCER_HEADERS and value == producer:
        return producer
    return None if value is None else hidden(value)


def hidden(text: str) -> str:
    """Keep the shape of a text."""
    return str(mask_value(text))


def _as_text(body: bytes, unmasked: bool) -> Shown:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        shown = base64.b64encode(body).decode() if unmasked else None
        return Shown("base64", shown, [] if unmasked else [""])
    return Shown("text", text if unmasked else hidden(text), [] if unmasked else [""])


def _is_deep(document: Any) -> bool:
    level = [document]
    for _ in range(MAX_DEPTH):
        below = [
            item
            for value in level
            if isinstance(value, (dict, list))
            for item in (value.values() if isinstance(value, dict) else value)
        ]
        if not below:
            return False
        level = below
    return True


def _differences(before: Any, after: Any, path: tuple[str | int, ...]) -> Iterator[str]:
    """Name the places that masking changed or dropped."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name, value in before.items():
            if name not in after:
                yield pointer_text((*path, name))
            else:
                yield from _differences(value, after[name], (*path, name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (value, shown) in enumerate(zip(before, after, strict=True)):
            yield from _differences(value, shown, (*path, index))
    elif before != after:
        yield pointer_text(path)
