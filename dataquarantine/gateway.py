"""A worker's library side, put together from the settings; the agents call its three verbs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from dataquarantine import metrics
from dataquarantine.breaker.flood import FloodGuard
from dataquarantine.clock import SystemClock
from dataquarantine.outcomes import ErrorType, JudgedChunk
from dataquarantine.quarantine.apart import SinkApart
from dataquarantine.quarantine.deadletters import DeadLetterWriter
from dataquarantine.quarantine.private_keys import PrivateKeys
from dataquarantine.records import Record, TopicPartition
from dataquarantine.replay.forwarded import Forwarded, without
from dataquarantine.replay.settlement import Settlement, open_settlement
from dataquarantine.replay.verdicts import read_verdict
from dataquarantine.schemas.feed import SchemaFeed
from dataquarantine.settings import PipelineSettings, Settings
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.gate import Allowance, Gate
from dataquarantine.stream.kafka_client import output_batch, output_producer
from dataquarantine.stream.ledger import LedgerWriter, worker_name
from dataquarantine.stream.measure import KAFKA_DOWN_AFTER_S
from dataquarantine.stream.outputs import OutputRow, Outputs
from dataquarantine.stream.producer import RoundProducer
from dataquarantine.stream.replays import ReplayRouter
from dataquarantine.stream.router import Routed, Router
from dataquarantine.stream.slot import claim_slot
from dataquarantine.stream.store_rounds import StoreRounds, insist
from dataquarantine.stream.transactions import Transactions
from dataquarantine.topics import OUTCOMES, replay_topic
from dataquarantine.validation.engine import Engine
from dataquarantine.validation.isolation import (
    ISOLATE_AFTER,
    ChunkJournal,
    EngineRecipe,
    HangAlarm,
    judge_isolated,
)
from dataquarantine.validation.tally import count_outcomes

logger = logging.getLogger(__name__)

#: Chunks in flight per group of topics; the agents' queues hold more, so that a slow sink never
#: blocks the source behind it.
MAX_CHUNKS = 48
TIMED_EVERY = 64


class Gateway:
    """Judges, routes and quarantines chunks."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = SystemClock()
        self.pipelines = {pipeline.source: pipeline for pipeline in settings.pipelines}
        self.replays = {replay_topic(s): _enforcing(p) for s, p in self.pipelines.items()}
        self._judged = {**self.pipelines, **self.replays}
        self.dead_letter_topics = sorted({p.dead_letter for p in settings.pipelines})
        self.gate = _gate(settings, self.pipelines, self.replays, self.dead_letter_topics)
        self.feed = SchemaFeed(settings, self._judged, self.clock)
        self.schemas = self.feed.service
        self.catalog = self.feed.catalog
        self.engines = {
            source: Engine(
                self.catalog,
                pipeline,
                clock=self.clock,
                on_disagreement=metrics.count_disagreement,
            )
            for source, pipeline in self._judged.items()
        }
        kafka = settings.kafka
        self.producer = RoundProducer(
            lambda: output_producer(kafka),
            output_batch,
            max_batch_bytes=kafka.max_batch_bytes,
            replace=self._replace_refused,
            on_unavailable=metrics.PRODUCE_RETRIES.inc,
            on_finished=self._measure_end_to_end,
        )
        self.slot = claim_slot(settings.data_dir)
        self.worker = worker = worker_name(self.slot.number)
        self.unknown_schemas: Counter[str] = Counter()  # records so far, by source
        self.ledger = LedgerWriter(settings, self.clock, worker)
        self.transactions = self._open_transactions()
        judged = [source for source, p in self.pipelines.items() if p.mode == "enforce"]
        self.flood = FloodGuard(settings.breaker, judged, self.gate, self.clock, worker)
        self._journal = ChunkJournal(self.slot.folder / "judging.journal")
        self._alarm = HangAlarm()
        self._until_timed = TIMED_EVERY
        self._routers: dict[str, Router] = {}
        self._sink = SinkApart(settings)
        self.quarantining = StoreRounds(self.quarantine, self.gate)
        self._settlement: Settlement = open_settlement(settings)
        self.settling = StoreRounds(self.settle, self.gate)
        self._forwarded = Forwarded(kafka)

    def _open_transactions(self) -> Transactions | None:
        if self.settings.delivery == "at_least_once":
            return None
        return Transactions(
            self.settings,
            self.ledger,
            replace=self._replace_refused,
            on_finished=self._measure_end_to_end,
        )

    async def start(self) -> None:
        """Connect to the broker and open the stores; a store that is away is no obstacle."""
        self._sink.start()  # takes a second, in which the rest is done
        await self.feed.restore()
        await self.producer.start()
        await self.ledger.start()
        for topic, pipeline in self._judged.items():
            partitions = {
                output: await self.producer.partitions(output)
                for output in (pipeline.valid, pipeline.dead_letter)
            }
            writer = DeadLetterWriter(
                self.settings.cluster_id,
                max_bytes=self.settings.kafka.max_request_bytes,
                dialect=pipeline.header_dialect,
                keys=PrivateKeys.from_settings(self.settings),
            )
            make = ReplayRouter if topic in self.replays else Router
            self._routers[topic] = make(pipeline, writer, partitions)
        await self.feed.start()
        await asyncio.to_thread(self._sink.wait_until_open)

    async def stop(self) -> None:
        """Disconnect."""
        await self.feed.stop()
        await self.producer.stop()
        await self.ledger.stop()
        await asyncio.to_thread(self.feed.close)
        await asyncio.to_thread(self._settlement.close)
        await asyncio.to_thread(self._sink.close)

    async def judge(self, chunk: Chunk) -> JudgedChunk | None:
        """Judge a chunk; None when its pipeline lets everything pass unjudged.

        A chunk that two processes died on is judged in a child process, which finds the culprit.
        """
        topic, records = chunk.tp.topic, chunk.records
        pipeline = self._judged[topic]
        if pipeline.mode == "passthrough":
            return None
        if self._journal.begin(chunk.tp, records[0].offset, chunk.next_offset) >= ISOLATE_AFTER:
            logger.error(
                "Judging %r apart: processes died on it", chunk, extra={"action": "judging_apart"}
            )
            packages = self.settings.schemas.model_packages
            recipe = EngineRecipe(self.catalog.versions(), pipeline, packages)
            judged = await asyncio.to_thread(judge_isolated, records, recipe)
        else:
            with self._alarm:
                judged = self.engines[topic].judge(records)
                self._time_one(topic, records)
            if topic in self.pipelines:
                self._compare_shadows(topic, records, judged)
        self._journal.done(chunk.tp, chunk.next_offset)
        chunk.tally = count_outcomes(judged)
        metrics.count_chunk(topic, chunk.tally)
        if unknown := chunk.tally.count(ErrorType.SCHEMA_NOT_FOUND):
            self.unknown_schemas[topic] += unknown
        self.flood.note(chunk, judged)
        return judged

    def _compare_shadows(self, topic: str, records: Sequence[Record], judged: JudgedChunk) -> None:
        for version, count in self.feed.compare_shadows(topic, records, judged).items():
            metrics.SHADOW_DISAGREEMENTS.labels(*version).inc(count)

    @property
    def stores_away_s(self) -> Mapping[str, float]:
        """How long each store has not answered; 0 when it does."""
        return self._sink.away_s

    def is_taken(self) -> bool:
        """Tell whether the broker takes what this worker produces."""
        return self.ledger.is_taking and self.producer.waiting_s < KAFKA_DOWN_AFTER_S

    def _time_one(self, topic: str, records: Sequence[Record]) -> None:
        """Judge one record of every 64 once more, alone, to measure what one costs."""
        self._until_timed -= len(records)
        if self._until_timed > 0:
            return
        self._until_timed = TIMED_EVERY
        started = time.perf_counter()
        judged = self.engines[topic].judge(records[-1:])
        elapsed_s = time.perf_counter() - started
        for schema in count_outcomes(judged).schemas.values():
            metrics.VALIDATION_SECONDS.labels(schema.name).observe(elapsed_s)

    async def route(self, chunk: Chunk, judged: JudgedChunk | None) -> None:
        """Hand the outputs of a chunk to the producer; the chunk finishes when they are acked.

        What a breaker withholds is dropped: the consumer goes back to what is committed.
        """
        if self.flood.withholds(chunk.tp.topic):
            return
        router = self._routers[chunk.tp.topic]
        if judged is None:
            routed = router.forward_unjudged(chunk)
        else:
            routed = router.route(chunk, judged, self.clock.now())
        if chunk.tp.topic in self.replays:
            already = await self._forwarded.offsets(chunk, router.valid)
            routed = replace(routed, outputs=without(routed.outputs, router.valid, already))
        await self._store_ahead(chunk.tp, routed)
        if router.forged and chunk.tp.topic in self.pipelines:
            metrics.FORGED_HEADERS.labels(chunk.tp.topic).inc(router.forged)
            router.forged = 0
        if not chunk.is_stale and not self.flood.withholds(chunk.tp.topic):
            (chunk.owner.outlet or self.producer).submit(chunk, routed.outputs)

    def quarantine(self, records: Sequence[Record]) -> None:
        """Store dead letters in S3 and Postgres, or in the spool. Blocking.

        Raises: SinkUnavailable when neither takes them.
        """
        self._sink.store(records)

    def settle(self, records: Sequence[Record]) -> None:
        """Bring the replay verdicts among outcomes to the database. Blocking.

        Raises: SinkUnavailable while the database is away.
        """
        found = [read_verdict(record.value) for record in records]
        verdicts = [verdict for verdict in found if verdict is not None]
        self._settlement.apply(verdicts)
        for verdict in verdicts:
            metrics.REPLAYED.labels(verdict.result).inc()

    async def _store_ahead(self, tp: TopicPartition, routed: Routed) -> None:
        """Make durable what the outputs refer to, before they are produced."""
        if not routed.detached and not routed.originals:
            return
        sink = self._sink
        for payload in routed.detached:
            await insist(self.gate, tp.topic, sink.store_detached, payload)
        if routed.originals:
            await insist(self.gate, tp.topic, sink.store_originals, routed.originals)

    def _measure_end_to_end(self, chunk: Chunk) -> None:
        """Observe a chunk by its first record; clocks that run ahead and replays are left out."""
        oldest_ms = chunk.records[0].timestamp
        age_s = time.time() - oldest_ms / 1000
        if oldest_ms > 0 and age_s >= 0 and chunk.tp.topic in self.pipelines:
            metrics.observe_end_to_end(chunk.tp.topic, chunk.tally, age_s)

    async def _replace_refused(self, tp: TopicPartition, row: OutputRow, reason: str) -> Outputs:
        chunk = row[4]
        pipeline: PipelineSettings = self._judged[chunk.tp.topic]
        if tp.topic == pipeline.valid and chunk.tally is not None:
            chunk.tally.refuse(tombstone=row[1] is None)
        router = self._routers[chunk.tp.topic]
        routed = router.replace_refused(tp.topic, row, reason, self.clock.now())
        await self._store_ahead(chunk.tp, routed)
        return routed.outputs


def _enforcing(pipeline: PipelineSettings) -> PipelineSettings:
    """Give the pipeline of a source's replays: those are always judged and forwarded."""
    return pipeline.model_copy(update={"mode": "enforce"})


def _gate(
    settings: Settings,
    sources: Iterable[str],
    replays: Iterable[str],
    dead_letters: Iterable[str],
) -> Gate:
    """Bound what is in flight; replays and their outcomes can't take the sources' share."""
    max_bytes = settings.kafka.max_in_flight_bytes
    return Gate(
        [
            (sources, Allowance(max_bytes, MAX_CHUNKS)),
            (replays, Allowance(max_bytes // 4, MAX_CHUNKS // 2)),
            (dead_letters, Allowance(max_bytes // 2, MAX_CHUNKS)),
            ([OUTCOMES], Allowance(max_bytes // 8, MAX_CHUNKS)),
        ]
    )
