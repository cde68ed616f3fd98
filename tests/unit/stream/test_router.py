"""Where the records of a judged chunk go."""

from __future__ import annotations

from typing import cast

from dataquarantine.outcomes import (
    TOMBSTONE_FORWARDED,
    JudgedChunk,
    ValidationOutcome,
    ValidationResult,
)
from dataquarantine.quarantine.deadletters import DeadLetterWriter
from dataquarantine.records import SourceRecord, TopicPartition
from dataquarantine.settings import PipelineSettings
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.gate import Allowance
from dataquarantine.stream.outputs import OutputRow
from dataquarantine.stream.owner import PartitionOwner
from dataquarantine.stream.router import Router
from tests.unit.quarantine.factories import CLUSTER, NOW, missing_user_id

PARTITIONS = {"validated-events": 1, "quarantine-dlq": 1}
VALID = ValidationOutcome(ValidationResult.VALID, schema_name="s", schema_version="1.0.0")
OTHER = ValidationOutcome(ValidationResult.VALID, schema_name="s", schema_version="2.0.0")
MENDED = ValidationOutcome(
    ValidationResult.VALID,
    schema_name="s",
    schema_version="1.0.0",
    remediated=True,
    remediation_steps=("trim(a)",),
)
BAD = missing_user_id()


def routed(
    outcomes: list[ValidationOutcome], remediated: dict[int, bytes] | None = None
) -> dict[str, list[OutputRow]]:
    """Route a chunk of records whose values are their offsets."""
    records = [
        SourceRecord(b"%d" % n, "raw-events", 0, n, 1000 + n, b"k") for n in range(len(outcomes))
    ]
    owner = PartitionOwner(TopicPartition("raw-events", 0), 1, Allowance(1 << 20, 1))
    chunk = cast(Chunk, owner.admit(records))
    judged = JudgedChunk(outcomes, [b"k"] * len(outcomes), remediated or {})
    router = Router(PipelineSettings(), DeadLetterWriter(CLUSTER), PARTITIONS)
    outputs = router.route(chunk, judged, NOW).outputs
    return {tp.topic: list(rows) for tp, rows in outputs.items()}


def positions(rows: list[OutputRow]) -> list[int]:
    return [row[5] for row in rows]


def test_only_records_that_did_not_pass_become_dead_letters() -> None:
    outputs = routed([TOMBSTONE_FORWARDED, BAD, TOMBSTONE_FORWARDED, BAD])

    assert positions(outputs["quarantine-dlq"]) == [1, 3]
    assert positions(outputs["validated-events"]) == [0, 2]


def test_every_record_goes_out_once_in_order() -> None:
    outputs = routed([BAD, VALID, VALID, OTHER, BAD, BAD, VALID])

    assert positions(outputs["quarantine-dlq"]) == [0, 4, 5]
    assert positions(outputs["validated-events"]) == [1, 2, 3, 6]


def test_headers_and_values_follow_each_records_own_outcome() -> None:
    outputs = routed([VALID, MENDED, VALID, OTHER], {1: b"mended"})

    rows = outputs["validated-events"]
    assert [row[1] for row in rows] == [b"0", b"mended", b"2", b"3"]
    assert [dict(row[3])["__dq.schema"] for row in rows] == [
        *(b"s@1.0.0", b"s@1.0.0", b"s@1.0.0", b"s@2.0.0")
    ]
    assert [dict(row[3]).get("__dq.remediation") for row in rows] == [None, b"trim(a)", None, None]
    assert [dict(row[3])["__dq.src"] for row in rows] == [b"raw-events/0/%d" % n for n in range(4)]


def test_a_chunk_without_a_valid_record_makes_dead_letters_only() -> None:
    assert set(routed([BAD, BAD])) == {"quarantine-dlq"}
