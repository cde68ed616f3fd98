"""The thorough way to judge a record: every kind of selection, framing and failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from dataquarantine.schemas.catalog import SchemaCatalog
from dataquarantine.settings import PipelineSettings
from dataquarantine.validation import payload as payloads
from dataquarantine.validation.avro import (
    AvroDecoder,
    AvroSchema,
    NotDecodable,
    read_value,
    to_json,
)
from dataquarantine.validation.compiled import CompiledSchema
from dataquarantine.validation.repair import repair
from dataquarantine.validation.selector import Selector
from dataquarantine.validation.verdict import judge_document, output_key, validator_failed

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
        self._catalog = catalog
        self._selector = Selector(catalog, pipeline)
        self._pipeline = pipeline
        self._by_field = pipeline.selection.from_ == "field"
        self._now = now
        self._chunk = chunk
        self._on_disagreement = on_disagreement
        self.met = self._selector.met
        self._told = False

    def judge(self, index: int, record: Record) -> None:
        """Append the outcome and the key of one record; never raises."""
        try:
            judged = self._judge(index, record)
        except Exception as exc:
            judged = self._failed(None, exc), record.key
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
            judged = self._failed(schema, exc), record.key
        self._append(judged)

    def _failed(self, schema: CompiledSchema | None, problem: Exception) -> ValidationOutcome:
        """Answer what must not happen; told once a chunk."""
        silent, self._told = self._told, True
        return validator_failed(schema, problem, silent=silent)

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
        selected, body = self._selector.before_decoding(record, value)
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
            selected = self._selector.by_document(document)
        if isinstance(selected, ValidationOutcome):
            self._chunk.rendered[index] = body
            return selected, record.key
        selectors = self._selector.take_fields(selected, document)
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
                key = _key(schema, repaired.document, record)
                frame = (record.value or b"")[: -len(body)]
                self._chunk.remediated[index] = frame + repaired.body
                if schema.document.keep_original:
                    self._chunk.originals.add(index)
                return outcome, key
        if outcome.passed:
            return outcome, _key(schema, document, record)
        if schema.document.fallback and outcome.result is ValidationResult.INVALID:
            judged = self._fall_back(schema, record, body)
            if judged is not None:
                return judged
        self._chunk.rendered[index] = body
        return outcome, record.key

    def _fall_back(self, schema: CompiledSchema, record: Record, body: bytes) -> Judged | None:
        """Judge a refused record, as it stands, by the earlier versions that its schema names.

        The outcome of the first that accepts it names that version; None when none does.
        """
        for earlier in self._earlier_versions(schema):
            document = payloads.decode_json(body)
            self._selector.take_fields(earlier, document)
            outcome = judge_document(earlier, document, self._now)
            if outcome.passed:
                return outcome, _key(earlier, document, record)
        return None

    def _fall_back_avro(
        self, schema: CompiledSchema, record: Record, refused: ValidationOutcome
    ) -> Judged | None:
        if refused.result is not ValidationResult.INVALID:
            return None
        for earlier in self._earlier_versions(schema):
            if earlier.avro is None:
                continue
            try:
                document = payloads.decode_json(self._render_avro(earlier.avro, record))
            except NotDecodable:
                continue
            outcome = judge_document(earlier, document, self._now, was_avro=True)
            if outcome.passed:
                return outcome, _key(earlier, document, record)
        return None

    def _earlier_versions(self, schema: CompiledSchema) -> Iterator[CompiledSchema]:
        for version in schema.document.fallback:
            found = self._catalog.find(schema.name, version)
            if isinstance(found, CompiledSchema):
                yield found

    def _judge_avro(
        self, index: int, record: Record, schema: CompiledSchema, decoder: AvroDecoder
    ) -> Judged:
        """Judge a value that came as Avro; rules see its JSON form, the outputs its own bytes."""
        rendered = None
        try:
            rendered = self._render_avro(decoder, record)
        except NotDecodable as exc:
            violation = Violation(exc.code, "payload", exc.message, exc.field_path)
            outcome = _unreadable(violation, schema)
        else:
            document = payloads.decode_json(rendered)
            outcome = judge_document(schema, document, self._now, was_avro=True)
            if outcome.passed:
                return outcome, _key(schema, document, record)
        judged = self._fall_back_avro(schema, record, outcome)
        if judged is not None:
            return judged
        if rendered is not None:
            self._chunk.rendered[index] = rendered
        return outcome, record.key

    def _render_avro(self, decoder: AvroDecoder, record: Record) -> bytes:
        confluent = self._pipeline.selection.from_ == "confluent"
        value = record.value or b""
        return to_json(read_value(decoder, value, self._find_writer, confluent=confluent))

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

    def _render_if_json(self, index: int, body: bytes) -> None:
        """Show the payload as JSON where it is JSON, though no schema judges it."""
        try:
            payloads.decode_json(body)
        except payloads.UNDECODABLE:
            return
        self._chunk.rendered[index] = body


def _key(schema: CompiledSchema, document: Any, record: Record) -> bytes | None:
    if schema.key is None or not isinstance(document, dict):
        return record.key
    return output_key(document, schema.key, record.key)


def _refused(
    error_type: ErrorType, violation: Violation, schema: CompiledSchema | None
) -> ValidationOutcome:
    return rejected(
        error_type,
        [violation],
        schema_name=schema.name if schema else None,
        schema_version=schema.version if schema else None,
    )


def _unreadable(violation: Violation, schema: CompiledSchema) -> ValidationOutcome:
    """Refuse Avro bytes; without the schema that wrote them nobody can say what they are."""
    if violation.code is not Code.SCHEMA_UNKNOWN:
        return _refused(ErrorType.MALFORMED_PAYLOAD, violation, schema)
    return rejected(
        ErrorType.SCHEMA_NOT_FOUND,
        [violation],
        result=ValidationResult.ERROR,
        schema_name=schema.name,
        schema_version=schema.version,
    )
