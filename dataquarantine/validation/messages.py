"""Plain sentences for broken JSON Schema keywords: expectation and a short actual value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

MAX_SHOWN: Final = 60
MAX_OPTIONS: Final = 8

_Sentence = Callable[[Any, str, Any], str]


def sentence(keyword: str, kind: Any, shown: str, value: Any) -> str:
    """Say what is wrong. Args: kind: the engine's facts. shown: the value as it may be shown."""
    known = _SENTENCES.get(keyword)
    return known(kind, shown, value) if known else f"{shown} breaks {keyword!r}"


def show(value: Any) -> str:
    """Show a scalar shortly; of containers only their size."""
    if isinstance(value, dict):
        return f"an object with {_count(value, 'property', 'properties')}"
    if isinstance(value, list):
        return f"an array with {_count(value, 'item', 'items')}"
    text = repr(value[:MAX_SHOWN]) if isinstance(value, str) else _json(value)
    cut = isinstance(value, str) and len(value) > MAX_SHOWN
    return f"{text[: MAX_SHOWN - 1]}…" if cut or len(text) > MAX_SHOWN else text


def quote(pattern: str) -> str:
    """Show a pattern as its author wrote it."""
    if not pattern.isprintable():
        return show(pattern)
    return f"'{pattern}'" if len(pattern) <= MAX_SHOWN else f"'{pattern[:MAX_SHOWN]}…"


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # integers past 64 bit, Decimal
        return str(value)


def _count(value: Any, one: str, many: str) -> str:
    return f"{len(value)} {one if len(value) == 1 else many}"


def _items(value: Any) -> str:
    return _count(value, "item", "items")


def _properties(value: Any) -> str:
    return _count(value, "property", "properties")


def _options(options: Sequence[Any]) -> str:
    texts = [show(option) for option in options[:MAX_OPTIONS]]
    return ", ".join(texts) + (", ..." if len(options) > MAX_OPTIONS else "")


def _types(types: Sequence[str]) -> str:
    return " or ".join(types)


_SENTENCES: Final[dict[str, _Sentence]] = {
    "additionalItems": lambda kind, shown, value: f"{_items(value)}, at most {kind.limit}",
    "anyOf": lambda kind, shown, value: f"{shown} matches none of the alternatives",
    "const": lambda kind, shown, value: f"{shown} is not {show(kind.expected_value)}",
    "contains": lambda kind, shown, value: "no item is of the demanded kind",
    "contentEncoding": lambda kind, shown, value: f"{shown} is not {kind.content_encoding}",
    "contentMediaType": lambda kind, shown, value: f"{shown} is not {kind.content_media_type}",
    "enum": lambda kind, shown, value: f"{shown} is not one of {_options(kind.options)}",
    "exclusiveMaximum": lambda kind, shown, value: f"{shown} is not below {_json(kind.limit)}",
    "exclusiveMinimum": lambda kind, shown, value: f"{shown} is not above {_json(kind.limit)}",
    "format": lambda kind, shown, value: f"{shown} is no {kind.format}",
    "maxContains": lambda kind, shown, value: "too many items are of the counted kind",
    "maxItems": lambda kind, shown, value: f"{_items(value)}, at most {kind.limit}",
    "maxLength": lambda kind, shown, value: f"{shown} is longer than {kind.limit} characters",
    "maxProperties": lambda kind, shown, value: f"{_properties(value)}, at most {kind.limit}",
    "maximum": lambda kind, shown, value: f"{shown} is above {_json(kind.limit)}",
    "minContains": lambda kind, shown, value: "too few items are of the demanded kind",
    "minItems": lambda kind, shown, value: f"{_items(value)}, at least {kind.limit}",
    "minLength": lambda kind, shown, value: f"{shown} is shorter than {kind.limit} characters",
    "minProperties": lambda kind, shown, value: f"{_properties(value)}, at least {kind.limit}",
    "minimum": lambda kind, shown, value: f"{shown} is below {_json(kind.limit)}",
    "multipleOf": lambda kind, shown, value: f"{shown} is no multiple of {kind.multiple_of}",
    "not": lambda kind, shown, value: f"{shown} is what the schema forbids",
    "oneOf": lambda kind, shown, value: f"{shown} does not match exactly one alternative",
    "type": lambda kind, shown, value: f"{shown} is not of type {_types(kind.types)}",
    "unevaluatedItems": lambda kind, shown, value: (
        f"{_items(kind.unexpected)} that the schema does not describe"
    ),
    "uniqueItems": lambda kind, shown, value: "two items are equal",
}
