"""A JSON Schema made ready for the engine, refused with place and remedy where it can't be used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jsonschema_rs

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.patterns import for_linear_engine, why_refused
from dataquarantine.validation.subschemas import MANY, NAMED, ONE, Pointer, pointer_text, walk

MAX_DEPTH: Final = 200
#: Set to true at the root of a draft 6 or 7 schema, content is checked, not only described.
ASSERT_CONTENT: Final = "x-assert-content"
_CONTENT: Final = ("contentEncoding", "contentMediaType")

DRAFTS: Final = {
    "http://json-schema.org/draft-04/schema": jsonschema_rs.Draft4Validator,
    "http://json-schema.org/draft-06/schema": jsonschema_rs.Draft6Validator,
    "http://json-schema.org/draft-07/schema": jsonschema_rs.Draft7Validator,
    "https://json-schema.org/draft/2019-09/schema": jsonschema_rs.Draft201909Validator,
    "https://json-schema.org/draft/2020-12/schema": jsonschema_rs.Draft202012Validator,
}

_IS_PATTERN: Final = jsonschema_rs.Draft202012Validator(
    {"format": "regex"}, validate_formats=True
).is_valid


class Preparation:
    """A schema as the engine gets it, with the way back to what its author wrote.

    original: rewritten pattern -> the author's, for messages and locations.
    """

    def __init__(self, definition: Any) -> None:
        self.original: dict[str, str] = {}
        self._asserts_content = isinstance(definition, dict) and definition.get(ASSERT_CONTENT)
        self.definition = self._schema(definition)

    def _schema(self, schema: Any) -> Any:
        if not isinstance(schema, dict):
            return schema
        prepared = {
            keyword: self._keyword(keyword, value)
            for keyword, value in schema.items()
            if keyword not in _CONTENT or self._asserts_content
        }
        if prepared.get("additionalProperties") is False:
            # Without it the engine does not say which properties are unknown.
            prepared.setdefault("properties", {})
        return prepared

    def _keyword(self, keyword: str, value: Any) -> Any:
        if keyword == "pattern" and isinstance(value, str):
            return self._pattern(value)
        if keyword in NAMED and isinstance(value, dict):
            rename = self._pattern if keyword == "patternProperties" else str
            return {rename(name): self._schema(child) for name, child in value.items()}
        if keyword in MANY and isinstance(value, list):
            return [self._schema(child) for child in value]
        if keyword in ONE:
            return self._schema(value)
        return value

    def _pattern(self, pattern: str) -> str:
        rewritten = for_linear_engine(pattern)
        if rewritten != pattern:
            self.original[rewritten] = pattern
        return rewritten


def validator_class(
    definition: Any, where: str, resources: Mapping[str, Any]
) -> type[jsonschema_rs.Validator]:
    """Choose the draft by `$schema`, which may be a registered one; 2020-12 when there is none.

    Raises: InvalidSchema for a draft that is not known.
    """
    named = definition.get("$schema") if isinstance(definition, dict) else None
    if named is None:
        return jsonschema_rs.Draft202012Validator
    found = DRAFTS.get(named.removesuffix("#")) if isinstance(named, str) else None
    if found is None and isinstance(named, str) and named in resources:
        return validator_class(resources[named], where, {})
    if found is None:
        raise InvalidSchema(
            f"$schema {named!r} is no known draft",
            where=f"{where}#/$schema",
            remedy=f"use one of {', '.join(DRAFTS)}",
        )
    return found


def check_size(definition: Any, where: str) -> None:
    """Refuse what is nested so deep that judging by it could fail.

    Raises: InvalidSchema.
    """
    waiting = [(definition, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise InvalidSchema(
                f"the schema is nested deeper than {MAX_DEPTH} levels",
                where=where,
                remedy="move parts to $defs and refer to them by $ref",
            )
        if isinstance(value, dict):
            waiting.extend((item, depth + 1) for item in value.values())
        elif isinstance(value, list):
            waiting.extend((item, depth + 1) for item in value)


def check_patterns(definition: Any, where: str) -> None:
    """Refuse patterns that are none by ECMA 262; not every draft's meta-schema does.

    Raises: InvalidSchema.
    """
    for pointer, schema in walk(definition):
        if not isinstance(schema, dict):
            continue
        if isinstance(schema.get("pattern"), str):
            _check_pattern(schema["pattern"], where, (*pointer, "pattern"))
        named = schema.get("patternProperties")
        for pattern in named if isinstance(named, dict) else ():
            _check_pattern(pattern, where, (*pointer, "patternProperties", pattern))


def _check_pattern(pattern: str, where: str, place: Pointer) -> None:
    if not _IS_PATTERN(pattern):
        raise _refused_pattern(pattern, f"{where}#{pointer_text(place)}")


def _refused_pattern(pattern: str, place: str) -> InvalidSchema:
    return InvalidSchema(
        f"pattern {pattern!r} is refused: {why_refused(pattern)}",
        where=place,
        remedy="write it without that, or as a rule",
    )


def explain(
    error: jsonschema_rs.ValidationError, preparation: Preparation, where: str
) -> InvalidSchema:
    """Say in one line why the engine can't use a schema."""
    kind: Any = error.kind
    place = f"{where}#{pointer_text(_original_path(error.instance_path, preparation.original))}"
    if kind.name == "$ref":
        return _unresolved(error, where)
    if kind.name == "format" and kind.format == "regex" and isinstance(error.instance, str):
        return _refused_pattern(preparation.original.get(error.instance, error.instance), place)
    problem = error.message.split("\n")[0]
    return InvalidSchema(problem, where=place, remedy="see the draft's specification")


def _unresolved(error: jsonschema_rs.ValidationError, where: str) -> InvalidSchema:
    problem = error.message.split("\n")[0]
    if problem.startswith("Resource '"):
        reference = problem.split("'")[1]
        return InvalidSchema(
            f"$ref to {reference!r} leads to no registered schema (nothing is ever fetched)",
            where=where,
            remedy="register a schema with that $id, or copy it under $defs",
        )
    return InvalidSchema(
        f"a $ref leads nowhere: {problem}", where=where, remedy="correct the $ref or add its target"
    )


def _original_path(path: list[str | int], original: Mapping[str, str]) -> list[str | int]:
    return [original.get(part, part) if isinstance(part, str) else part for part in path]
