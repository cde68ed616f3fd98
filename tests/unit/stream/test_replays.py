"""Where records of a replay topic go, and what a forged header is worth."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import pytest

from dataquarantine.outcomes import JudgedChunk, ValidationOutcome, ValidationResult
from dataquarantine.quarantine.deadletters import DeadLetterWriter
from dataquarantine.records import Header, SourceRecord, TopicPartition
from dataquarantine.replay.forwarded import without
from dataquarantine.replay.marks import ReplayMark, read_mark, replayed_headers
from dataquarantine.replay.verdicts import read_verdict
from dataquarantine.settings import PipelineSettings
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.gate import Allowance
from dataquarantine.stream.outputs import OutputRow
from dataquarantine.stream.owner import PartitionOwner
from dataquarantine.stream.replays import OUTCOMES_TP, ReplayRouter
from dataquarantine.stream.router import Router
from tests.unit.quarantine.factories import CLUSTER, NOW, missing_user_id

MARK = ReplayMark(UUID(int=1), UUID(int=2), UUID(int=3), 2, "raw-events/0/7", {0: 5})
VALID = ValidationOutcome(ValidationResult.VALID, schema_name="s", schema_version="1.0.0")
PARTITIONS = {"validated-events": 1, "quarantine-dlq": 1}
VALID_TP, LETTERS_TP = TopicPartition("validated-events", 0), TopicPartition("quarantine-dlq", 0)


def chunk_of(topic: str, headers: list[Header]) -> Chunk:
    record = SourceRecord(b"{}", topic, 0, 9, 1000, b"k", headers)
    owner = PartitionOwner(TopicPartition(topic, 0), 1, Allowance(1000, 1))
    return cast(Chunk, owner.admit([record]))


def routed(
    kind: type[Router], headers: list[Header], outcome: ValidationOutcome
) -> dict[TopicPartition, list[OutputRow]]:
    router = kind(PipelineSettings(), DeadLetterWriter(CLUSTER), PARTITIONS)
    topic = "raw-events.dq-replay" if kind is ReplayRouter else "raw-events"
    judged = JudgedChunk([outcome], [b"k"])
    outputs = router.route(chunk_of(topic, headers), judged, NOW).outputs
    return {tp: list(rows) for tp, rows in outputs.items()}


def test_a_mark_is_read_as_it_was_written_and_the_schema_is_pinned() -> None:
    headers = replayed_headers([("a", b"1"), ("dq-schema", b"x")], "s@1.0.0", MARK)

    assert read_mark(headers) == MARK
    assert headers[:2] == [("a", b"1"), ("dq-schema", b"s@1.0.0")]


def test_a_replay_that_passes_is_forwarded_with_its_verdict() -> None:
    outputs = routed(ReplayRouter, MARK.headers(), VALID)

    [forwarded], [verdict] = outputs[VALID_TP], outputs[OUTCOMES_TP]
    names = [name for name, _ in forwarded[3]]
    assert names == ["__dq.src", "__dq.schema", "__dq.replay.id", "__dq.replay.origin"]
    found = read_verdict(verdict[1])
    assert found is not None
    assert (found.result, found.coordinates) == ("reprocessed", "raw-events.dq-replay/0/9")


def test_a_replay_that_fails_is_a_verdict_and_no_dead_letter() -> None:
    outputs = routed(ReplayRouter, MARK.headers(), missing_user_id())

    found = read_verdict(outputs[OUTCOMES_TP][0][1])
    assert set(outputs) == {OUTCOMES_TP}
    assert found is not None and found.failure is not None
    assert (found.result, found.attempt, found.failure.code) == ("failed_again", 2, "MISSING_FIELD")


@pytest.mark.parametrize("outcome", [VALID, missing_user_id()], ids=["valid", "invalid"])
def test_on_a_source_the_same_headers_mean_nothing(outcome: ValidationOutcome) -> None:
    outputs = routed(Router, MARK.headers(), outcome)

    [(_, rows)] = outputs.items()
    assert OUTCOMES_TP not in outputs
    assert not [name for name, _ in rows[0][3] if name.startswith("__dq.replay")]


def test_a_record_without_a_mark_on_a_replay_topic_is_an_ordinary_one() -> None:
    half = MARK.headers()[:2]

    assert set(routed(ReplayRouter, half, missing_user_id())) == {LETTERS_TP}
    assert set(routed(ReplayRouter, half, VALID)) == {VALID_TP}


def test_what_is_forwarded_already_is_left_out_and_its_verdict_stays() -> None:
    outputs = routed(ReplayRouter, MARK.headers(), VALID)

    assert set(without(outputs, "validated-events", {9})) == {OUTCOMES_TP}
    assert set(without(outputs, "validated-events", {8})) == {VALID_TP, OUTCOMES_TP}
