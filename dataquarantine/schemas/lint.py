"""Checking schema files before anybody depends on them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from dataquarantine.errors import InvalidSchema
from dataquarantine.outcomes import ValidationOutcome
from dataquarantine.records import SourceRecord
from dataquarantine.schemas.catalog import Catalog, UnusableSchema
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.files import ListedSchema, load_schema_file, locate, schema_paths
from dataquarantine.settings import PipelineSettings
from dataquarantine.validation.engine import Engine
from dataquarantine.validation.selection import HEADER


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a schema file; `where` is `file` or `file:line`."""

    where: str
    problem: str


def lint_paths(paths: Sequence[Path], *, model_packages: Sequence[str] = ()) -> list[Finding]:
    """Check schema files, or folders of them: read, compile, judge the examples.

    Raises: ConfigError for a folder that can't be listed.
    """
    findings: list[Finding] = []
    documents: list[tuple[Path, SchemaDocument]] = []
    for file in itertools.chain.from_iterable(map(_files, paths)):
        try:
            documents.append((file, load_schema_file(file)))
        except InvalidSchema as problem:
            findings.append(_finding(problem, file))
    catalog = Catalog(
        [_Given([document for _, document in documents])], model_packages=model_packages
    )
    catalog.refresh()
    for file, document in documents:
        findings.extend(lint_document(catalog, document, file))
    return findings


def lint_document(catalog: Catalog, document: SchemaDocument, file: Path) -> Iterator[Finding]:
    """Compile one schema of a catalog and judge its examples and counter-examples."""
    found = catalog.find(document.name, document.version)
    if isinstance(found, UnusableSchema):
        yield _finding(found.problem, file)
        return
    for index, outcome in enumerate(_outcomes(catalog, document, document.examples)):
        if not outcome.passed:
            where = locate(file, ("examples", index))
            yield Finding(where, f"example {index} does not pass: {outcome.error_message}")
    for index, outcome in enumerate(_outcomes(catalog, document, document.counter_examples)):
        if outcome.passed:
            where = locate(file, ("counter_examples", index))
            yield Finding(where, f"counter-example {index} passes: the schema allows too much")


@dataclass(frozen=True, slots=True)
class _Given:
    """Documents at hand as a source of schemas."""

    documents: Sequence[SchemaDocument]

    def read(self) -> Sequence[ListedSchema]:
        return [ListedSchema(document) for document in self.documents]


def _outcomes(
    catalog: Catalog, document: SchemaDocument, examples: Sequence[object]
) -> list[ValidationOutcome]:
    header = (HEADER, document.reference.encode())
    records = [SourceRecord(orjson.dumps(each), headers=[header]) for each in examples]
    return Engine(catalog, PipelineSettings()).judge(records).outcomes


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return schema_paths(path)


def _finding(problem: InvalidSchema, file: Path) -> Finding:
    remedy = f"; {problem.remedy}" if problem.remedy else ""
    return Finding(problem.where or str(file), problem.problem + remedy)
