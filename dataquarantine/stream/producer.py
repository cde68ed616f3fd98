"""Produces outputs of chunks: one batch per partition and round, again until acknowledged."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka import errors as kafka_errors

from dataquarantine.errors import ProduceRefused
from dataquarantine.records import TopicPartition
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.outputs import Batch, BatchBuilder, OutputRow, Outputs, Packer

logger = logging.getLogger(__name__)

#: Three tries with growing pauses, then one every five seconds, for ever.
RETRY_PAUSES_S = (0.2, 0.4, 0.8)
LONG_PAUSE_S = 5.0

#: The broker will refuse this batch again; one of its records is the reason.
REFUSED = (
    kafka_errors.MessageSizeTooLargeError,
    kafka_errors.RecordListTooLargeError,
    kafka_errors.InvalidMessageError,
    kafka_errors.InvalidTimestampError,
    kafka_errors.PolicyViolationError,
)
#: The broker will refuse every batch.
FORBIDDEN = (
    kafka_errors.TopicAuthorizationFailedError,
    kafka_errors.ClusterAuthorizationFailedError,
    kafka_errors.TransactionalIdAuthorizationFailed,
)

#: Makes what goes out instead of a row that the broker refused; raises ProduceRefused if nothing.
Replace = Callable[[TopicPartition, OutputRow, str], Awaitable[Outputs]]


class Failure(NamedTuple):
    """Where producing to a partition stopped: the batch that failed and all after it."""

    tp: TopicPartition
    batches: Sequence[Batch]
    error: Exception


class BatchSize:
    """How large batches are made: halved when a broker refuses one, slowly back after that.

    A topic's `max.message.bytes` bounds whole batches, and it may change at any time.
    """

    SMALLEST = 16 * 1024
    GROW_AFTER_ROUNDS = 1000

    def __init__(self, max_bytes: int) -> None:
        self.bytes = self._max_bytes = max_bytes
        self._rounds = 0

    def shrink(self) -> None:
        self.bytes = max(self.SMALLEST, self.bytes // 2)
        self._rounds = 0

    def grow(self) -> None:
        """Count a round without a refusal."""
        self._rounds += 1
        if self._rounds >= self.GROW_AFTER_ROUNDS and self.bytes < self._max_bytes:
            self.bytes = min(self._max_bytes, self.bytes * 2)
            self._rounds = 0


class RoundProducer:
    """Group commit: while one round is under way, everything that arrives joins the next.

    aiokafka sends one batch per partition and request and one request per broker, so many small
    batches would queue up (p50 200 ms instead of 7 at 10,000 records/s). A round therefore holds
    all outputs of its chunks, and chunks finish when their round is acknowledged.
    """

    def __init__(
        self,
        new_producer: Callable[[], AIOKafkaProducer],
        new_builder: Callable[[int], BatchBuilder],
        *,
        max_batch_bytes: int,
        replace: Replace,
        on_unavailable: Callable[[], None] = lambda: None,
        on_finished: Callable[[Chunk], None] = lambda chunk: None,
    ) -> None:
        self._new_producer = new_producer
        self._replace = replace
        self._on_unavailable = on_unavailable
        self._on_finished = on_finished
        self._round_since: float | None = None
        self._producer: Any = None
        self._new_builder = new_builder
        self._batch_size = BatchSize(max_batch_bytes)
        self._arrived = asyncio.Event()
        self._packer = self._new_packer()
        self._chunks: list[Chunk] = []
        self._partitions: dict[str, int] = {}

    # -- for the agents

    async def start(self) -> None:
        """Connect; tries for as long as the broker is away.

        Raises: ProduceRefused when it does not let us.
        """
        failures = 0
        while True:
            self._producer = self._new_producer()
            try:
                await self._producer.start()
                break
            except FORBIDDEN as exc:
                raise ProduceRefused("any topic", type(exc).__name__) from exc
            except kafka_errors.KafkaError as exc:
                await self._stop_producer()
                failures += 1
                await self._pause(failures, exc)

    async def stop(self) -> None:
        """Disconnect; what is not acknowledged by now stays unfinished."""
        await self._stop_producer()

    async def partitions(self, topic: str) -> int:
        """Count the partitions of a topic; remembered."""
        count = self._partitions.get(topic)
        if count is None:
            found = await self._producer.partitions_for(topic)
            count = self._partitions[topic] = len(found)
        return count

    def submit(self, chunk: Chunk, outputs: Outputs) -> None:
        """Take all outputs of a chunk; it is finished once they are acknowledged."""
        chunk.submit()
        for tp, rows in outputs.items():
            self._packer.add(tp, rows)
        self._chunks.append(chunk)
        self._arrived.set()

    async def run(self) -> None:
        """Produce round after round.

        Raises: ProduceRefused when the broker takes nothing from us, or not even the dead letter.
        """
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            chunks, self._chunks = self._chunks, []
            packer, self._packer = self._packer, self._new_packer()
            self._round_since = time.monotonic()
            await self._deliver(packer.batches)
            self._round_since = None
            for chunk in chunks:
                chunk.finish()
                self._on_finished(chunk)

    @property
    def waiting_s(self) -> float:
        """How long the round under way has waited for its acknowledgements; 0 when none is."""
        since = self._round_since
        return 0.0 if since is None else time.monotonic() - since

    # -- one round

    async def _deliver(self, batches: dict[TopicPartition, list[Batch]]) -> None:
        """Produce until every batch is acknowledged, in order within a partition."""
        failures = 0
        while batches:
            results = await asyncio.gather(
                *(self._produce(tp, queue) for tp, queue in batches.items())
            )
            failed = [result for result in results if result is not None]
            if not failed:
                self._batch_size.grow()
                return
            # After a failed batch an idempotent producer's sequence numbers no longer match.
            await self._stop_producer()
            await self.start()
            packer = self._new_packer()
            await self._mend(packer, failed)
            batches = packer.batches
            if not any(isinstance(f.error, REFUSED) for f in failed):
                failures += 1
                await self._pause(failures, failed[0].error)

    async def _produce(self, tp: TopicPartition, batches: Sequence[Batch]) -> Failure | None:
        """Send batches one after the other; stop at the first that fails."""
        for position, batch in enumerate(batches):
            batch.builder.close()
            try:
                acknowledged = await self._producer.send_batch(
                    batch.builder, tp.topic, partition=tp.partition
                )
                await acknowledged
            except FORBIDDEN as exc:
                raise ProduceRefused(tp.topic, type(exc).__name__) from exc
            except (kafka_errors.KafkaError, ConnectionError, AssertionError) as exc:
                # AssertionError: aiokafka's word for a partition that its metadata lacks
                return Failure(tp, batches[position:], exc)
        return None

    async def _mend(self, packer: Packer, failed: Sequence[Failure]) -> None:
        """Build what is left again: halves of a refused batch, replacements of a refused row."""
        for tp, batches, error in failed:
            if not isinstance(error, REFUSED):
                self._repack(packer, tp, batches)
                continue
            rows = batches[0].rows()
            if len(rows) == 1:
                self._repack(packer, tp, batches[1:])
                replaced = await self._replace(tp, rows[0], _reason(error))
                for other, replacement in replaced.items():
                    packer.add(other, replacement)
            else:
                self._batch_size.shrink()
                half = len(rows) // 2
                packer.add_again(tp, rows[:half])
                packer.split(tp)
                packer.add_again(tp, rows[half:])
                packer.split(tp)
                self._repack(packer, tp, batches[1:])

    def _new_packer(self) -> Packer:
        size = self._batch_size.bytes
        return Packer(lambda: self._new_builder(size))

    @staticmethod
    def _repack(packer: Packer, tp: TopicPartition, batches: Sequence[Batch]) -> None:
        for batch in batches:
            packer.add_again(tp, batch.rows())

    # -- the broker

    async def _stop_producer(self, within_s: float = LONG_PAUSE_S) -> None:
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            await asyncio.wait_for(producer.stop(), within_s)
        except (TimeoutError, kafka_errors.KafkaError) as exc:
            logger.warning(
                "The producer did not stop in an orderly way: %r",
                exc,
                extra={"action": "producer_stop_failed"},
            )

    async def _pause(self, failures: int, exc: Exception) -> None:
        self._on_unavailable()
        if failures <= len(RETRY_PAUSES_S):
            await asyncio.sleep(RETRY_PAUSES_S[failures - 1])
            return
        logger.error(
            "Kafka takes no records (%r); trying again in %g s",
            exc,
            LONG_PAUSE_S,
            extra={"action": "kafka_unavailable"},
        )
        await asyncio.sleep(LONG_PAUSE_S)


def _reason(error: Exception) -> str:
    """Say in words why the broker refused a record."""
    if isinstance(error, kafka_errors.InvalidTimestampError):
        return "the broker refused its timestamp"
    if isinstance(error, kafka_errors.PolicyViolationError):
        return "a policy of the broker refused it"
    if isinstance(error, kafka_errors.InvalidMessageError):
        return "the broker found it invalid"
    return "it is larger than the broker accepts"
