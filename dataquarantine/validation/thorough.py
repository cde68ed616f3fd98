"""The thorough way to judge a record: every kind of selection, framing and failure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from dataquarantine.outcomes import (
    TOMBSTONE_FORWARDED,
    Code,
    ErrorType,
    JudgedChunk,
    ValidationOutcome,
    ValidationResult,
    Violation,
    rejected,
)
from dataquarantine.records import Record
from dataquarantine.schemas.catalog import Found, SchemaCatalog, UnknownSchema
from dataquarantine.settings import PipelineSettings
from dataquarantine.validation import payload as payloads
from dataquarantine.validation import selection
from dataquarantine.validation.avro import (
    AvroDecoder,
    AvroSchema,
    NotDecodable,
    read_value,
    to_json,
)
from dataquarantine.validation.compiled import CompiledSchema
from dataquarantine.validation.repair import repair
from dataquarantine.validation.verdict import judge_document, output_key, validator_failed

Selected = CompiledSchema | ValidationOutcome
Judged = tuple[ValidationOutcome, bytes | None]
OnDisagreement = Callable[[CompiledSchema], None]

#: Of the records that come this way - the first of its schema in a chunk, and all that are refused
#: - those at every 64th position, the chunk's first included, get a second opinion.
SAMPLED: Final = 64


class ThoroughJudge:
    """Judges single records of one chunk into its JudgedChunk.

    met: what a plain `_schema` text stands for, for the straight way; filled as records name it.
    """

    def __init__(
        self,
        catalog: SchemaCatalog,
        pipeline: PipelineSettings,
        now: datetime,
        chunk: JudgedChunk,
        on_disagreement: OnDisagreement,
    ) -> None:
        self.met: dict[Any, CompiledSchema] = {}
        self._catalog = catalog
        self._pipeline = pipeline
        self._by_field = pipeline.selection.from_ == "field"
        self._now = now
        self._chunk = chunk
        self._on_disagreement = on_disagreement
        self._selected: dict[tuple[str, str | None], Selected] = {}

    def judge(self, index: int, record: Record) -> None:
        """Append the outcome and the key of one record; never raises."""
        try:
            judged = self._judge(index, record)
        except Exception as exc:
            judged = validator_failed(None, exc), record.key
        self._append(judged)

    def judge_document(
        self,
        index: int,
        record: Record,
        schema: CompiledSchema,
        document: Any,
        selectors: tuple[str, ...],
    ) -> None:
        """Append the outcome and the key of a record that is decoded already; never raises."""
        try:
            body = record.value or b""
            judged = self._judge_document(index, record, schema, document, selectors, body)
        except Exception as exc:
            judged = validator_failed(schema, exc), record.key
        self._append(judged)

    def _append(self, judged: Judged) -> None:
        outcome, key = judged
        self._chunk.outcomes.append(outcome)
        self._chunk.keys.append(key)

    def _judge(self, index: int, record: Record) -> Judged:
        refused = self._unread(record.value)
        return (refused, record.key) if refused else self._judge_value(index, record)

    def _unread(self, value: bytes | None) -> ValidationOutcome | None:
        """Answer what is settled before a byte of the value is read."""
        if value is None:
            if self._pipeline.on_tombstone == "forward":
                return TOMBSTONE_FORWARDED
            return rejected(ErrorType.MALFORMED_PAYLOAD, [payloads.tombstone()])
        if not value:
            return rejected(ErrorType.MALFORMED_PAYLOAD, [payloads.empty_value()])
        limit = self._pipeline.max_record_bytes
        if len(value) > limit:
            return rejected(ErrorType.SIZE_VIOLATION, [payloads.too_large(len(value), limit)])
        return None

    def _judge_value(self, index: int, record: Record) -> Judged:
        value = record.value or b""
        selected, body = self._select_unread(record, value)
        if isinstance(selected, ValidationOutcome):
            self._render_if_json(index, body)
            return selected, record.key
        if selected is not None and selected.avro is not None and not self._by_field:
            return self._judge_avro(index, record, selected, selected.avro)
        try:
            document = payloads.decode_json(body)
        except payloads.UNDECODABLE as exc:
            violation = payloads.describe_undecodable(body, exc)
            return _refused(ErrorType.MALFORMED_PAYLOAD, violation, selected), record.key
        if selected is None:
            selected = self._select_by_field(document)
        if isinstance(selected, ValidationOutcome):
            self._chunk.rendered[index] = body
            return selected, record.key
        selectors = self._take_selectors(selected, document)
        return self._judge_document(index, record, selected, document, selectors, body)

    def _judge_document(
        self,
        index: int,
        record: Record,
        schema: CompiledSchema,
        document: Any,
        selectors: tuple[str, ...],
        body: bytes,
    ) -> Judged:
        if index % SAMPLED == 0:
            self._ask_second_opinion(schema, document)
        outcome = judge_document(schema, document, self._now)
        if not outcome.passed and schema.remediation is not None:
            repaired = repair(schema, body, selectors, outcome, self._now)
            outcome = repaired.outcome
            if repaired.body is not None:
                prefix = (record.value or b"")[: -len(body)]
                self._chunk.remediated[index] = prefix + repaired.body
                document = repaired.document
        if not outcome.passed:
            self._chunk.rendered[index] = body
            return outcome, record.key
        if schema.key is None or not isinstance(document, dict):
            return outcome, record.key
        return outcome, output_key(document, schema.key, record.key)

    def _judge_avro(
        self, index: int, record: Record, schema: CompiledSchema, decoder: AvroDecoder
    ) -> Judged:
        """Judge a value that came as Avro; rules see its JSON form, the outputs its own bytes."""
        value = record.value or b""
        confluent = self._pipeline.selection.from_ == "confluent"
        try:
            decoded = read_value(decoder, value, self._find_writer, confluent=confluent)
        except NotDecodable as exc:
            violation = Violation(exc.code, "payload", exc.message, exc.field_path)
            return _refused(ErrorType.MALFORMED_PAYLOAD, violation, schema), record.key
        rendered = to_json(decoded)
        document = payloads.decode_json(rendered)
        outcome = judge_document(schema, document, self._now, was_avro=True)
        if not outcome.passed:
            self._chunk.rendered[index] = rendered
            return outcome, record.key
        if schema.key is None or not isinstance(document, dict):
            return outcome, record.key
        return outcome, output_key(document, schema.key, record.key)

    def _find_writer(self, reference: int | bytes) -> AvroSchema | None:
        if isinstance(reference, int):
            found = self._catalog.find_by_id(reference)
        else:
            found = self._catalog.find_by_fingerprint(reference)
        if isinstance(found, CompiledSchema) and found.avro is not None:
            return found.avro.schema
        return None

    def _ask_second_opinion(self, schema: CompiledSchema, document: Any) -> None:
        ask = schema.second_opinion
        if ask is None:
            return
        try:
            agrees = ask(document) is schema.layers[0].passes(document, self._now)
        except Exception:
            # Whatever it stumbles over is its own trouble, not the record's.
            agrees = False
        if not agrees:
            self._on_disagreement(schema)

    def _take_selectors(self, schema: CompiledSchema, document: Any) -> tuple[str, ...]:
        """Remove the selector fields that the schema does not declare; name them."""
        if not self._by_field or not isinstance(document, dict):
            return ()
        field = self._pipeline.selection.field
        taken = tuple(
            name
            for name in (field, f"{field}_version")
            if name in document and name not in schema.declared
        )
        for name in taken:
            del document[name]
        return taken

    def _select_unread(self, record: Record, value: bytes) -> tuple[Selected | None, bytes]:
        """Select by what lies outside the document; also return the document's own bytes."""
        settings = self._pipeline.selection
        framed = settings.from_ == "confluent" and value[0] == selection.CONFLUENT_MAGIC
        body = value[selection.CONFLUENT_PREFIX_BYTES :] if framed else value
        pinned = selection.pinned_by_header(record.headers)
        if pinned is not None:
            return self._select(pinned, None, f"header {selection.HEADER}"), body
        if settings.from_ == "topic":
            return self._select(self._pipeline.source, None, "the topic's name"), body
        if settings.from_ == "confluent" and (framed or settings.default is None):
            return self._select_by_id(selection.confluent_id(value)), body
        if settings.from_ != "field":
            return self._select_default(f"header {selection.HEADER}"), body
        return None, body

    def _select_by_field(self, document: Any) -> Selected:
        field = self._pipeline.selection.field
        if not isinstance(document, dict) or field not in document:
            return self._select_default(field)
        text, version = document[field], document.get(f"{field}_version")
        selected = self._select(text, version, field)
        if version is None and isinstance(selected, CompiledSchema):
            self.met[text] = selected
        return selected

    def _select_default(self, source: str) -> Selected:
        default = self._pipeline.selection.default
        if default is not None:
            return self._select(default, None, "the pipeline's default schema")
        is_field = source == self._pipeline.selection.field
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

    def _render_if_json(self, index: int, body: bytes) -> None:
        """Show the payload as JSON where it is JSON, though no schema judges it."""
        try:
            payloads.decode_json(body)
        except payloads.UNDECODABLE:
            return
        self._chunk.rendered[index] = body


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


def _refused(
    error_type: ErrorType, violation: Violation, schema: CompiledSchema | None
) -> ValidationOutcome:
    return rejected(
        error_type,
        [violation],
        schema_name=schema.name if schema else None,
        schema_version=schema.version if schema else None,
    )
