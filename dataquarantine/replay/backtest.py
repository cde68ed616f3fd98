"""What a schema version would have done: to stored records, and to traffic that passed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition as KafkaTopicPartition
from sqlalchemy import text

from dataquarantine.audit.topics import bounds
from dataquarantine.outcomes import ValidationOutcome
from dataquarantine.quarantine.desk import Desk
from dataquarantine.quarantine.envelope import violation_document
from dataquarantine.quarantine.states import RecordState, sources_of
from dataquarantine.quarantine.topic_reader import TopicUnreadable
from dataquarantine.records import Record, SourceRecord
from dataquarantine.replay.bench import Bench, Row
from dataquarantine.replay.planner import masked
from dataquarantine.replay.repairs import AsItCame
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.settings import PipelineSettings, Settings
from dataquarantine.stream.kafka_client import client_options
from dataquarantine.validation.engine import Engine
from dataquarantine.validation.selection import HEADER

#: Newest first; what is older is not judged.
MAX_STORED = 20_000
#: The sample of traffic, and how many of a topic's newest records it is drawn from.
SAMPLE = 1000
READ_OF_A_TOPIC = 50_000
MAX_EXAMPLES = 5
BATCH = 500
POLL_MS = 2000
SCHEMA_HEADER = "__dq.schema"
_PASSED = text(
    "SELECT * FROM quarantine_records WHERE schema_name = :name AND quarantined_at >= :since"
    " ORDER BY quarantined_at DESC, id DESC LIMIT :limit"
)
_OPEN = text(
    "SELECT * FROM quarantine_records WHERE schema_name = :name"
    " AND status = ANY(:open)"
    " ORDER BY quarantined_at DESC, id DESC LIMIT :limit"
)


@dataclass(slots=True)
class Backtest:
    """Records that a version judges otherwise than they were judged, with masked examples."""

    judged: int = 0
    newly_failing: int = 0
    newly_passing: int = 0
    unchanged: int = 0
    stored: int = 0
    sampled: int = 0
    examples: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {"newly_failing": [], "newly_passing": []}
    )


def backtest(
    settings: Settings, schemas: Sequence[ListedSchema], reference: str, since: datetime
) -> Backtest:
    """Judge by `name@version` what was quarantined for the schema since, and what passed lately.

    The traffic is a random sample of the newest records on the valid topics, read there: no second
    copy of it is kept anywhere, so nothing personal is either.

    Args: schemas: what may judge, the version in question among them.
    Raises: SinkUnavailable, TopicUnreadable.
    """
    found = Backtest()
    name = reference.partition("@")[0]
    with Desk(settings) as desk:
        bench = Bench(settings, schemas, desk.payloads)
        try:
            values = {"name": name, "since": since, "limit": MAX_STORED}
            rows = desk.database.transact(lambda c: c.execute(_PASSED, values).mappings().all())
            for row, payload, outcome in _judge_stored(bench, rows, reference):
                found.stored += 1
                _count(found, bench, reference, str(row["id"]), payload, outcome, passed=False)
        finally:
            bench.close()
    for pipeline in settings.pipelines:
        _judge_traffic(found, bench, pipeline, reference)
    return found


def healed(settings: Settings, schemas: Sequence[ListedSchema], reference: str) -> tuple[int, int]:
    """Count the records of a schema that can be replayed, at most 20,000 (the newest), and those
    of them that `name@version` accepts.

    Raises: SinkUnavailable, TopicUnreadable.
    """
    name = reference.partition("@")[0]
    with Desk(settings) as desk:
        bench = Bench(settings, schemas, desk.payloads)
        try:
            can_be_replayed = [state.value for state in sources_of(RecordState.REPLAYING)]
            values = {"name": name, "open": can_be_replayed, "limit": MAX_STORED}
            rows = desk.database.transact(lambda c: c.execute(_OPEN, values).mappings().all())
            passing = sum(o.passed for _, _, o in _judge_stored(bench, rows, reference))
        finally:
            bench.close()
    return len(rows), passing


def _judge_stored(
    bench: Bench, rows: Sequence[Any], reference: str
) -> Iterator[tuple[Row, bytes | None, ValidationOutcome]]:
    for first in range(0, len(rows), BATCH):
        batch = [{str(k): v for k, v in row.items()} for row in rows[first : first + BATCH]]
        repaired = bench.repair(batch, AsItCame(), reference)
        for tried in bench.judge(repaired, reference):
            if tried.outcome is not None:
                yield tried.repaired.row, tried.repaired.payload, tried.outcome


def _judge_traffic(
    found: Backtest, bench: Bench, pipeline: PipelineSettings, reference: str
) -> None:
    sample = asyncio.run(_sample(bench.settings, pipeline, reference.partition("@")[0]))
    if not sample:
        return
    judged = Engine(bench.catalog, pipeline).judge([_pinned(r, reference) for r in sample])
    for record, outcome in zip(sample, judged.outcomes, strict=True):
        found.sampled += 1
        place = f"{record.topic}/{record.partition}/{record.offset}"
        _count(found, bench, reference, place, record.value, outcome, passed=True)


def _count(
    found: Backtest,
    bench: Bench,
    reference: str,
    name: str,
    payload: bytes | None,
    outcome: ValidationOutcome,
    *,
    passed: bool,
) -> None:
    found.judged += 1
    if outcome.passed == passed:
        found.unchanged += 1
        return
    kind = "newly_failing" if passed else "newly_passing"
    setattr(found, kind, getattr(found, kind) + 1)
    examples = found.examples[kind]
    if len(examples) < MAX_EXAMPLES:
        examples.append(
            {
                "id": name,
                "payload": masked(payload, bench.definition(reference)),
                "violations": [violation_document(v) for v in outcome.violations],
            }
        )


def _pinned(record: Record, reference: str) -> SourceRecord:
    headers = [(HEADER, reference.encode())]
    return SourceRecord(
        record.value, record.topic, record.partition, record.offset, record.timestamp,
        record.key, headers,
    )  # fmt: skip


async def _sample(settings: Settings, pipeline: PipelineSettings, name: str) -> list[Record]:
    """Draw records of a schema from the newest of a valid topic, each as likely as the other.

    Raises: TopicUnreadable.
    """
    spans = await bounds(settings.kafka, [pipeline.valid])
    ends = {tp: span for tp, span in spans.items() if span[0] < span[1]}
    if not ends:
        return []
    consumer = AIOKafkaConsumer(
        **client_options(settings.kafka), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    kept: list[Record] = []
    seen = 0
    chance = random.Random(0)  # a sample, no secret
    try:
        await consumer.start()
        for tp, (first, end) in ends.items():
            start = max(first, end - READ_OF_A_TOPIC // len(ends))
            async for record in _records(consumer, KafkaTopicPartition(*tp), start, end):
                if not _is_of(record.headers, name):
                    continue
                seen += 1
                if len(kept) < SAMPLE:
                    kept.append(record)
                elif (place := chance.randrange(seen)) < SAMPLE:
                    kept[place] = record
    except (KafkaError, OSError, TimeoutError) as exc:
        raise TopicUnreadable(pipeline.valid, type(exc).__name__) from exc
    finally:
        await consumer.stop()
    return kept


async def _records(
    consumer: AIOKafkaConsumer, where: KafkaTopicPartition, start: int, end: int
) -> Any:
    consumer.assign([where])
    consumer.seek(where, start)
    while await consumer.position(where) < end:
        fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=2000)
        records = fetched.get(where, ())
        if not records:
            return
        for record in records:
            yield record


def _is_of(headers: Sequence[tuple[str, bytes | None]], name: str) -> bool:
    """Tell whether a forwarded record was accepted by a version of the schema."""
    prefix = f"{name}@".encode()
    return any(h == SCHEMA_HEADER and v is not None and v.startswith(prefix) for h, v in headers)


def with_candidate(
    schemas: Sequence[ListedSchema], document: SchemaDocument
) -> tuple[ListedSchema, ...]:
    """Add a version that may not judge records yet to those that do."""
    others = [each for each in schemas if each.document.reference != document.reference]
    return (*others, ListedSchema(document, enforced=False))


def as_document(found: Backtest) -> Mapping[str, Any]:
    """Show a backtest as JSON."""
    return {
        name: getattr(found, name)
        for name in (
            *("judged", "newly_failing", "newly_passing", "unchanged", "stored", "sampled"),
            "examples",
        )
    }
