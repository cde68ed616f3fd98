"""What the JSON Schema engine found, as violations with stable codes and plain messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import jsonschema_rs
import orjson

from dataquarantine.outcomes import MAX_VIOLATIONS, Code, Violation
from dataquarantine.validation.masking import is_masked, marks_personal_data
from dataquarantine.validation.subschemas import pointer_text

MAX_SHOWN: Final = 60

_CODES: Final = {
    "additionalItems": Code.UNKNOWN_ITEM,
    "additionalProperties": Code.UNKNOWN_FIELD,
    "anyOf": Code.NO_ALTERNATIVE_MATCHES,
    "const": Code.CONST_MISMATCH,
    "contains": Code.MISSING_ITEM,
    "contentEncoding": Code.CONTENT_MISMATCH,
    "contentMediaType": Code.CONTENT_MISMATCH,
    "dependencies": Code.DEPENDENCY_MISSING,
    "dependentRequired": Code.DEPENDENCY_MISSING,
    "enum": Code.ENUM_MISMATCH,
    "exclusiveMaximum": Code.OUT_OF_RANGE,
    "exclusiveMinimum": Code.OUT_OF_RANGE,
    "falseSchema": Code.FORBIDDEN,
    "format": Code.FORMAT_MISMATCH,
    "maxItems": Code.WRONG_ITEM_COUNT,
    "maxLength": Code.WRONG_LENGTH,
    "maxProperties": Code.WRONG_PROPERTY_COUNT,
    "maximum": Code.OUT_OF_RANGE,
    "minItems": Code.WRONG_ITEM_COUNT,
    "minLength": Code.WRONG_LENGTH,
    "minProperties": Code.WRONG_PROPERTY_COUNT,
    "minimum": Code.OUT_OF_RANGE,
    "multipleOf": Code.NOT_A_MULTIPLE,
    "not": Code.FORBIDDEN,
    "pattern": Code.PATTERN_MISMATCH,
    "propertyNames": Code.INVALID_PROPERTY_NAME,
    "required": Code.MISSING_FIELD,
    "type": Code.WRONG_TYPE,
    "unevaluatedItems": Code.UNKNOWN_ITEM,
    "unevaluatedProperties": Code.UNKNOWN_FIELD,
    "uniqueItems": Code.DUPLICATE_ITEMS,
}


class Describer:
    """Turns the engine's errors into violations; values under `x-pii` are not shown."""

    def __init__(self, definition: Any) -> None:
        self._definition = definition
        self._has_personal_data = marks_personal_data(definition)

    def __call__(self, errors: Iterable[jsonschema_rs.ValidationError]) -> list[Violation]:
        """Name what is wrong, one more than `MAX_VIOLATIONS` at most."""
        found: list[Violation] = []
        for error in errors:
            found.extend(self._describe(error))
            if len(found) > MAX_VIOLATIONS:
                break
        return found[: MAX_VIOLATIONS + 1]

    def _describe(self, error: jsonschema_rs.ValidationError) -> list[Violation]:
        kind: Any = error.kind
        path = error.instance_path
        keyword = _keyword(error)
        code = _CODES.get(keyword, Code.INVALID_VALUE)
        if keyword == "oneOf":
            several = type(kind).__name__ == "OneOfMultipleValid"
            code = Code.SEVERAL_ALTERNATIVES_MATCH if several else Code.NO_ALTERNATIVE_MATCHES
        fields: list[str | int] = []
        if code in (Code.MISSING_FIELD, Code.DEPENDENCY_MISSING):
            fields = [kind.property]
            texts = [f"{kind.property!r} is a required property"]
        elif keyword in ("additionalProperties", "unevaluatedProperties"):
            fields = list(kind.unexpected)
            texts = [f"{name!r} is no property of the schema" for name in fields]
        else:
            shown = self._show(path, error.instance)
            texts = [_text(keyword, kind, shown, error.instance)]
        prefix = f"{dotted(path)}: " if path else ""
        return [
            Violation(
                code,
                keyword,
                prefix + text,
                dotted([*path, fields[at]]) if fields else dotted(path) or None,
                pointer_text(path),
                pointer_text(error.evaluation_path),
            )
            for at, text in enumerate(texts)
        ]

    def _show(self, path: list[str | int], value: Any) -> str:
        if self._has_personal_data and is_masked(self._definition, path):
            return "the value (masked)"
        return show(value)


def dotted(path: list[str | int]) -> str:
    """Write a path as people do: `items[0].price`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).removeprefix(".")


def show(value: Any) -> str:
    """Show a scalar shortly; of containers only their size."""
    if isinstance(value, dict):
        return f"an object with {len(value)} properties"
    if isinstance(value, list):
        return f"an array with {len(value)} items"
    text = repr(value) if isinstance(value, str) else _json(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # integers past 64 bit, Decimal
        return str(value)


def _keyword(error: jsonschema_rs.ValidationError) -> str:
    """Name the keyword that failed; `dependentRequired` reports itself as `required`."""
    name = error.kind.name
    path = error.schema_path
    last = path[-1] if path else name
    if name == "required" and last in ("dependencies", "dependentRequired"):
        return str(last)
    return name


_Text = Callable[[Any, str, Any], str]
_TEXTS: Final[dict[str, _Text]] = {
    "additionalItems": lambda kind, shown, value: f"more than {kind.limit} items",
    "anyOf": lambda kind, shown, value: f"{shown} matches none of the alternatives",
    "const": lambda kind, shown, value: f"{shown} is not {show(kind.expected_value)}",
    "contains": lambda kind, shown, value: "too few or too many items of the demanded kind",
    "contentEncoding": lambda kind, shown, value: f"{shown} is not {kind.content_encoding}",
    "contentMediaType": lambda kind, shown, value: f"{shown} is not {kind.content_media_type}",
    "enum": lambda kind, shown, value: f"{shown} is not one of {_options(kind.options)}",
    "exclusiveMaximum": lambda kind, shown, value: f"{shown} is not below {_json(kind.limit)}",
    "exclusiveMinimum": lambda kind, shown, value: f"{shown} is not above {_json(kind.limit)}",
    "falseSchema": lambda kind, shown, value: f"{shown} is not allowed here",
    "format": lambda kind, shown, value: f"{shown} is not a {kind.format!r}",
    "maxItems": lambda kind, shown, value: f"{len(value)} items, at most {kind.limit}",
    "maxLength": lambda kind, shown, value: f"{shown} is longer than {kind.limit} characters",
    "maxProperties": lambda kind, shown, value: f"{len(value)} properties, at most {kind.limit}",
    "maximum": lambda kind, shown, value: f"{shown} is above {_json(kind.limit)}",
    "minItems": lambda kind, shown, value: f"{len(value)} items, at least {kind.limit}",
    "minLength": lambda kind, shown, value: f"{shown} is shorter than {kind.limit} characters",
    "minProperties": lambda kind, shown, value: f"{len(value)} properties, at least {kind.limit}",
    "minimum": lambda kind, shown, value: f"{shown} is below {_json(kind.limit)}",
    "multipleOf": lambda kind, shown, value: f"{shown} is no multiple of {kind.multiple_of}",
    "not": lambda kind, shown, value: f"{shown} is what the schema forbids",
    "oneOf": lambda kind, shown, value: f"{shown} does not match exactly one alternative",
    "pattern": lambda kind, shown, value: f"{shown} does not match {kind.pattern!r}",
    "propertyNames": lambda kind, shown, value: "a property has a name the schema refuses",
    "type": lambda kind, shown, value: f"{shown} is not of type {_options(kind.types)}",
    "unevaluatedItems": lambda kind, shown, value: "items that the schema does not describe",
    "uniqueItems": lambda kind, shown, value: "two items are equal",
}


def _text(keyword: str, kind: Any, shown: str, value: Any) -> str:
    text = _TEXTS.get(keyword)
    return text(kind, shown, value) if text else f"{shown} breaks {keyword!r}"


def _options(options: list[Any]) -> str:
    texts = [show(option) for option in options[:8]]
    return ", ".join(texts) + (", ..." if len(options) > 8 else "")
