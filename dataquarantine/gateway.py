"""A worker's library side, put together from the settings; the agents call its three verbs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from dataquarantine import metrics
from dataquarantine.clock import SystemClock
from dataquarantine.errors import SinkUnavailable
from dataquarantine.outcomes import JudgedChunk
from dataquarantine.quarantine.deadletters import DeadLetterWriter
from dataquarantine.quarantine.private_keys import PrivateKeys
from dataquarantine.quarantine.sink import QuarantineSink, open_sink
from dataquarantine.records import Record, TopicPartition
from dataquarantine.schemas.feed import SchemaFeed
from dataquarantine.settings import PipelineSettings, Settings
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.gate import SPOOL_FULL, Allowance, Gate
from dataquarantine.stream.kafka_client import output_batch, output_producer
from dataquarantine.stream.ledger import LedgerWriter, worker_name
from dataquarantine.stream.outputs import OutputRow, Outputs
from dataquarantine.stream.producer import RoundProducer
from dataquarantine.stream.router import Routed, Router
from dataquarantine.stream.slot import claim_slot
from dataquarantine.topics import REPLAY_SUFFIX
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

T = TypeVar("T")

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
        self.dead_letter_topics = sorted({p.dead_letter for p in settings.pipelines})
        self.gate = _gate(settings, list(self.pipelines), self.dead_letter_topics)
        self.feed = SchemaFeed(settings, self.pipelines, self.clock)
        self.schemas = self.feed.service
        self.catalog = self.feed.catalog
        self.engines = {
            source: Engine(
                self.catalog,
                pipeline,
                clock=self.clock,
                on_disagreement=metrics.count_disagreement,
            )
            for source, pipeline in self.pipelines.items()
        }
        kafka = settings.kafka
        self.producer = RoundProducer(
            lambda: output_producer(kafka),
            output_batch,
            max_batch_bytes=kafka.max_batch_bytes,
            replace=self._replace_refused,
            on_unavailable=metrics.PRODUCE_RETRIES.inc,
            on_finished=_measure_end_to_end,
        )
        self.slot = claim_slot(settings.data_dir)
        self.ledger = LedgerWriter(settings, self.clock, worker_name(self.slot.number))
        self._journal = ChunkJournal(self.slot.folder / "judging.journal")
        self._alarm = HangAlarm()
        self._until_timed = TIMED_EVERY
        self._routers: dict[str, Router] = {}
        self._sink: QuarantineSink | None = None

    async def start(self) -> None:
        """Connect to the broker and open the stores; a store that is away is no obstacle."""
        await self.feed.restore()
        await self.producer.start()
        await self.ledger.start()
        for source, pipeline in self.pipelines.items():
            partitions = {
                topic: await self.producer.partitions(topic)
                for topic in (pipeline.valid, pipeline.dead_letter)
            }
            writer = DeadLetterWriter(
                self.settings.cluster_id,
                max_bytes=self.settings.kafka.max_request_bytes,
                dialect=pipeline.header_dialect,
                keys=PrivateKeys.from_settings(self.settings),
            )
            self._routers[source] = Router(pipeline, writer, partitions)
        await self.feed.start()
        self._sink = await asyncio.to_thread(open_sink, self.settings)

    async def stop(self) -> None:
        """Disconnect."""
        await self.feed.stop()
        await self.producer.stop()
        await self.ledger.stop()
        await asyncio.to_thread(self.feed.close)
        if self._sink is not None:
            await asyncio.to_thread(self._sink.close)

    async def judge(self, chunk: Chunk) -> JudgedChunk | None:
        """Judge a chunk; None when its pipeline lets everything pass unjudged.

        A chunk that two processes died on is judged in a child process, which finds the culprit.
        """
        topic, records = chunk.tp.topic, chunk.records
        pipeline = self.pipelines[topic]
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
            disagreements = self.feed.compare_shadows(topic, records, judged)
            for version, count in disagreements.items():
                metrics.SHADOW_DISAGREEMENTS.labels(*version).inc(count)
        self._journal.done(chunk.tp, chunk.next_offset)
        chunk.tally = count_outcomes(judged)
        metrics.count_chunk(topic, chunk.tally)
        return judged

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
        """Hand the outputs of a chunk to the producer; the chunk finishes when they are acked."""
        router = self._routers[chunk.tp.topic]
        if judged is None:
            routed = router.forward_unjudged(chunk)
        else:
            routed = router.route(chunk, judged, self.clock.now())
        await self._store_ahead(routed)
        if not chunk.is_stale:
            self.producer.submit(chunk, routed.outputs)

    async def quarantine(self, chunk: Chunk) -> None:
        """Store a chunk of dead letters in S3 and Postgres, or in the spool, then finish it.

        While neither takes it the topic is held: Kafka keeps the records.
        """
        sink = self._sink
        if sink is None:
            raise RuntimeError("Gateway.quarantine before start")
        # Not submitted: a revocation does not wait for a store, storing again changes nothing.
        while not chunk.is_stale:
            try:
                await asyncio.to_thread(sink.store, chunk.records)
            except SinkUnavailable as exc:
                await self._hold(chunk.tp, exc)
                continue
            self.gate.release(chunk.tp.topic, SPOOL_FULL)
            chunk.finish()
            return

    async def _hold(self, tp: TopicPartition, exc: SinkUnavailable) -> None:
        if not self.gate.reasons(tp.topic):
            logger.error(
                "Dead letters of %s wait in Kafka: %s", tp.topic, exc, extra={"action": "sink_held"}
            )
        self.gate.hold(tp.topic, SPOOL_FULL)
        started = time.monotonic()
        await asyncio.sleep(exc.retry_after_s)
        paused = time.monotonic() - started
        metrics.PAUSED_SECONDS.labels(tp.topic, SPOOL_FULL).inc(paused)

    async def _store_ahead(self, routed: Routed) -> None:
        """Make durable what the outputs refer to, before they are produced."""
        if not routed.detached and not routed.originals:
            return
        sink = self._sink
        if sink is None:
            raise RuntimeError("Gateway.route before start")
        for payload in routed.detached:
            await self._insist(sink.store_detached, payload)
        if routed.originals:
            await self._insist(sink.store_originals, routed.originals)

    async def _insist(self, store: Callable[[T], None], item: T) -> None:
        while True:
            try:
                await asyncio.to_thread(store, item)
                return
            except SinkUnavailable as exc:
                logger.error(
                    "Payloads that go ahead of their records wait for S3 or spool: %s",
                    exc,
                    extra={"action": "payloads_wait"},
                )
                await asyncio.sleep(exc.retry_after_s)

    async def _replace_refused(self, tp: TopicPartition, row: OutputRow, reason: str) -> Outputs:
        chunk = row[4]
        pipeline: PipelineSettings = self.pipelines[chunk.tp.topic]
        if tp.topic == pipeline.valid and chunk.tally is not None:
            chunk.tally.refuse(tombstone=row[1] is None)
        router = self._routers[pipeline.source]
        routed = router.replace_refused(tp.topic, row, reason, self.clock.now())
        await self._store_ahead(routed)
        return routed.outputs


def _gate(settings: Settings, sources: list[str], dead_letters: list[str]) -> Gate:
    max_bytes = settings.kafka.max_in_flight_bytes
    return Gate(
        [
            (sources, Allowance(max_bytes, MAX_CHUNKS)),
            (dead_letters, Allowance(max_bytes // 2, MAX_CHUNKS)),
        ]
    )


def _measure_end_to_end(chunk: Chunk) -> None:
    """Observe a chunk by its first record; replays and clocks that run ahead are left out."""
    oldest_ms = chunk.records[0].timestamp
    age_s = time.time() - oldest_ms / 1000
    if oldest_ms > 0 and age_s >= 0 and not chunk.tp.topic.endswith(REPLAY_SUFFIX):
        metrics.observe_end_to_end(chunk.tp.topic, chunk.tally, age_s)
