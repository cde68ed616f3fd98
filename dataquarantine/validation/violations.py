"""What the JSON Schema engine found, as violations with stable codes and plain messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import jsonschema_rs

from dataquarantine.outcomes import MAX_VIOLATIONS, Code, Violation
from dataquarantine.validation.masking import (
    holds_marks,
    is_masked,
    marks_personal_data,
    mask_value,
)
from dataquarantine.validation.messages import ending, quote, sentence, show, show_name
from dataquarantine.validation.sampling import Sample
from dataquarantine.validation.subschemas import pointer_text

__all__ = ["Describer", "dotted", "instance_pointer", "show"]

#: Places are few unless a document has long arrays; the cache starts again when it is full.
MAX_PLACES: Final = 4096

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
    "false": Code.FORBIDDEN,
    "format": Code.FORMAT_MISMATCH,
    "items": Code.UNKNOWN_ITEM,
    "maxContains": Code.WRONG_ITEM_COUNT,
    "maxItems": Code.WRONG_ITEM_COUNT,
    "maxLength": Code.WRONG_LENGTH,
    "maxProperties": Code.WRONG_PROPERTY_COUNT,
    "maximum": Code.OUT_OF_RANGE,
    "minContains": Code.MISSING_ITEM,
    "minItems": Code.WRONG_ITEM_COUNT,
    "minLength": Code.WRONG_LENGTH,
    "minProperties": Code.WRONG_PROPERTY_COUNT,
    "minimum": Code.OUT_OF_RANGE,
    "multipleOf": Code.NOT_A_MULTIPLE,
    "not": Code.FORBIDDEN,
    "oneOf": Code.NO_ALTERNATIVE_MATCHES,
    "pattern": Code.PATTERN_MISMATCH,
    "propertyNames": Code.INVALID_PROPERTY_NAME,
    "required": Code.MISSING_FIELD,
    "type": Code.WRONG_TYPE,
    "unevaluatedItems": Code.UNKNOWN_ITEM,
    "unevaluatedProperties": Code.UNKNOWN_FIELD,
    "uniqueItems": Code.DUPLICATE_ITEMS,
}
_UNKNOWN_FIELD: Final = ("additionalProperties", "unevaluatedProperties")
#: Keywords that the engine reports under another's name; the location tells.
_RENAMED: Final = {
    "required": ("dependencies", "dependentRequired"),
    "contains": ("minContains", "maxContains"),
    "falseSchema": ("items", "additionalItems"),
}

Path = Sequence[str | int]


class _Place(NamedTuple):
    """What all violations at one place of document and schema share.

    ending: of their messages, behind the shown value; None where it depends on the value.
    """

    keyword: str
    code: Code
    prefix: str
    field_path: str | None
    instance_location: str
    keyword_location: str
    hidden: bool
    ending: str | None


class Moved:
    """An error found in a sample, as it stands in the document."""

    def __init__(self, error: jsonschema_rs.ValidationError, sample: Sample) -> None:
        self.kind = error.kind
        self.evaluation_path = error.evaluation_path
        self.instance_path = sample.origin(error.instance_path)
        self.instance = sample.value_at(self.instance_path)


EngineError = jsonschema_rs.ValidationError | Moved


class PartOfViolations(list[Violation]):
    """Violations of a document that is too large to name all of them."""


class Describer:
    """Turns the engine's errors into violations; values under `x-pii` are not shown.

    Args: original: pattern as the engine has it -> as the author wrote it.
    Cost: 1 to 2 us a violation.
    """

    def __init__(self, definition: Any, original: Mapping[str, str]) -> None:
        self._definition = definition
        self._original = original
        self._has_personal_data = marks_personal_data(definition)
        self._places: dict[tuple[Any, ...], _Place] = {}
        self._missing: dict[tuple[Any, ...], tuple[Violation]] = {}

    def __call__(
        self, errors: Iterable[jsonschema_rs.ValidationError], sample: Sample | None = None
    ) -> list[Violation]:
        """Name what is wrong, one more than `MAX_VIOLATIONS` at most.

        Args: sample: of the document, when the errors are the sample's.
        """
        found: list[Violation] = []
        describe = self._describe
        for error in errors:
            found += describe(error if sample is None else Moved(error, sample), sample)
            if len(found) > MAX_VIOLATIONS:
                return found[: MAX_VIOLATIONS + 1]
        return found

    def _describe(self, error: EngineError, sample: Sample | None) -> Sequence[Violation]:
        kind: Any = error.kind
        name = kind.name
        if name == "required":
            return self._required(error, kind.property)
        place = self._place(error, name)
        keyword = place.keyword
        if keyword in _UNKNOWN_FIELD:
            return [
                _of_field(
                    place, error.instance_path, field, f"{show(field)} is no property of the schema"
                )
                for field in kind.unexpected
            ]
        if keyword == "propertyNames":
            return (self._of_name(place, error.instance_path, kind.error),)
        value = error.instance
        code = place.code
        if place.ending is None:
            text = sentence(keyword, kind, value)
        else:
            shown = self._show(value) if place.hidden else show(value)
            if keyword in ("anyOf", "oneOf"):
                code, text = self._of_alternatives(kind, shown, sample)
            else:
                text = shown + place.ending
        at, instance_location, keyword_location = place[3:6]
        return (
            Violation(code, keyword, place.prefix + text, at, instance_location, keyword_location),
        )

    def _required(self, error: EngineError, name: str) -> tuple[Violation]:
        """Describe a missing property; it is the same at every record, so it is made once."""
        path = error.instance_path
        key = (name, *path, None, *error.evaluation_path)
        made = self._missing.get(key)
        if made is None:
            if len(self._missing) >= MAX_PLACES:
                self._missing.clear()
            place = self._place(error, "required")
            text = f"{show(name)} is a required property"
            if place.code is Code.DEPENDENCY_MISSING:
                text += " because of another one"
            made = self._missing[key] = (_of_field(place, path, name, text),)
        return made

    def _of_alternatives(self, kind: Any, shown: str, sample: Sample | None) -> tuple[Code, str]:
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.OneOfMultipleValid):
            text = f"{shown} matches several alternatives, only one may match"
            return Code.SEVERAL_ALTERNATIVES_MATCH, text
        text = f"{shown} matches none of the alternatives{self._closest(kind.context, sample)}"
        return Code.NO_ALTERNATIVE_MATCHES, text

    def _place(self, error: EngineError, name: str) -> _Place:
        path, evaluation = error.instance_path, error.evaluation_path
        key = (name, *path, None, *evaluation)
        place = self._places.get(key)
        if place is None:
            if len(self._places) >= MAX_PLACES:
                self._places.clear()
            place = self._places[key] = self._new_place(name, path, evaluation, error.kind)
        return place

    def _new_place(self, name: str, path: Path, evaluation: Path, kind: Any) -> _Place:
        last = str(evaluation[-1]) if evaluation else ""
        keyword = last if last in _RENAMED.get(name, ()) else name
        if keyword == "falseSchema":
            keyword = "false"
        at = dotted(path)
        return _Place(
            keyword,
            _CODES.get(keyword, Code.INVALID_VALUE),
            f"{at}: " if at else "",
            at or None,
            instance_pointer(path),
            pointer_text([self._as_written(part) for part in evaluation]),
            self._hides(path),
            self._ending(keyword, kind),
        )

    def _ending(self, keyword: str, kind: Any) -> str | None:
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.FalseSchema):
            return " is not allowed here"
        if keyword == "pattern":
            return f" does not match {quote(self._original.get(kind.pattern, kind.pattern))}"
        return ending(keyword, kind)

    def _hides(self, path: Path) -> bool:
        definition = self._definition
        return self._has_personal_data and (
            is_masked(definition, path) or holds_marks(definition, path)
        )

    def _as_written(self, part: str | int) -> str | int:
        return self._original.get(part, part) if isinstance(part, str) else part

    def _show(self, value: Any) -> str:
        return show(mask_value(value)) if isinstance(value, str) else "the value (masked)"

    def _of_name(self, place: _Place, path: Path, inner: Any) -> Violation:
        kind, name = inner.kind, inner.instance
        why = "is no name the schema allows"
        if kind.name == "pattern":
            pattern = self._original.get(kind.pattern, kind.pattern)
            why = f"does not match {quote(pattern)}"
        return _of_field(place, path, name, f"property name {show(name)} {why}")

    def _closest(
        self,
        alternatives: Sequence[Sequence[jsonschema_rs.ValidationError]],
        sample: Sample | None,
    ) -> str:
        """Name the first fault of the alternative that has the fewest, deepest first."""
        tried = [errors for errors in alternatives if errors]
        if not tried:
            return ""
        best = min(tried, key=lambda errors: (-len(errors[0].instance_path), len(errors)))
        error = best[0] if sample is None else Moved(best[0], sample)
        first = self._describe(error, sample)
        return f" (closest: {first[0].message})" if first else ""


def dotted(path: Path) -> str:
    """Write a path as people do: `items[0].price`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{show_name(part)}" for part in path]
    return "".join(parts).removeprefix(".")


def instance_pointer(path: Path) -> str:
    """Write a JSON Pointer into a record; names too long to show are cut there as well."""
    return pointer_text([part if isinstance(part, int) else show_name(part) for part in path])


def _of_field(place: _Place, path: Path, name: str, text: str) -> Violation:
    """Make a violation whose field is a property of the object at `path`."""
    return Violation(
        place.code,
        place.keyword,
        place.prefix + text,
        dotted([*path, name]),
        place.instance_location,
        place.keyword_location,
    )
