"""What can be wrong with one schema document; each check has a name by which it is skipped."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import jsonschema_rs
from jsonschema_rs import canonical

from dataquarantine.errors import InvalidSchema
from dataquarantine.outcomes import Severity
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.validation.compiled import CompiledSchema, SchemaCompiler
from dataquarantine.validation.messages import show_name
from dataquarantine.validation.preparation import Preparation
from dataquarantine.validation.rules.diagnostics import InvalidRule, did_you_mean
from dataquarantine.validation.subschemas import Pointer, Subschema, walk

SNAKE_CASE: Final = re.compile(r"_{0,2}[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
#: Names that the gateway itself reads from a record.
SELECTORS: Final = frozenset({"_schema", "_schema_version"})
_OPEN_REPETITION: Final = re.compile(r"(?<!\\)(?:[*+]|\{\d+,\})")
#: Formats that the engine asserts. Source: JSON Schema 2020-12, validation, section 7.3.
FORMATS: Final = frozenset(
    "date date-time duration email hostname idn-email idn-hostname ipv4 ipv6 iri iri-reference "
    "json-pointer regex relative-json-pointer time uri uri-reference uri-template uuid".split()
)
#: Of all drafts, 4 to 2020-12, and what editors and OpenAPI add without meaning for a record.
KEYWORDS: Final = frozenset(
    "$anchor $comment $defs $dynamicAnchor $dynamicRef $id $recursiveAnchor $recursiveRef $ref "
    "$schema $vocabulary additionalItems additionalProperties allOf anyOf const contains "
    "contentEncoding contentMediaType contentSchema default definitions dependencies "
    "dependentRequired dependentSchemas deprecated description else enum example examples "
    "exclusiveMaximum exclusiveMinimum format id if items maxContains maxItems maxLength "
    "maxProperties maximum minContains minItems minLength minProperties minimum multipleOf not "
    "oneOf pattern patternProperties prefixItems properties propertyNames readOnly required then "
    "title type unevaluatedItems unevaluatedProperties uniqueItems writeOnly".split()
)
_LIST_ITEM: Final = re.compile(r"\b(rules|remediation)\[(\d+)\]")
_LIMITS: Final = (
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minContains", "maxContains"),
)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that is wrong with a document.

    parts: where, from the root of the file (`schema`, `properties`, ...).
    error: the registry refuses the document for it; otherwise it is advice.
    """

    check: str
    text: str
    parts: Pointer = ()
    error: bool = False
    excerpt: str = ""


Check = Callable[[SchemaDocument], Iterator[Remark]]


def examine(
    document: SchemaDocument,
    others: Sequence[SchemaDocument] = (),
    *,
    skip: Iterable[str] = (),
    model_packages: Sequence[str] = (),
    now: datetime | None = None,
) -> list[Remark]:
    """Run every check that is not skipped.

    Args: others: documents that a `$ref` may name by `$id`.
        now: what rules read as the time; default is the present.
    """
    skipped = frozenset(skip)
    compiler = SchemaCompiler([*others, document], model_packages=model_packages)
    try:
        compiled = compiler.compile(document)
    except InvalidSchema as exc:
        remedy = f"; {exc.remedy}" if exc.remedy else ""
        text = f"{exc.problem}{remedy}"
        excerpt = exc.pointed if isinstance(exc, InvalidRule) else ""
        valid = Remark("valid", text, _place(exc, document), error=True, excerpt=excerpt)
        return [] if "valid" in skipped else [valid]
    found: list[Remark] = []
    moment = now or datetime.now(UTC)
    if "examples" not in skipped:
        found += _examples(document, compiled, moment)
    if "counter-examples" not in skipped:
        found += _counter_examples(document, compiled, moment)
    for name, check in CHECKS.items():
        if name not in skipped:
            found += check(document)
    return found


def _place(exc: InvalidSchema, document: SchemaDocument) -> Pointer:
    """Read what the compiler names: a JSON Pointer behind `#`, a rule or a remediation step."""
    pointer = exc.where.partition("#")[2]
    if not pointer.startswith("/"):
        if listed := _LIST_ITEM.search(exc.where):
            return (listed[1], int(listed[2]))
        return ("model",) if document.definition is None and document.model else ("schema",)
    tokens = [t.replace("~1", "/").replace("~0", "~") for t in pointer[1:].split("/")]
    return ("schema", *(int(t) if t.isdecimal() else t for t in tokens))


def _examples(
    document: SchemaDocument, compiled: CompiledSchema, now: datetime
) -> Iterator[Remark]:
    for index, example in enumerate(document.examples):
        problem = _first_error(compiled, example, now)
        if problem is not None:
            text = f"example {index} does not pass: {problem}"
            yield Remark("examples", text, ("examples", index), error=True)


def _counter_examples(
    document: SchemaDocument, compiled: CompiledSchema, now: datetime
) -> Iterator[Remark]:
    for index, example in enumerate(document.counter_examples):
        if _first_error(compiled, example, now) is None:
            text = f"counter-example {index} passes: the schema allows too much"
            yield Remark("counter-examples", text, ("counter_examples", index), error=True)


def _first_error(compiled: CompiledSchema, example: Any, now: datetime) -> str | None:
    document = copy.deepcopy(example)
    if isinstance(document, dict):
        for name in SELECTORS - compiled.declared:
            document.pop(name, None)
    for layer in compiled.layers:
        if layer.passes(document, now):
            continue
        for violation in layer.violations(document, now):
            if violation.severity is Severity.ERROR:
                return violation.message
    return None


def _described(document: SchemaDocument) -> Iterator[Remark]:
    if not document.description.strip():
        yield Remark("description", "the schema has no description: say what a record stands for")


def _owned(document: SchemaDocument) -> Iterator[Remark]:
    if not document.owner.strip():
        yield Remark("owner", "the schema has no owner: alerts about it reach nobody")


def _subschemas(document: SchemaDocument) -> Iterator[Subschema]:
    if document.type != "avro" and document.definition is not None:
        for pointer, schema in walk(document.definition):
            if isinstance(schema, dict):
                yield Subschema(("schema", *pointer), schema)


def _contradictions(document: SchemaDocument) -> Iterator[Remark]:
    seen: set[Pointer] = set()
    for pointer, schema in _subschemas(document):
        for least, most in _LIMITS:
            low, high = schema.get(least), schema.get(most)
            if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
                seen.add(pointer)
                text = f"{least} {low} is above {most} {high}"
                yield Remark("contradictions", text, (*pointer, least), error=True)
    for pointer, reason in _unsatisfiable(document):
        if pointer not in seen:
            yield Remark("contradictions", reason, pointer, error=True)


def _unsatisfiable(document: SchemaDocument) -> Iterator[tuple[Pointer, str]]:
    """Ask the library which subschemas admit no value although nobody wrote `false`."""
    if document.type == "avro" or not isinstance(document.definition, dict):
        return
    try:
        found = canonical.find_unsatisfiable(
            Preparation(document.definition).definition,
            validate_formats=True,
            offline=True,
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except (canonical.CanonicalizationError, jsonschema_rs.ValidationError, ValueError):
        return  # what the library can't analyse it does not complain of
    for text, reason in found.items():
        if isinstance(reason, canonical.UnsatisfiableReason.Literal):
            continue
        causes = (
            [reason.cause]
            if isinstance(reason, canonical.UnsatisfiableReason.Empty)
            else getattr(reason, "causes", [])
        )
        words = [word for cause in causes for word in cause.keywords]
        tokens = [t.replace("~1", "/").replace("~0", "~") for t in text.split("/")[1:]]
        pointer = ("schema", *(int(t) if t.isdecimal() else t for t in tokens))
        named = ", ".join(dict.fromkeys(words)) or "its parts"
        yield pointer, f"no value can satisfy this: {named} contradict each other"


def _patterns(document: SchemaDocument) -> Iterator[Remark]:
    for pointer, schema in _subschemas(document):
        pattern = schema.get("pattern")
        if not isinstance(pattern, str) or "maxLength" in schema:
            continue
        if _OPEN_REPETITION.search(re.sub(r"\[[^\]]*\]", "[]", pattern)):
            text = f"the pattern {pattern!r} matches text of any length: add maxLength"
            yield Remark("patterns", text, (*pointer, "pattern"))


def _formats(document: SchemaDocument) -> Iterator[Remark]:
    for pointer, schema in _subschemas(document):
        found = schema.get("format")
        if isinstance(found, str) and found not in FORMATS:
            text = f"the format {found!r} is unknown, so nothing is checked"
            yield Remark("formats", _with_hint(text, found, FORMATS), (*pointer, "format"))


def _keywords(document: SchemaDocument) -> Iterator[Remark]:
    for pointer, schema in _subschemas(document):
        for keyword in schema:
            if keyword in KEYWORDS or str(keyword).startswith("x-"):
                continue
            text = f"the keyword {show_name(keyword)!r} is unknown, so nothing is checked"
            yield Remark("keywords", _with_hint(text, keyword, KEYWORDS), (*pointer, keyword))


def _with_hint(text: str, word: str, known: Iterable[str]) -> str:
    hint = did_you_mean(word, known)
    return f"{text}; {hint or 'remove it, or begin its name with x-'}"


def _required(document: SchemaDocument) -> Iterator[Remark]:
    for pointer, schema in _subschemas(document):
        properties = schema.get("properties")
        if not isinstance(properties, dict) or schema.get("patternProperties"):
            continue
        for name in schema.get("required", ()):
            if name not in properties:
                text = f"{name!r} is required and not defined: anything passes there"
                yield Remark("required", text, (*pointer, "required"))


def _names(document: SchemaDocument) -> Iterator[Remark]:
    for pointer, name in _property_names(document):
        if not SNAKE_CASE.match(name) and name not in SELECTORS:
            yield Remark("names", f"{name!r} is not in snake_case", pointer)


def _property_names(document: SchemaDocument) -> Iterator[tuple[Pointer, str]]:
    if document.type == "avro":
        yield from _avro_names(document.definition, ("schema",))
        return
    for pointer, schema in _subschemas(document):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            for name in properties:
                yield (*pointer, "properties", name), name


def _avro_names(node: Any, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    if isinstance(node, list):
        for index, branch in enumerate(node):
            yield from _avro_names(branch, (*pointer, index))
    elif isinstance(node, dict):
        for index, part in enumerate(node.get("fields", ())):
            yield (*pointer, "fields", index, "name"), part["name"]
            yield from _avro_names(part["type"], (*pointer, "fields", index, "type"))
        for keyword in ("type", "items", "values"):
            if isinstance(node.get(keyword), dict | list):
                yield from _avro_names(node[keyword], (*pointer, keyword))


def _fallback(document: SchemaDocument) -> Iterator[Remark]:
    for index, version in enumerate(document.fallback):
        if version == document.version:
            text = "a version can't fall back to itself"
            yield Remark("fallback", text, ("fallback", index), error=True)


CHECKS: Final[dict[str, Check]] = {
    "description": _described,
    "owner": _owned,
    "contradictions": _contradictions,
    "patterns": _patterns,
    "formats": _formats,
    "keywords": _keywords,
    "required": _required,
    "names": _names,
    "fallback": _fallback,
}
#: Every name that may be skipped.
CHECK_NAMES: Final = ("valid", "examples", "counter-examples", *CHECKS)
