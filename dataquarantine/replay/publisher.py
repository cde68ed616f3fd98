"""Publishing a job's records: in order, at a rate, each once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidMessageError,
    InvalidTimestampError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from dataquarantine.audit.topics import bounds
from dataquarantine.clock import Clock
from dataquarantine.errors import DataQuarantineError, SinkUnavailable
from dataquarantine.quarantine.decisions import kafka_publisher
from dataquarantine.quarantine.topic_reader import TopicUnreadable
from dataquarantine.records import TopicPartition
from dataquarantine.replay.batches import Batches, ItemRow, NotSent
from dataquarantine.replay.bench import Bench, Repaired
from dataquarantine.replay.held_sends import hold_sends
from dataquarantine.replay.jobs import Job, ReplayJobs
from dataquarantine.replay.leases import Lease
from dataquarantine.replay.marks import ReplayMark, replayed_headers
from dataquarantine.replay.planner import repairer_of
from dataquarantine.replay.sightings import find_items
from dataquarantine.replay.verdicts import Verdict
from dataquarantine.stream.kafka_client import output_producer
from dataquarantine.stream.partitioner import partition_for
from dataquarantine.topics import OUTCOMES, replay_topic

logger = logging.getLogger(__name__)

MAX_BATCH = 500
PAUSE_AFTER_ERROR_S = 2.0
ENDS_OLD_AFTER_S = 3.0
#: The target takes this record in no form.
REFUSED = (
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    InvalidMessageError,
    InvalidTimestampError,
)


class Publisher:
    """Publishes the items of one job; what it was killed at, the next one finds on the target.

    Before a batch is published its items are claimed, with the offsets from which on the target
    may hold them. A crash leaves claimed items: whoever takes the job over reads the target from
    there and publishes only those it does not find.
    """

    def __init__(self, jobs: ReplayJobs, bench: Bench, clock: Clock, lease: Lease) -> None:
        self._jobs = jobs
        self._job: Job = jobs.job(lease.job_id)
        publish = kafka_publisher(bench.settings.kafka)
        self._lease = lease
        self._batches = Batches(jobs, lease, self._job, publish, clock)
        self._bench = bench
        self._clock = clock
        self._kafka = bench.settings.kafka
        self._repair = repairer_of(self._job, bench)
        self._written_to: dict[str, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._valid_ends: dict[TopicPartition, int] = {}
        self._ends_read_at = -ENDS_OLD_AFTER_S

    async def run(self) -> None:
        """Publish until the job has no more work, is paused or cancelled.

        While stores or broker are away it waits. Raises: LeaseLost.
        """
        while True:
            try:
                await self._run()
                return
            except (SinkUnavailable, TopicUnreadable, KafkaError, OSError) as exc:
                logger.warning("Replay %s waits: %s", self._job.id, exc)
                await asyncio.sleep(PAUSE_AFTER_ERROR_S)

    async def _run(self) -> None:
        await self._account_for_claimed()
        topics = self._targets()
        self._ends = {tp: end for tp, (_, end) in (await bounds(self._kafka, topics)).items()}
        self._written_to = {str(tp): end for tp, end in self._ends.items()}
        producer = output_producer(self._kafka)
        hold_sends(producer, self._lease)
        await producer.start()
        try:
            await self._publish_all(producer)
        finally:
            await producer.stop()
        await asyncio.to_thread(self._batches.finish)

    async def _publish_all(self, producer: AIOKafkaProducer) -> None:
        rate = self._job.rate_per_s
        size = MAX_BATCH if rate is None else max(1, min(MAX_BATCH, int(rate / 2)))
        due = self._clock.monotonic()
        while True:
            await self._read_valid_ends()
            items = await asyncio.to_thread(self._batches.claim, size, self._written_to)
            if items is None:
                return
            await self._publish(producer, items)
            if rate is not None:
                due = max(due, self._clock.monotonic() - 1) + len(items) / rate
                await asyncio.sleep(max(0.0, due - self._clock.monotonic()))

    async def _publish(self, producer: AIOKafkaProducer, items: Sequence[ItemRow]) -> None:
        pinned = self._job.schema_ref
        repaired = await asyncio.to_thread(self._bench.repair, items, self._repair, pinned)
        fit = [each for each in repaired if each.problem is None]
        unfit = [NotSent(each.row, each.problem) for each in repaired if each.problem is not None]
        acks = [(each, await self._send(producer, each)) for each in fit]
        answers = await asyncio.gather(*(ack for _, ack in acks), return_exceptions=True)
        sent: list[tuple[Repaired, Any]] = []
        for (each, _), answer in zip(acks, answers, strict=True):
            if isinstance(answer, REFUSED):
                unfit.append(NotSent(each.row, f"the target refuses it: {type(answer).__name__}"))
            elif isinstance(answer, BaseException):
                raise answer
            else:
                sent.append((each, answer))
                place = str(TopicPartition(answer.topic, answer.partition))
                self._written_to[place] = max(self._written_to.get(place, 0), answer.offset + 1)
        if self._job.target is not None:
            await self._tell(producer, sent)
        await asyncio.to_thread(self._batches.sent, [each.row for each, _ in sent])
        await asyncio.to_thread(self._batches.not_sent, unfit)

    async def _send(self, producer: AIOKafkaProducer, repaired: Repaired) -> Any:
        row, envelope = repaired.row, repaired.envelope
        if envelope is None:
            raise DataQuarantineError(f"record {row['id']} has no payload to publish")
        topic, partition = self._place(row, envelope.key())
        headers = replayed_headers(envelope.headers(), row["schema_ref"], self._mark(row))
        timestamp_ms = row["source_timestamp_ms"]
        self._lease.check()  # a process that was stopped since the claim wakes up here
        try:
            return await producer.send(
                topic,
                repaired.payload,
                key=envelope.key(),
                partition=partition,
                timestamp_ms=timestamp_ms if timestamp_ms >= 0 else None,
                headers=headers,
            )
        except REFUSED as exc:
            refused: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            refused.set_exception(exc)
            return refused

    def _place(self, row: ItemRow, key: bytes | None) -> tuple[str, int]:
        """Choose where a record goes: its own partition, elsewhere the one of its key."""
        if self._job.target is None:
            return replay_topic(row["topic"]), row["partition"]
        count = sum(tp.topic == self._job.target for tp in self._ends)
        if not count:
            raise TopicUnreadable(self._job.target, "it does not exist")
        if key is None:
            return self._job.target, row["partition"] % count
        return self._job.target, partition_for(key, count)

    async def _tell(self, producer: AIOKafkaProducer, sent: Sequence[tuple[Repaired, Any]]) -> None:
        """Give the verdicts of records that nobody judges again: they passed the dry run."""
        for each, answer in sent:
            coordinates = f"{answer.topic}/{answer.partition}/{answer.offset}"
            verdict = self._passed(self._mark(each.row), coordinates)
            await producer.send(OUTCOMES, verdict.encoded(), key=verdict.key, partition=0)
        await producer.flush()

    def _passed(self, mark: ReplayMark, coordinates: str) -> Verdict:
        return Verdict(
            replay_id=mark.replay_id,
            item_id=mark.item_id,
            record_id=mark.record_id,
            attempt=mark.attempt,
            result="reprocessed",
            coordinates=coordinates,
            at=self._clock.now(),
        )

    def _mark(self, row: ItemRow) -> ReplayMark:
        origin = f"{row['topic']}/{row['partition']}/{row['offset']}"
        valid = self._bench.pipelines[row["topic"]].valid
        ends = {tp.partition: end for tp, end in self._valid_ends.items() if tp.topic == valid}
        attempt = row["attempt"] + 1
        return ReplayMark(self._job.id, row["item_id"], row["id"], attempt, origin, ends)

    async def _read_valid_ends(self) -> None:
        """Read where the valid topics end, now and then: older ends only mean more to read."""
        if self._clock.monotonic() - self._ends_read_at < ENDS_OLD_AFTER_S:
            return
        self._ends_read_at = self._clock.monotonic()
        topics = sorted({pipeline.valid for pipeline in self._bench.pipelines.values()})
        found = await bounds(self._kafka, topics)
        self._valid_ends = {tp: end for tp, (_, end) in found.items()}

    def _targets(self) -> list[str]:
        if self._job.target is not None:
            return [self._job.target]
        return [replay_topic(source) for source in self._bench.pipelines]

    async def _account_for_claimed(self) -> None:
        """Find out which items of a batch that was cut off are on the target."""
        claimed = await asyncio.to_thread(self._batches.on_their_way)
        if not claimed:
            return
        wanted = {str(item["item_id"]): item for item in claimed}
        job = await asyncio.to_thread(self._jobs.job, self._job.id)
        found = await find_items(self._kafka, _places(job.written_to), set(wanted))
        if self._job.target is not None:
            await self._tell_found(found)
        there = [wanted[item_id] for item_id in found]
        rest = [item for item_id, item in wanted.items() if item_id not in found]
        logger.info("Replay %s: of %d claimed records %d were published", self._job.id,
                    len(claimed), len(there))  # fmt: skip
        await asyncio.to_thread(self._batches.sent, there)
        await asyncio.to_thread(self._batches.take_back, rest)

    async def _tell_found(self, found: Mapping[str, tuple[ReplayMark, str]]) -> None:
        producer = output_producer(self._kafka)
        await producer.start()
        try:
            for mark, coordinates in found.values():
                verdict = self._passed(mark, coordinates)
                await producer.send(OUTCOMES, verdict.encoded(), key=verdict.key, partition=0)
            await producer.flush()
        finally:
            await producer.stop()


def _places(written_to: Mapping[str, int]) -> dict[TopicPartition, int]:
    places = {}
    for place, offset in written_to.items():
        topic, _, partition = place.rpartition("/")
        places[TopicPartition(topic, int(partition))] = offset
    return places
