"""What the engine does with the examples of a schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from dataquarantine.errors import InvalidSchema
from dataquarantine.outcomes import ValidationOutcome, ValidationResult
from dataquarantine.records import SourceRecord
from dataquarantine.schemas.catalog import Catalog, UnusableSchema
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.settings import PipelineSettings
from dataquarantine.validation.engine import Engine
from dataquarantine.validation.selection import HEADER

Kind = Literal["example", "counter_example"]


@dataclass(frozen=True, slots=True)
class Trial:
    """An example and what became of it.

    remediated: what would be forwarded, when remediation made it pass.
    """

    schema: str
    kind: Kind
    index: int
    outcome: ValidationOutcome
    remediated: Any = None

    @property
    def verdict(self) -> str:
        """Say it in one word: valid, remediated, invalid or error."""
        if self.outcome.remediated:
            return "remediated"
        return self.outcome.result.value.lower()

    @property
    def as_expected(self) -> bool:
        """Tell whether an example passes, or a counter-example is not valid as it stands."""
        if self.kind == "example":
            return self.outcome.passed
        return self.outcome.result is ValidationResult.INVALID or self.outcome.remediated


def try_examples(
    wanted: Sequence[SchemaDocument],
    others: Sequence[SchemaDocument] = (),
    *,
    model_packages: Sequence[str] = (),
) -> list[Trial]:
    """Judge the examples of schema versions as a worker judges records, remediation included.

    Args: others: documents that a `$ref` or `fallback` may name.
    Raises: InvalidSchema for a version that can't be compiled.
    """
    catalog = Catalog([_Fixed((*others, *wanted))], model_packages=model_packages)
    catalog.refresh()
    engine = Engine(catalog, PipelineSettings())
    return [trial for document in wanted for trial in _trials(document, catalog, engine)]


class _Fixed:
    """Documents as a source of schemas; of two of the same version the later counts."""

    def __init__(self, documents: Sequence[SchemaDocument]) -> None:
        self._listed = [ListedSchema(document) for document in documents]

    def read(self) -> Sequence[ListedSchema]:
        return self._listed


def _trials(document: SchemaDocument, catalog: Catalog, engine: Engine) -> Iterator[Trial]:
    found = catalog.find(document.name, document.version)
    if isinstance(found, UnusableSchema):
        problem: InvalidSchema = found.problem
        raise problem
    kinds: tuple[tuple[Kind, Sequence[Any]], ...] = (
        ("example", document.examples),
        ("counter_example", document.counter_examples),
    )
    for kind, examples in kinds:
        headers = [(HEADER, document.reference.encode())]
        records = [SourceRecord(msgspec.json.encode(each), headers=headers) for each in examples]
        judged = engine.judge(records)
        for index, outcome in enumerate(judged.outcomes):
            body = judged.remediated.get(index)
            after = None if body is None else msgspec.json.decode(body)
            yield Trial(document.reference, kind, index, outcome, after)
