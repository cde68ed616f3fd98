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
from dataquarantine.quarantine.deadletters import (
    DeadLetter,
    DeadLetterWriter,
    DetachedPayload,
    KeptOriginal,
)
from dataquarantine.records import Header, TopicPartition
from dataquarantine.settings import PipelineSettings
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.outputs import OutputRow, Outputs
from dataquarantine.stream.partitioner import partitions_for

OWN_PREFIX = "__dq."
SOURCE_HEADER = "__dq.src"
SCHEMA_HEADER = "__dq.schema"
REMEDIATION_HEADER = "__dq.remediation"
#: Where in the bucket the bytes lie that a remediated record came with; not part of `provenance`:
#: nothing else leads there.
ORIGINAL_HEADER = "__dq.original"


@dataclass(frozen=True, slots=True)
class Routed:
    """Outputs of a chunk, and payloads that must be durable before these are produced."""

    outputs: Outputs
    detached: Sequence[DetachedPayload] = ()
    originals: Sequence[KeptOriginal] = ()


class Router:
    """Routes the chunks of one pipeline.

    A valid record keeps value, headers and timestamp byte for byte; only a remediated value is
    new. Its partition follows the output key; without a key it follows the source partition, so
    that order is kept there too. Dead letters always follow the source partition.

    forged: valid records whose sender used names under `__dq.`; these headers don't pass.
    """

    def __init__(
        self,
        pipeline: PipelineSettings,
        writer: DeadLetterWriter,
        partitions: Mapping[str, int],
    ) -> None:
        self._pipeline = pipeline
        self.valid = pipeline.valid
        self.writer = writer
        self.forged = 0
        self._valid_partitions = partitions[pipeline.valid]
        self._dead_letter_partitions = partitions[pipeline.dead_letter]

    def route(self, chunk: Chunk, judged: JudgedChunk, now: datetime) -> Routed:
        """Make the outputs of a chunk; nothing in `observe` mode."""
        if self._pipeline.mode == "observe":
            return Routed({})
        originals = {
            index: self.writer.kept_original(chunk.records[index])
            for index in sorted(judged.originals)
        }
        outputs, refused = self._forward(chunk, judged, originals)
        detached: list[DetachedPayload] = []
        letters = self.letters(chunk, judged, refused, now)
        if letters:
            tp = self._dead_letter_partition(chunk.tp)
            outputs[tp] = [_letter_row(chunk, letter) for letter in letters]
            detached = [letter.detached for letter in letters if letter.detached]
        return Routed(outputs, detached, list(originals.values()))

    def letters(
        self, chunk: Chunk, judged: JudgedChunk, refused: Sequence[int], now: datetime
    ) -> Sequence[DeadLetter]:
        """Make a dead letter of every record that did not pass, by their positions."""
        return self.writer.dead_letters(chunk.records, judged, refused, now)

    def forward_unjudged(self, chunk: Chunk) -> Routed:
        """Make the outputs of a chunk in `passthrough` mode: everything, as it came."""
        valid = ValidationOutcome(ValidationResult.VALID)
        count = len(chunk.records)
        keys = [record.key for record in chunk.records]
        outputs, _ = self._forward(chunk, JudgedChunk([valid] * count, keys), {})
        return Routed(outputs)

    def replace_refused(self, topic: str, row: OutputRow, reason: str, now: datetime) -> Routed:
        """Make what goes out instead of a row that the broker refused.

        Raises: ProduceRefused when it was a dead letter already without its payload.
        """
        _, value, _, _, chunk, index = row
        letter: DeadLetter | None
        if topic == self._pipeline.valid:
            letter = self._refused_letter(topic, chunk, index, reason, now)
        else:
            letter = self.writer.detach(index, value or b"", now)
        if letter is None:
            raise ProduceRefused(topic, reason)
        tp = self._dead_letter_partition(chunk.tp)
        detached = [letter.detached] if letter.detached else []
        return Routed({tp: [_letter_row(chunk, letter)]}, detached)

    def _refused_letter(
        self, topic: str, chunk: Chunk, index: int, reason: str, now: datetime
    ) -> DeadLetter:
        message = f"{topic} did not take the record: {reason}"
        violation = Violation(Code.PRODUCE_FAILED, "produce", message)
        outcome = rejected(ErrorType.PRODUCE_ERROR, [violation], result=ValidationResult.ERROR)
        return self.writer.dead_letter(index, chunk.records[index], outcome, None, now)

    def _forward(
        self, chunk: Chunk, judged: JudgedChunk, originals: Mapping[int, KeptOriginal]
    ) -> tuple[dict[TopicPartition, list[OutputRow]], list[int]]:
        """Make the rows of valid records; find the positions of all others.

        Cost: 0.6 us a record.
        """
        partitions = self._valid_partitions
        chosen = partitions_for(judged.keys, partitions, unkeyed=chunk.tp.partition % partitions)
        rows: list[list[OutputRow]] = [[] for _ in range(partitions)]
        add_to = [each.append for each in rows]
        refused: list[int] = []
        remediated, own_headers = judged.remediated, self._own_headers
        provenance = self._pipeline.provenance
        place = f"{chunk.tp.topic}/{chunk.tp.partition}/%d".encode()
        of_schema: list[Header] = []
        last: ValidationOutcome | None = None
        is_remediated = False
        index = -1
        for record, outcome, key, partition in zip(
            chunk.records, judged.outcomes, judged.keys, chosen, strict=True
        ):
            index += 1
            if outcome is not last:  # outcomes of valid records are shared: mostly skipped
                if outcome.result is not ValidationResult.VALID:
                    refused.append(index)
                    continue
                of_schema, last = own_headers(outcome), outcome
                is_remediated = outcome.remediated
            headers: Sequence[Header] = record.headers
            if headers:
                headers = [header for header in headers if not header[0].startswith(OWN_PREFIX)]
                self.forged += len(record.headers) > len(headers)
            if provenance:
                own = [(SOURCE_HEADER, place % record.offset), *of_schema]
                headers = [*headers, *own] if headers else own
            value = remediated[index] if is_remediated else record.value
            if originals and index in originals:
                headers = [*headers, (ORIGINAL_HEADER, originals[index].path.encode())]
            add_to[partition]((key, value, record.timestamp, headers, chunk, index))
        topic = self._pipeline.valid
        outputs = {TopicPartition(topic, p): found for p, found in enumerate(rows) if found}
        return outputs, refused

    def _own_headers(self, outcome: ValidationOutcome) -> list[Header]:
        """Name the schema that accepted a record, and the steps that repaired it."""
        if outcome.schema_name is None:
            return []
        reference = f"{outcome.schema_name}@{outcome.schema_version}"
        headers: list[Header] = [(SCHEMA_HEADER, reference.encode())]
        if outcome.remediated:
            headers.append((REMEDIATION_HEADER, ",".join(outcome.remediation_steps).encode()))
        return headers

    def _dead_letter_partition(self, tp: TopicPartition) -> TopicPartition:
        partition = tp.partition % self._dead_letter_partitions
        return TopicPartition(self._pipeline.dead_letter, partition)


def _letter_row(chunk: Chunk, letter: DeadLetter) -> OutputRow:
    return (
        letter.key,
        letter.value,
        letter.timestamp_ms,
        letter.headers,
        chunk,
        letter.source_index,
    )
