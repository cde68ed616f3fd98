"""Whether a schema may replace earlier ones, in the seven modes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from dataquarantine.schemas.compatibility import avro_search, search
from dataquarantine.schemas.compatibility.avro import compare_avro
from dataquarantine.schemas.compatibility.avro_types import AvroSchemaError
from dataquarantine.schemas.compatibility.dialect import Root
from dataquarantine.schemas.compatibility.documents import compare_layers
from dataquarantine.schemas.compatibility.proof import validator
from dataquarantine.schemas.compatibility.references import in_one_document, reference_loop
from dataquarantine.schemas.compatibility.report import (
    NO_EXAMPLE,
    CompatibilityReport,
    Difference,
    Policy,
    joined,
)
from dataquarantine.schemas.compatibility.walk import Walk
from dataquarantine.schemas.documents import Compatibility, SchemaDocument
from dataquarantine.validation.preparation import Preparation

SchemaKind = Literal["json_schema", "avro"]
BACKWARD, FORWARD = "BACKWARD", "FORWARD"


def compare_schemas(
    reader: Any,
    writer: Any,
    *,
    kind: SchemaKind = "json_schema",
    policy: Policy = Policy.STRICT,
    examples: Iterable[Any] = (),
    resources: Mapping[str, Any] | None = None,
) -> CompatibilityReport:
    """Tell whether a reader takes every record that a writer may send.

    Args: examples: records known to be valid for the writer; tried first as counter-examples.
        resources: absolute `$id` -> JSON Schema that a `$ref` may lead to.
    Cost: a few milliseconds for a schema of ten properties; CPU only.
    """
    if kind == "avro":
        return _compare_avro(reader, writer, policy, examples)
    reader, writer = (_prepared(side, resources or {}) for side in (reader, writer))
    return _compare_json(reader, writer, policy, examples)


def _compare_json(
    reader: Any, writer: Any, policy: Policy, examples: Iterable[Any]
) -> CompatibilityReport:
    for side, schema in (("reader", reader), ("writer", writer)):
        problem = _unusable(schema)
        if problem:
            return CompatibilityReport(False, policy, undecided=(f"the {side} {problem}",))
    walk = Walk(Root.of(reader), Root.of(writer))
    walk.compare(reader, writer, "")
    example, reason = search.counter_example(reader, writer, policy, examples)
    return _concluded(walk.differences, policy, example, reason)


def _prepared(definition: Any, resources: Mapping[str, Any]) -> Any:
    """Bring a definition into one document, as the gateway's engine gets it."""
    return Preparation(in_one_document(definition, resources)).definition


def _unusable(schema: Any) -> str | None:
    if validator(schema) is None:
        return "is no JSON Schema that can be compiled here"
    loop = reference_loop(schema)
    return f"refers to itself in place by {loop}" if loop else None


def _compare_avro(
    reader: Any, writer: Any, policy: Policy, examples: Iterable[Any]
) -> CompatibilityReport:
    try:
        differences = compare_avro(reader, writer)
    except AvroSchemaError as exc:
        return CompatibilityReport(False, policy, undecided=(str(exc),))
    example, reason = avro_search.counter_example(reader, writer, examples)
    if policy is Policy.LENIENT and not any(d.breaks_under(policy) for d in differences):
        example, reason = NO_EXAMPLE, ""
    return _concluded(differences, policy, example, reason)


def _concluded(
    found: Sequence[Difference], policy: Policy, example: Any, reason: str
) -> CompatibilityReport:
    """Weigh proof and counter-example; a record in hand beats any proof."""
    differences = tuple(dict.fromkeys(found))
    undecided = tuple(
        f"{d.message} ({d.pointer or '/'})"
        for d in differences
        if d.undecided and d.breaks_under(policy) and example is NO_EXAMPLE
    )
    compatible = example is NO_EXAMPLE and not any(d.breaks_under(policy) for d in differences)
    return CompatibilityReport(compatible, policy, differences, undecided, example, reason)


def check(
    new: SchemaDocument,
    earlier: Sequence[SchemaDocument],
    mode: Compatibility | None = None,
    policy: Policy = Policy.STRICT,
    *,
    resources: Mapping[str, Any] | None = None,
) -> CompatibilityReport:
    """Tell whether a version may follow earlier ones.

    Args: earlier: ascending; only the last counts unless the mode is transitive.
        mode: default is what the new version's document says.
        resources: absolute `$id` -> JSON Schema that a `$ref` may lead to.
    """
    mode = mode or new.compatibility
    if mode == "NONE" or not earlier:
        return CompatibilityReport(True, policy)
    against = earlier if mode.endswith("_TRANSITIVE") else earlier[-1:]
    reports = []
    for other in against:
        for direction in directions(mode):
            reader, writer = (new, other) if direction == BACKWARD else (other, new)
            reports.append(compare_documents(reader, writer, policy, direction, resources))
    return joined(reports, policy)


def directions(mode: Compatibility) -> tuple[str, ...]:
    """Return which way round a mode compares: BACKWARD means the new version reads."""
    kind = mode.removesuffix("_TRANSITIVE")
    if kind == "FULL":
        return (BACKWARD, FORWARD)
    return () if kind == "NONE" else (kind,)


def compare_documents(
    reader: SchemaDocument,
    writer: SchemaDocument,
    policy: Policy,
    direction: str = BACKWARD,
    resources: Mapping[str, Any] | None = None,
) -> CompatibilityReport:
    """Compare two versions with all their layers: structure, types and rules."""
    report = CompatibilityReport(True, policy)
    if reader.type != writer.type:
        text = f"the type was {writer.type}, is {reader.type}"
        found = Difference("SCHEMA_TYPE_CHANGED", "/type", text, breaks=True, undecided=True)
        report = CompatibilityReport(False, policy, (found,), (text,))
    elif reader.definition is not None or writer.definition is not None:
        kind: SchemaKind = "avro" if reader.type == "avro" else "json_schema"
        report = compare_schemas(
            True if reader.definition is None else reader.definition,
            True if writer.definition is None else writer.definition,
            kind=kind,
            policy=policy,
            examples=writer.examples,
            resources=resources,
        )
    layers = compare_layers(reader, writer)
    breaking = [d for d in layers if d.breaks_under(policy)]
    return replace(
        report,
        compatible=report.compatible and not breaking,
        differences=tuple(replace(d, direction=direction) for d in (*report.differences, *layers)),
        undecided=(*report.undecided, *(d.message for d in breaking if d.undecided)),
        compared=(f"{reader.reference} <- {writer.reference}",),
    )
