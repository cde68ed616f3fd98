"""A model's complaint as a violation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError

from dataquarantine.outcomes import Code, Violation
from dataquarantine.validation.masking import (
    holds_marks,
    is_masked,
    marks_personal_data,
    mask_value,
)
from dataquarantine.validation.subschemas import pointer_text, same_value
from dataquarantine.validation.violations import dotted, instance_pointer, show

_CODES = {
    "missing": Code.MISSING_FIELD,
    "missing_argument": Code.MISSING_FIELD,
    "missing_keyword_only_argument": Code.MISSING_FIELD,
    "missing_positional_only_argument": Code.MISSING_FIELD,
    "extra_forbidden": Code.UNKNOWN_FIELD,
    "unexpected_keyword_argument": Code.UNKNOWN_FIELD,
    "invalid_key": Code.INVALID_PROPERTY_NAME,
    "greater_than": Code.OUT_OF_RANGE,
    "greater_than_equal": Code.OUT_OF_RANGE,
    "less_than": Code.OUT_OF_RANGE,
    "less_than_equal": Code.OUT_OF_RANGE,
    "finite_number": Code.OUT_OF_RANGE,
    "int_parsing_size": Code.OUT_OF_RANGE,
    "date_past": Code.OUT_OF_RANGE,
    "date_future": Code.OUT_OF_RANGE,
    "datetime_past": Code.OUT_OF_RANGE,
    "datetime_future": Code.OUT_OF_RANGE,
    "decimal_max_digits": Code.OUT_OF_RANGE,
    "decimal_max_places": Code.NOT_A_MULTIPLE,
    "decimal_whole_digits": Code.OUT_OF_RANGE,
    "multiple_of": Code.NOT_A_MULTIPLE,
    "too_short": Code.WRONG_ITEM_COUNT,
    "too_long": Code.WRONG_ITEM_COUNT,
    "string_too_short": Code.WRONG_LENGTH,
    "string_too_long": Code.WRONG_LENGTH,
    "bytes_too_short": Code.WRONG_LENGTH,
    "bytes_too_long": Code.WRONG_LENGTH,
    "url_too_long": Code.WRONG_LENGTH,
    "string_pattern_mismatch": Code.PATTERN_MISMATCH,
    "string_not_ascii": Code.PATTERN_MISMATCH,
    "string_unicode": Code.INVALID_ENCODING,
    "bytes_invalid_encoding": Code.CONTENT_MISMATCH,
    "enum": Code.ENUM_MISMATCH,
    "literal_error": Code.ENUM_MISMATCH,
    "union_tag_invalid": Code.NO_ALTERNATIVE_MATCHES,
    "union_tag_not_found": Code.NO_ALTERNATIVE_MATCHES,
    "timezone_naive": Code.FORMAT_MISMATCH,
    "timezone_aware": Code.FORMAT_MISMATCH,
    "timezone_offset": Code.FORMAT_MISMATCH,
    "recursion_loop": Code.NESTED_TOO_DEEP,
    "recursion_depth_exceeded": Code.NESTED_TOO_DEEP,
}
#: A text that is no date, address or uuid; `int_parsing` and its like are wrong types.
_FORMATS = ("date_", "datetime_", "time_", "time_delta_", "url_", "uuid_", "json_")
#: Errors whose text the model's author wrote; it may hold any value of the document.
_AUTHORED = ("value_error", "assertion_error")

Path = list[str | int]


class _Place(NamedTuple):
    """Where an error is: in the document, and in the model's JSON Schema."""

    path: Path
    keywords: Path


class Describer:
    """Turns the errors of one model into violations; values under `x-pii` are not shown.

    definition: the model's JSON Schema.
    """

    def __init__(self, model: type[BaseModel]) -> None:
        self.definition = _definition_of(model)
        self._marks = marks_personal_data(self.definition)

    def __call__(self, error: Mapping[str, Any], document: Any) -> Violation:
        """Describe one of `ValidationError.errors()`."""
        kind = error["type"]
        place = self._place(error["loc"], document, names_last=kind == "missing")
        text = self._text(error, place.path)
        prefix = f"{dotted(place.path)}: " if place.path else ""
        instance = place.path[:-1] if kind == "missing" else place.path
        if kind == "missing":
            prefix = f"{dotted(instance)}: " if instance else ""
        return Violation(
            _code(kind),
            kind,
            prefix + text,
            dotted(place.path) or None,
            instance_pointer(instance),
            pointer_text([*place.keywords, kind]),
        )

    def _text(self, error: Mapping[str, Any], path: Path) -> str:
        kind = error["type"]
        if kind == "missing":
            return f"{show(path[-1])} is a required property"
        if kind == "extra_forbidden":
            return "is no property of the model"
        if self._hides(kind, path):
            value = error["input"]
            shape = show(mask_value(value)) if isinstance(value, str) else "the value (masked)"
            return f"{shape} does not pass {kind}"
        return f"{_decapitalised(error['msg'])}, got {show(error['input'])}"

    def _hides(self, kind: str, path: Path) -> bool:
        if not self._marks:
            return False
        # an author's text, or a whole object, may show any marked field
        return (
            kind in _AUTHORED
            or is_masked(self.definition, path)
            or holds_marks(self.definition, path)
        )

    def _place(self, loc: Sequence[str | int], document: Any, *, names_last: bool) -> _Place:
        """Follow an error's location; what is not in the document names a branch of a union."""
        path: Path = []
        keywords: Path = []
        schemas: list[Any] = [self.definition]
        at = document
        for index, part in enumerate(loc):
            inside = _holds(at, part)
            if not inside and not (names_last and index == len(loc) - 1):
                continue
            path.append(part)
            at = at[part] if inside else None
            if names_last and not inside:
                break
            step, schemas = self._descend(schemas, part)
            keywords.extend(step)
        return _Place(path, keywords)

    def _descend(self, schemas: list[Any], part: str | int) -> tuple[Path, list[Any]]:
        judging = [found for schema in schemas for found in same_value(self.definition, schema)]
        if isinstance(part, int):
            return ["items"], [found["items"] for found in judging if "items" in found]
        declared = [
            found["properties"][part] for found in judging if part in found.get("properties", ())
        ]
        if declared:
            return ["properties", part], declared
        keyword = "additionalProperties"
        return [keyword], [found[keyword] for found in judging if keyword in found]


def _definition_of(model: type[BaseModel]) -> Any:
    """Describe the model; one that can't be described counts as personal data altogether."""
    try:
        return model.model_json_schema()
    except (PydanticInvalidForJsonSchema, PydanticSchemaGenerationError):
        return {"x-pii": "mask"}


def _holds(container: Any, part: str | int) -> bool:
    if isinstance(container, dict):
        return part in container
    return isinstance(container, list) and isinstance(part, int) and part < len(container)


def _code(kind: str) -> Code:
    if kind in _CODES:
        return _CODES[kind]
    if kind.endswith("_type") or kind in ("none_required", "is_instance_of"):
        return Code.WRONG_TYPE
    if kind.startswith(_FORMATS):
        return Code.FORMAT_MISMATCH
    if kind.endswith("_parsing") or kind == "int_from_float":
        return Code.WRONG_TYPE
    return Code.INVALID_VALUE


def _decapitalised(text: str) -> str:
    return text[:1].lower() + text[1:]
