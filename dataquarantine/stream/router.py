"""Where each record of a judged chunk goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dataquarantine.errors import ProduceRefused
from dataquarantine.outcomes import (
    Code,
    ErrorType,
    JudgedChunk,
    ValidationOutcome,
    ValidationResult,
    Violation,
    rejected,
)
from dataquarantine.quarantine.deadletters import DeadLetter, DeadLetterWriter, DetachedPayload
from dataquarantine.records import Header, Record, TopicPartition
from dataquarantine.settings import PipelineSettings
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.outputs import OutputRow, Outputs
from dataquarantine.stream.partitioner import partition_for

OWN_PREFIX = "__dq."
SOURCE_HEADER = "__dq.src"
SCHEMA_HEADER = "__dq.schema"
REMEDIATION_HEADER = "__dq.remediation"


@dataclass(frozen=True, slots=True)
class Routed:
    """Outputs of a chunk, and payloads that must be durable before these are produced."""

    outputs: Outputs
    detached: Sequence[DetachedPayload] = ()


class Router:
    """Routes the chunks of one pipeline.

    A valid record keeps value, headers and timestamp byte for byte; only a remediated value is
    new. Its partition follows the output key; without a key it follows the source partition, so
    that order is kept there too. Dead letters always follow the source partition.
    """

    def __init__(
        self,
        pipeline: PipelineSettings,
        writer: DeadLetterWriter,
        partitions: Mapping[str, int],
    ) -> None:
        self._pipeline = pipeline
        self._writer = writer
        self._valid_partitions = partitions[pipeline.valid]
        self._dead_letter_partitions = partitions[pipeline.dead_letter]
        self._schema_headers: dict[tuple[str | None, str | None], list[Header]] = {}

    def route(self, chunk: Chunk, judged: JudgedChunk, now: datetime) -> Routed:
        """Make the outputs of a chunk; nothing in `observe` mode."""
        if self._pipeline.mode == "observe":
            return Routed({})
        outputs = self._forward(chunk, judged)
        detached: list[DetachedPayload] = []
        letters = self._writer.dead_letters(chunk.records, judged, now)
        if letters:
            tp = self._dead_letter_partition(chunk.tp)
            outputs[tp] = [_letter_row(chunk, letter) for letter in letters]
            detached = [letter.detached for letter in letters if letter.detached]
        return Routed(outputs, detached)

    def forward_unjudged(self, chunk: Chunk) -> Routed:
        """Make the outputs of a chunk in `passthrough` mode: everything, as it came."""
        valid = ValidationOutcome(ValidationResult.VALID)
        count = len(chunk.records)
        keys = [record.key for record in chunk.records]
        return Routed(self._forward(chunk, JudgedChunk([valid] * count, keys)))

    def replace_refused(self, topic: str, row: OutputRow, reason: str, now: datetime) -> Routed:
        """Make what goes out instead of a row that the broker refused.

        Raises: ProduceRefused when it was a dead letter already without its payload.
        """
        letter: DeadLetter | None
        if topic == self._pipeline.valid:
            letter = self._refused_letter(topic, row, reason, now)
        else:
            letter = self._writer.detach(row.source_index, row.value or b"", now)
        if letter is None:
            raise ProduceRefused(topic, reason)
        tp = self._dead_letter_partition(row.chunk.tp)
        detached = [letter.detached] if letter.detached else []
        return Routed({tp: [_letter_row(row.chunk, letter)]}, detached)

    def _refused_letter(self, topic: str, row: OutputRow, reason: str, now: datetime) -> DeadLetter:
        message = f"{topic} did not take the record: {reason}"
        violation = Violation(Code.PRODUCE_FAILED, "produce", message)
        outcome = rejected(ErrorType.PRODUCE_ERROR, [violation], result=ValidationResult.ERROR)
        record = row.chunk.records[row.source_index]
        return self._writer.dead_letter(row.source_index, record, outcome, None, now)

    def _forward(self, chunk: Chunk, judged: JudgedChunk) -> dict[TopicPartition, list[OutputRow]]:
        topic, partitions = self._pipeline.valid, self._valid_partitions
        unkeyed = chunk.tp.partition % partitions
        by_partition: dict[int, list[OutputRow]] = {}
        remediated, headers_of = judged.remediated, self._headers
        prefix = f"{chunk.tp.topic}/{chunk.tp.partition}/"
        valid = ValidationResult.VALID
        for index, (record, outcome, key) in enumerate(
            zip(chunk.records, judged.outcomes, judged.keys, strict=True)
        ):
            if outcome.result is not valid:
                continue
            value = remediated.get(index, record.value) if remediated else record.value
            partition = partition_for(key, partitions) if key else unkeyed
            headers = headers_of(record, outcome, prefix)
            row = OutputRow(key, value, record.timestamp, headers, chunk, index)
            if partition in by_partition:
                by_partition[partition].append(row)
            else:
                by_partition[partition] = [row]
        return {TopicPartition(topic, p): rows for p, rows in by_partition.items()}

    def _headers(self, record: Record, outcome: ValidationOutcome, prefix: str) -> Sequence[Header]:
        """Keep the sender's headers without forged ones; add where it comes from."""
        kept = record.headers
        if kept:
            kept = [header for header in kept if not header[0].startswith(OWN_PREFIX)]
        if not self._pipeline.provenance:
            return kept
        source = (SOURCE_HEADER, f"{prefix}{record.offset}".encode())
        headers = [*kept, source, *self._schema_header(outcome)]
        if outcome.remediated:
            headers.append((REMEDIATION_HEADER, ",".join(outcome.remediation_steps).encode()))
        return headers

    def _schema_header(self, outcome: ValidationOutcome) -> list[Header]:
        reference = (outcome.schema_name, outcome.schema_version)
        header = self._schema_headers.get(reference)
        if header is None:
            named = outcome.schema_name is not None
            text = f"{outcome.schema_name}@{outcome.schema_version}".encode()
            header = [(SCHEMA_HEADER, text)] if named else []
            self._schema_headers[reference] = header
        return header

    def _dead_letter_partition(self, tp: TopicPartition) -> TopicPartition:
        partition = tp.partition % self._dead_letter_partitions
        return TopicPartition(self._pipeline.dead_letter, partition)


def _letter_row(chunk: Chunk, letter: DeadLetter) -> OutputRow:
    return OutputRow(
        letter.key, letter.value, letter.timestamp_ms, letter.headers, chunk, letter.source_index
    )
