"""Where each record of a replay topic goes: its verdict goes out beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dataquarantine.outcomes import (
    Code,
    ErrorType,
    JudgedChunk,
    ValidationOutcome,
    ValidationResult,
    Violation,
    rejected,
)
from dataquarantine.quarantine.deadletters import DeadLetter
from dataquarantine.records import TopicPartition
from dataquarantine.replay.marks import ReplayMark, read_mark
from dataquarantine.replay.verdicts import Verdict, verdict_of
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.outputs import OutputRow
from dataquarantine.stream.router import Routed, Router
from dataquarantine.topics import OUTCOMES

OUTCOMES_TP = TopicPartition(OUTCOMES, 0)


class ReplayRouter(Router):
    """Routes the chunks of a pipeline's replay topic.

    A record that passes is forwarded as any other, and says that it is a replay. One that fails
    again is no new dead letter: its payload is stored since it was quarantined first, so its
    verdict alone goes out. A record without a mark is not ours and is treated as any other.
    """

    def route(self, chunk: Chunk, judged: JudgedChunk, now: datetime) -> Routed:
        """Make the outputs of a chunk: records, and a verdict for each that has a mark."""
        marks = [read_mark(record.headers) for record in chunk.records]
        routed = super().route(chunk, judged, now)
        outputs = {
            tp: [_marked(row, marks) for row in rows] if tp.topic == self.valid else rows
            for tp, rows in routed.outputs.items()
        }
        verdicts = [
            _row(chunk, index, _verdict(chunk, index, mark, judged.outcomes[index], now))
            for index, mark in enumerate(marks)
            if mark is not None
        ]
        if verdicts:
            outputs[OUTCOMES_TP] = verdicts
        return Routed(outputs, routed.detached, routed.originals)

    def letters(
        self, chunk: Chunk, judged: JudgedChunk, refused: Sequence[int], now: datetime
    ) -> Sequence[DeadLetter]:
        """Make dead letters of those that failed and have no mark."""
        strangers = [i for i in refused if read_mark(chunk.records[i].headers) is None]
        return super().letters(chunk, judged, strangers, now)

    def replace_refused(self, topic: str, row: OutputRow, reason: str, now: datetime) -> Routed:
        """Make what goes out instead of a row that the broker refused: a verdict, if marked."""
        chunk, index = row[4], row[5]
        mark = read_mark(chunk.records[index].headers)
        if mark is None or topic != self.valid:
            return super().replace_refused(topic, row, reason, now)
        violation = Violation(
            Code.PRODUCE_FAILED, "produce", f"{topic} did not take the record: {reason}"
        )
        outcome = rejected(ErrorType.PRODUCE_ERROR, [violation], result=ValidationResult.ERROR)
        verdict = _verdict(chunk, index, mark, outcome, now)
        return Routed({OUTCOMES_TP: [_row(chunk, index, verdict)]})


def _marked(row: OutputRow, marks: Sequence[ReplayMark | None]) -> OutputRow:
    key, value, timestamp_ms, headers, chunk, index = row
    mark = marks[index]
    if mark is None:
        return row
    return key, value, timestamp_ms, [*headers, *mark.forwarded()], chunk, index


def _verdict(
    chunk: Chunk, index: int, mark: ReplayMark, outcome: ValidationOutcome, now: datetime
) -> Verdict:
    coordinates = f"{chunk.tp.topic}/{chunk.tp.partition}/{chunk.records[index].offset}"
    return verdict_of(mark, outcome, coordinates, now)


def _row(chunk: Chunk, index: int, verdict: Verdict) -> OutputRow:
    timestamp_ms = int(verdict.at.timestamp() * 1000)
    return verdict.key, verdict.encoded(), timestamp_ms, [], chunk, index
