"""Which schema judges a record: pinned, named by field or header, framed, or the default."""

from __future__ import annotations

from typing import Any

from dataquarantine.outcomes import (
    Code,
    ErrorType,
    ValidationOutcome,
    ValidationResult,
    Violation,
    rejected,
)
from dataquarantine.records import Record
from dataquarantine.schemas.catalog import Found, SchemaCatalog, UnknownSchema
from dataquarantine.settings import PipelineSettings
from dataquarantine.validation import selection
from dataquarantine.validation.compiled import CompiledSchema

#: The schema to judge by, or the outcome of a record that can't be judged by any.
Selected = CompiledSchema | ValidationOutcome


class Selector:
    """Finds the schemas of one chunk's records; asks the catalog once for each.

    met: what a plain `_schema` text stands for, filled as records name it.
    """

    def __init__(self, catalog: SchemaCatalog, pipeline: PipelineSettings) -> None:
        self.met: dict[Any, CompiledSchema] = {}
        self._catalog = catalog
        self._topic = pipeline.source
        self._settings = pipeline.selection
        self._by_field = pipeline.selection.from_ == "field"
        self._selected: dict[tuple[str, str | None], Selected] = {}

    def take_fields(self, schema: CompiledSchema, document: Any) -> tuple[str, ...]:
        """Remove the selector fields that the schema does not declare; name them."""
        if not self._by_field or not isinstance(document, dict):
            return ()
        field = self._settings.field
        taken = tuple(
            name
            for name in (field, f"{field}_version")
            if name in document and name not in schema.declared
        )
        for name in taken:
            del document[name]
        return taken

    def before_decoding(self, record: Record, value: bytes) -> tuple[Selected | None, bytes]:
        """Select by what lies outside the document; also return the document's own bytes."""
        settings = self._settings
        framed = settings.from_ == "confluent" and value[0] == selection.CONFLUENT_MAGIC
        body = value[selection.CONFLUENT_PREFIX_BYTES :] if framed else value
        pinned = selection.pinned_by_header(record.headers)
        if pinned is not None:
            return self._select(pinned, None, f"header {selection.HEADER}"), body
        if settings.from_ == "topic":
            return self._select(self._topic, None, "the topic's name"), body
        if settings.from_ == "confluent" and (framed or settings.default is None):
            return self._select_by_id(selection.confluent_id(value)), body
        if settings.from_ != "field":
            return self._select_default(f"header {selection.HEADER}"), body
        return None, body

    def by_document(self, document: Any) -> Selected:
        field = self._settings.field
        if not isinstance(document, dict) or field not in document:
            return self._select_default(field)
        text, version = document[field], document.get(f"{field}_version")
        selected = self._select(text, version, field)
        if version is None and isinstance(selected, CompiledSchema):
            self.met[text] = selected
        return selected

    def _select_default(self, source: str) -> Selected:
        default = self._settings.default
        if default is not None:
            return self._select(default, None, "the pipeline's default schema")
        is_field = source == self._settings.field
        problem = selection.missing(source, is_field=is_field)
        return rejected(problem.error_type, [problem.violation])

    def _select(self, text: Any, version: Any, source: str) -> Selected:
        reference = selection.parse_reference(text, version, source)
        if isinstance(reference, selection.NotSelected):
            return rejected(reference.error_type, [reference.violation])
        wanted = (reference.name, reference.version)
        selected = self._selected.get(wanted)
        if selected is None:
            selected = _usable(self._catalog.find(*wanted))
            self._selected[wanted] = selected
        return selected

    def _select_by_id(self, schema_id: int | selection.NotSelected) -> Selected:
        if isinstance(schema_id, selection.NotSelected):
            return rejected(schema_id.error_type, [schema_id.violation])
        found = self._catalog.find_by_id(schema_id)
        if found is None:
            return rejected(
                ErrorType.SCHEMA_NOT_FOUND,
                [selection.unknown_id(schema_id)],
                result=ValidationResult.ERROR,
            )
        return _usable(found)


def _usable(found: Found) -> Selected:
    if isinstance(found, CompiledSchema):
        return found
    if isinstance(found, UnknownSchema):
        error_type, violation = ErrorType.SCHEMA_NOT_FOUND, selection.unknown(found)
    else:
        error_type = ErrorType.VALIDATOR_ERROR
        violation = Violation(
            Code.VALIDATOR_FAILED, "schema", f"the schema can't be used: {found.problem}"
        )
    return rejected(
        error_type,
        [violation],
        result=ValidationResult.ERROR,
        schema_name=found.name,
        schema_version=found.version,
    )
