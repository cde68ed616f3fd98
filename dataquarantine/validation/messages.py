"""Plain sentences for broken JSON Schema keywords: expectation and a short actual value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

MAX_SHOWN: Final = 60
MAX_OPTIONS: Final = 8

MAX_NAME: Final = 64


def ending(keyword: str, kind: Any) -> str | None:
    """Say what follows the shown value; None where that depends on the value.

    Args: kind: the engine's facts, of which only those of the schema are read.
    """
    if keyword in _SENTENCES:
        return None
    known = _ENDINGS.get(keyword)
    return known(kind) if known else f" breaks {keyword!r}"


def sentence(keyword: str, kind: Any, value: Any) -> str:
    """Say what is wrong with a value of which only a count is shown."""
    return _SENTENCES[keyword](kind, value)


def show_name(name: str) -> str:
    """Show a property's name, which may be the sender's: printable, and not longer than 64."""
    if len(name) <= MAX_NAME and name.isprintable():
        return name
    text = name if name.isprintable() else name[:MAX_NAME].encode("unicode_escape").decode()
    return text if len(text) <= MAX_NAME else f"{text[: MAX_NAME - 1]}…"


def show(value: Any) -> str:
    """Show a scalar shortly; of containers only their size."""
    if value.__class__ is str and len(value) < MAX_SHOWN and len(text := repr(value)) <= MAX_SHOWN:
        return text
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


#: What a value should have been; the same for every value that breaks one keyword of a schema.
_ENDINGS: Final[dict[str, Callable[[Any], str]]] = {
    "anyOf": lambda kind: " matches none of the alternatives",
    "const": lambda kind: f" is not {show(kind.expected_value)}",
    "contentEncoding": lambda kind: f" is not {kind.content_encoding}",
    "contentMediaType": lambda kind: f" is not {kind.content_media_type}",
    "enum": lambda kind: f" is not one of {_options(kind.options)}",
    "exclusiveMaximum": lambda kind: f" is not below {_json(kind.limit)}",
    "exclusiveMinimum": lambda kind: f" is not above {_json(kind.limit)}",
    "format": lambda kind: f" is no {kind.format}",
    "maxLength": lambda kind: f" is longer than {kind.limit} characters",
    "maximum": lambda kind: f" is above {_json(kind.limit)}",
    "minLength": lambda kind: f" is shorter than {kind.limit} characters",
    "minimum": lambda kind: f" is below {_json(kind.limit)}",
    "multipleOf": lambda kind: f" is no multiple of {kind.multiple_of}",
    "not": lambda kind: " is what the schema forbids",
    "oneOf": lambda kind: " does not match exactly one alternative",
    "type": lambda kind: f" is not of type {_types(kind.types)}",
}

_SENTENCES: Final[dict[str, Callable[[Any, Any], str]]] = {
    "additionalItems": lambda kind, value: f"{_items(value)}, at most {kind.limit}",
    "contains": lambda kind, value: "no item is of the demanded kind",
    "maxContains": lambda kind, value: "too many items are of the counted kind",
    "maxItems": lambda kind, value: f"{_items(value)}, at most {kind.limit}",
    "maxProperties": lambda kind, value: f"{_properties(value)}, at most {kind.limit}",
    "minContains": lambda kind, value: "too few items are of the demanded kind",
    "minItems": lambda kind, value: f"{_items(value)}, at least {kind.limit}",
    "minProperties": lambda kind, value: f"{_properties(value)}, at least {kind.limit}",
    "unevaluatedItems": lambda kind, value: (
        f"{_items(kind.unexpected)} that the schema does not describe"
    ),
    "uniqueItems": lambda kind, value: "two items are equal",
}
