"""Judging files as a worker would judge their records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final

import click

from dataquarantine.cli.record_files import FoundRecord, RecordFile
from dataquarantine.errors import ConfigError
from dataquarantine.outcomes import (
    ErrorType,
    ValidationOutcome,
    ValidationResult,
    Violation,
    rejected,
)
from dataquarantine.records import Header, SourceRecord
from dataquarantine.schemas.catalog import FileCatalog, Found, SchemaCatalog, UnknownSchema
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.settings import Settings
from dataquarantine.validation.avro import AvroDecoder, AvroSchema, NotDecodable
from dataquarantine.validation.compiled import CompiledSchema
from dataquarantine.validation.engine import Engine
from dataquarantine.validation.selection import HEADER

CHUNK: Final = 1000


class OfflineJudge:
    """Judges files by one pipeline's settings; remembers the counts and the first bad records.

    Args: topic: the pipeline's source; default the first. reference: a schema for all records.
        keep: how many bad records to remember.
    """

    def __init__(
        self, settings: Settings, *, topic: str | None, reference: str | None, keep: int
    ) -> None:
        names = [pipeline.source for pipeline in settings.pipelines]
        if topic is not None and topic not in names:
            raise click.BadParameter(f"no pipeline reads it; there are: {', '.join(names)}")
        self._pipeline = settings.pipelines[names.index(topic) if topic else 0]
        self._catalog = FileCatalog.from_settings(settings)
        if not self._catalog.refresh():
            raise ConfigError(
                f"the schema folder {settings.schemas.folder} can't be read; "
                "name the right one by schemas.folder or DQ_SCHEMAS__FOLDER"
            )
        if reference is not None:
            self._check(reference)
        self._reference = reference
        self._keep = keep
        self.records = self.bad = self.remediated = 0
        self.codes: Counter[str] = Counter()
        self.findings: list[dict[str, Any]] = []

    def judge(self, name: str, file: RecordFile, advance: Callable[[], None]) -> None:
        """Judge the records of a file.

        Args: advance: called after each chunk.
        Raises: UnreadableFile, click.UsageError for an Avro file whose schema is not known.
        """
        records, headers, engine = file.records, self._headers(self._reference), None
        if file.writer is not None:
            reference = self._reference or self._reference_of(name, file.writer)
            headers = self._headers(reference)
            if self._is_avro(reference):
                engine = self._engine_of_avro(file.writer)
            else:
                records = file.json_records()
        engine = engine or Engine(self._catalog, self._pipeline)
        try:
            while chunk := list(islice(records, CHUNK)):
                self._judge(name, file, chunk, engine, headers)
                advance()
        except NotDecodable as exc:
            violation = Violation(exc.code, "payload", exc.message)
            self._count(name, file, None, rejected(ErrorType.MALFORMED_PAYLOAD, [violation]))

    def _check(self, reference: str) -> None:
        name, _, version = reference.partition("@")
        if isinstance(self._catalog.find(name, version or None), UnknownSchema):
            found = ", ".join(each.document.reference for each in self._catalog.versions())
            raise ConfigError(f"no schema file says {reference}; there are: {found or 'none'}")

    def _judge(
        self,
        name: str,
        file: RecordFile,
        chunk: Sequence[FoundRecord],
        engine: Engine,
        headers: Sequence[Header],
    ) -> None:
        topic = self._pipeline.source
        judged = engine.judge(
            [SourceRecord(r.value, topic=topic, offset=r.position, headers=headers) for r in chunk]
        )
        for found, outcome in zip(chunk, judged.outcomes, strict=True):
            self._count(name, file, found.position, outcome)

    def _count(
        self, name: str, file: RecordFile, position: int | None, outcome: ValidationOutcome
    ) -> None:
        self.records += 1
        self.remediated += outcome.remediated
        if outcome.passed:
            return
        self.bad += 1
        self.codes[_code(outcome)] += 1
        if len(self.findings) < self._keep:
            of_lines = file.format == "ndjson"
            self.findings.append(
                {
                    "file": name,
                    "line": position if of_lines else None,
                    "record": None if of_lines else position,
                    **_finding(outcome),
                }
            )

    def _headers(self, reference: str | None) -> list[Header]:
        return [(HEADER, reference.encode())] if reference else []

    def _reference_of(self, name: str, writer: AvroSchema) -> str:
        """Find the schema of an Avro file: the very one it was written with, or its name's."""
        found: Found | None = self._catalog.find_by_fingerprint(writer.fingerprint)
        if isinstance(found, CompiledSchema):
            return found.document.reference
        full = str(writer.parsed.get("name", "")) if isinstance(writer.parsed, dict) else ""
        for each in (full, full.rpartition(".")[2]):
            if each and isinstance(self._catalog.find(each, None), CompiledSchema):
                return each
        shown = f"its schema {full}" if full else "its schema"
        raise click.UsageError(f"{name}: {shown} is not registered; name one by --schema")

    def _is_avro(self, reference: str) -> bool:
        schema, _, version = reference.partition("@")
        found = self._catalog.find(schema, version or None)
        return isinstance(found, CompiledSchema) and found.avro is not None

    def _engine_of_avro(self, writer: AvroSchema) -> Engine:
        selection = self._pipeline.selection.model_copy(update={"from_": "header"})
        pipeline = self._pipeline.model_copy(update={"selection": selection})
        return Engine(_WithWriter(self._catalog, writer), pipeline)


class _WithWriter:
    """A catalog that also knows the schema in a file's header."""

    def __init__(self, catalog: SchemaCatalog, writer: AvroSchema) -> None:
        self._fingerprint = writer.fingerprint
        self._writer = CompiledSchema(
            SchemaDocument(name="writer", version="0.0.0", type="avro"),
            (),
            ValidationOutcome(ValidationResult.VALID),
            avro=AvroDecoder(writer),
        )
        self.find = catalog.find
        self.find_by_id = catalog.find_by_id

    def find_by_fingerprint(self, fingerprint: bytes) -> Found | None:
        return self._writer if fingerprint == self._fingerprint else None


def _code(outcome: ValidationOutcome) -> str:
    return str(outcome.violations[0].code if outcome.violations else outcome.error_type)


def _finding(outcome: ValidationOutcome) -> dict[str, Any]:
    named = outcome.schema_name and outcome.schema_version
    return {
        "schema": f"{outcome.schema_name}@{outcome.schema_version}"
        if named
        else outcome.schema_name,
        "error_type": str(outcome.error_type),
        "code": _code(outcome),
        "field_path": outcome.field_path,
        "message": outcome.error_message,
    }
