"""A schema version made ready to judge records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from dataquarantine.outcomes import ValidationOutcome, ValidationResult
from dataquarantine.schemas.compatibility.references import in_one_document
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.validation.avro import AvroDecoder
from dataquarantine.validation.json_schema import JsonSchemaLayer
from dataquarantine.validation.layers import Layer
from dataquarantine.validation.remediation import compile_remediation
from dataquarantine.validation.rules import compile_rules
from dataquarantine.validation.second_opinion import SecondOpinion
from dataquarantine.validation.shape import compile_shape
from dataquarantine.validation.subschemas import declared_properties

Judge = Callable[[Any, datetime], bool]


class Remediation(Protocol):
    """The repair steps of one schema version."""

    def apply(self, document: Any, now: datetime) -> tuple[Any, Sequence[str]]:
        """Return a repaired copy and the steps that changed something."""


@dataclass(slots=True, eq=False)
class CompiledSchema:
    """Everything the engine needs of one schema version.

    valid: the outcome that all its valid records share.
    declared: top-level property names; a selector field among them is left in the document.
    definition: the JSON Schema of its documents in one document, made from Avro schema or model
        where need be.
    avro: reads values that came as Avro; `avro_layers` judge what it read.
    failure_logged: a layer raised and the log says so.
    is_valid, beyond: `passes` in two halves, for a loop that saves every call.
    """

    document: SchemaDocument
    layers: tuple[Layer, ...]
    valid: ValidationOutcome
    key: str | None = None
    declared: frozenset[str] = frozenset()
    remediation: Remediation | None = None
    definition: Any = None
    avro: AvroDecoder | None = None
    avro_layers: tuple[Layer, ...] = ()
    failure_logged: bool = False
    is_valid: Callable[[Any], bool] = field(init=False, repr=False)
    beyond: Judge | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        first = self.layers[0] if self.layers else None
        if isinstance(first, JsonSchemaLayer):
            self.is_valid, self.beyond = first.is_valid, _all_of(self.layers[1:])
        else:
            self.is_valid, self.beyond = _anything, _all_of(self.layers)

    def passes(self, document: Any, now: datetime) -> bool:
        """Tell fast whether no layer has anything to report, not even a warning."""
        beyond = self.beyond
        return self.is_valid(document) and (beyond is None or beyond(document, now))

    @property
    def second_opinion(self) -> SecondOpinion | None:
        """Return another engine's judgement of the structure, where its keywords allow one."""
        structure = self.layers[0] if self.layers else None
        return structure.second_opinion if isinstance(structure, JsonSchemaLayer) else None

    @property
    def name(self) -> str:
        return self.document.name

    @property
    def version(self) -> str:
        return self.document.version


def _anything(document: Any) -> bool:
    return True


def _all_of(layers: tuple[Layer, ...]) -> Judge | None:
    if len(layers) == 1:
        return layers[0].passes
    return (
        (lambda document, now: all(at.passes(document, now) for at in layers)) if layers else None
    )


class SchemaCompiler:
    """Compiles documents that may refer to each other's `$id`."""

    def __init__(
        self, documents: Sequence[SchemaDocument] = (), *, model_packages: Sequence[str] = ()
    ) -> None:
        self._resources = identified(documents)
        self._model_packages = model_packages

    def compile(self, document: SchemaDocument) -> CompiledSchema:
        """Compile one version.

        Raises: InvalidSchema with place and remedy.
        Cost: 0.1 ms for a small schema, 50 ms for one of a megabyte.
        """
        shape = compile_shape(
            document, resources=self._resources, model_packages=self._model_packages
        )
        definition = in_one_document(shape.definition, self._resources)
        fields = definition if isinstance(definition, dict) else None
        rules: tuple[Layer, ...] = ()
        if any(not rule.disabled for rule in document.rules):
            rules = (compile_rules(document.rules, fields),)
        return CompiledSchema(
            document,
            shape.layers + rules,
            ValidationOutcome(
                ValidationResult.VALID, schema_name=document.name, schema_version=document.version
            ),
            document.key,
            declared_properties(definition),
            compile_remediation(document.remediation, fields) if document.remediation else None,
            definition=definition,
            avro=shape.avro,
            avro_layers=shape.avro_layers + rules,
        )


def identified(documents: Sequence[SchemaDocument]) -> Mapping[str, Any]:
    """Collect the definitions that others may name by `$id`, absolute ones only."""
    found: dict[str, Any] = {}
    for document in documents:
        definition = document.definition
        if document.type == "json_schema" and isinstance(definition, dict):
            identifier = definition.get("$id", definition.get("id"))
            if isinstance(identifier, str) and ":" in identifier:
                found[identifier.removesuffix("#")] = definition
    return found
