"""fastjsonschema, for schemas whose every keyword it judges as the official suite does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import fastjsonschema
import jsonschema_rs

from dataquarantine.validation.patterns import for_python
from dataquarantine.validation.subschemas import MANY, NAMED, ONE, walk

SecondOpinion = Callable[[Any], bool]

#: Compiling takes about 0.1 ms a schema node and the answer is only a check.
MAX_NODES: Final = 500

_ANNOTATIONS: Final = frozenset(
    (
        "$comment",
        "$schema",
        "default",
        "deprecated",
        "description",
        "example",
        "examples",
        "readOnly",
        "title",
        "writeOnly",
    )
)
_EVERY_DRAFT: Final = frozenset(
    (
        "additionalProperties",
        "allOf",
        "anyOf",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "items",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "not",
        "oneOf",
        "pattern",
        "properties",
        "required",
        "type",
    )
)
_SINCE_6: Final = frozenset(("const", "propertyNames"))
_SINCE_7: Final = frozenset(("else", "if", "then"))

_DRAFTS: Final[dict[type[jsonschema_rs.Validator], tuple[frozenset[str], str]]] = {
    jsonschema_rs.Draft4Validator: (_EVERY_DRAFT, "http://json-schema.org/draft-04/schema#"),
    jsonschema_rs.Draft6Validator: (
        _EVERY_DRAFT | _SINCE_6,
        "http://json-schema.org/draft-06/schema#",
    ),
    **dict.fromkeys(
        (
            jsonschema_rs.Draft7Validator,
            jsonschema_rs.Draft201909Validator,
            jsonschema_rs.Draft202012Validator,
        ),
        (_EVERY_DRAFT | _SINCE_6 | _SINCE_7, "http://json-schema.org/draft-07/schema#"),
    ),
}

#: Text that may go into generated code. fastjsonschema formats names and values into source lines.
_HARMLESS: Final = re.compile(r"[\w $@.:/,+-]{0,200}\Z")


def compile_second_opinion(
    definition: Any, make: type[jsonschema_rs.Validator]
) -> SecondOpinion | None:
    """Compile a schema with fastjsonschema; None unless every keyword in it is known to agree."""
    keywords, draft = _DRAFTS[make]
    if not isinstance(definition, dict) or not _agrees(definition, keywords):
        return None
    patterns: dict[str, SecondOpinion] = {}
    prepared = _prepared(definition, make, patterns)
    try:
        judge = fastjsonschema.compile(
            {**prepared, "$schema": draft},
            formats=patterns,
            use_default=False,
            detailed_exceptions=False,
        )
    except Exception:
        # Whatever the generator stumbles over: a second opinion is never worth a schema.
        return None

    def passes(document: Any) -> bool:
        try:
            judge(document)
        except fastjsonschema.JsonSchemaValueException:
            return False
        return True

    return passes


def _agrees(definition: dict[str, Any], keywords: frozenset[str]) -> bool:
    nodes = 0
    for _, schema in walk(definition):
        nodes += 1
        if nodes > MAX_NODES or not (isinstance(schema, bool) or _node_agrees(schema, keywords)):
            return False
    return not isinstance(definition.get("items"), list)


def _node_agrees(schema: Any, keywords: frozenset[str]) -> bool:
    if not isinstance(schema, dict):
        return False
    used = {key for key in schema if key not in _ANNOTATIONS and not key.startswith("x-")}
    if not used <= keywords or isinstance(schema.get("items"), list):
        return False
    if "pattern" in schema and for_python(schema["pattern"]) is None:
        return False
    names = schema.get("properties", {})
    values = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    return (
        all(_is_harmless(name) for name in (*names, *schema.get("required", ())))
        and len({re.sub(r"[^a-zA-Z0-9]", "", name) for name in names}) == len(names)
        and all(_is_harmless(value) for value in values)
    )


def _is_harmless(value: Any) -> bool:
    """Tell whether a value is a scalar that can't be mistaken for code."""
    if isinstance(value, str):
        return _HARMLESS.match(value) is not None
    return value is None or isinstance(value, (bool, int))


def _prepared(
    schema: Any, make: type[jsonschema_rs.Validator], checks: dict[str, SecondOpinion]
) -> Any:
    """Copy what is judged; patterns and formats become named checks."""
    if not isinstance(schema, dict):
        return schema
    prepared: dict[str, Any] = {}
    extra: list[dict[str, Any]] = []
    for keyword, value in schema.items():
        if keyword in _ANNOTATIONS or keyword.startswith("x-"):
            continue
        if keyword == "pattern":
            extra.append({"format": _pattern_check(value, checks)})
        elif keyword == "format":
            extra.append({"format": _format_check(value, make, checks)})
        elif keyword == "const":
            extra.append({"enum": [value]})
        elif keyword in NAMED:
            prepared[keyword] = {n: _prepared(child, make, checks) for n, child in value.items()}
        elif keyword in MANY and isinstance(value, list):
            prepared[keyword] = [_prepared(child, make, checks) for child in value]
        else:
            prepared[keyword] = _prepared(value, make, checks) if keyword in ONE else value
    if extra:
        prepared["allOf"] = [*prepared.get("allOf", ()), *extra]
    return prepared


def _pattern_check(pattern: str, checks: dict[str, SecondOpinion]) -> str:
    name = f"check-{len(checks)}"
    compiled = for_python(pattern)
    checks[name] = lambda text: compiled is None or compiled.search(text) is not None
    return name


def _format_check(
    value: str, make: type[jsonschema_rs.Validator], checks: dict[str, SecondOpinion]
) -> str:
    """Ask the first engine: one meaning per format; what a draft does not know passes."""
    name = f"check-{len(checks)}"
    checks[name] = make({"format": value}, validate_formats=True).is_valid
    return name
