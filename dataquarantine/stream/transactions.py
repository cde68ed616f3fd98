"""Exactly once: outputs, ledger and offset of a source partition in one transaction."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from aiokafka import errors as kafka_errors
from aiokafka.structs import OffsetAndMetadata
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from dataquarantine import metrics
from dataquarantine.errors import DataQuarantineError
from dataquarantine.records import TopicPartition
from dataquarantine.settings import Settings
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.kafka_client import output_batch, output_producer
from dataquarantine.stream.ledger import EVERY_S, LedgerAccount, LedgerWriter
from dataquarantine.stream.outputs import Batch
from dataquarantine.stream.owner import PartitionOwner
from dataquarantine.stream.producer import REFUSED, Failure, Replace, RoundProducer
from dataquarantine.stream.stable_offset import CommittedOffset, stable_offset
from dataquarantine.topics import LEDGER

logger = logging.getLogger(__name__)

ABORT_WITHIN_S = 1.0


class PartitionMoved(DataQuarantineError):
    """Somebody else committed on a partition that we took for ours."""


#: After these the partition is taken anew. AssertionError: aiokafka's, for a state it is not in.
FAILED = (
    kafka_errors.KafkaError,
    ConnectionError,
    TimeoutError,
    AssertionError,
    PartitionMoved,
)

Batches = dict[TopicPartition, list[Batch]]


class TransactionalProducer(RoundProducer):
    """Delivers the chunks of one source partition, transaction after transaction.

    Whoever holds the epoch of the partition's transactional id has read the committed offset after
    its own init, and commits only what follows that offset without a gap: so a generation of the
    group is not needed, which aiokafka does not send along either. Any failure but a refused
    record ends it; the partition is then taken anew by a rebalance, from what is committed.

    Args: owner: of the partition; closed when a transaction fails. consumer: aiokafka's.
        failures: of this partition in a row, by earlier producers too.
        take_anew: asks for the rebalance. crash: ends the worker.
    """

    def __init__(
        self,
        owner: PartitionOwner,
        settings: Settings,
        ledger: LedgerWriter,
        consumer: Any,
        *,
        failures: Counter[TopicPartition],
        replace: Replace,
        on_finished: Callable[[Chunk], None],
        take_anew: Callable[[], None],
        crash: Callable[[BaseException], Awaitable[None]],
    ) -> None:
        kafka = settings.kafka
        name = f"dq/{kafka.group}/{owner.tp.topic}/{owner.tp.partition}"
        super().__init__(
            lambda: output_producer(kafka, name),
            partial(output_batch, transactional=True),
            max_batch_bytes=kafka.max_batch_bytes,
            replace=replace,
            on_unavailable=metrics.PRODUCE_RETRIES.inc,
            on_finished=on_finished,
        )
        self.is_open = False
        self._owner = owner
        self._kafka = kafka
        self._ledger = ledger
        self._consumer = consumer
        self._failures = failures
        self._take_anew = take_anew
        self._crash = crash
        self._start_from = CommittedOffset(None, "")
        self._closing = False
        self._task = asyncio.create_task(self._serve(), name=name)

    async def close(self, timeout_s: float) -> None:
        """Commit what is submitted and end; what takes longer is aborted and read again."""
        self._closing = True
        self._arrived.set()
        done, _ = await asyncio.wait([self._task], timeout=timeout_s if self.is_open else 0)
        if not done:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=ABORT_WITHIN_S)
        await self._abort()
        await self._stop_producer(ABORT_WITHIN_S)

    # -- its task

    async def _serve(self) -> None:
        try:
            await self.run()
        except FAILED as exc:
            if self._closing:
                return
            logger.warning(
                "A transaction failed, %s is taken anew: %r",
                self._owner.tp,
                exc,
                extra={"action": "transaction_failed"},
            )
            self.is_open = False
            self._owner.close()
            await self._abort()
            self._failures[self._owner.tp] += 1
            await self._pause(self._failures[self._owner.tp], exc)
            self._take_anew()
        except Exception as exc:  # the worker ends by it, as by an agent's
            await self._crash(exc)

    async def run(self) -> None:
        """Take the partition, then commit transactions until it is closed.

        Raises: KafkaError, ConnectionError, TimeoutError, PartitionMoved, ProduceRefused.
        """
        await self._open()
        while True:
            await self._wait()
            if self._chunks or self._is_entry_due:
                await self._round()
            elif self._closing:
                return

    async def _open(self) -> None:
        """Fence the owner before, then read where it ended; the order is the point."""
        self._round_since = time.monotonic()
        await self.start()
        self._start_from = found = await self._committed()
        self._round_since = None
        logger.info(
            "Took %s at offset %s",
            self._owner.tp,
            found.next_offset,
            extra={"action": "partition_taken"},
        )
        self._owner.begin_at(found.next_offset)
        if found.next_offset is not None:
            self._consumer.seek(KafkaTopicPartition(*self._owner.tp), found.next_offset)
        self.is_open = True

    async def _committed(self) -> CommittedOffset:
        failures = 0
        while True:
            try:
                return await stable_offset(self._producer, self._kafka.group, self._owner.tp)
            except kafka_errors.KafkaError as exc:
                failures += 1
                await self._pause(failures, exc)

    async def _wait(self) -> None:
        """Wait for chunks, for the time of a ledger entry or for the end."""
        if self._closing:
            return
        account = self._owner.account
        due_in_s = None
        if account is not None and account.is_due(0, at_once=True):
            due_in_s = max(0.0, account.cut_at + EVERY_S - self._now())
        try:
            async with asyncio.timeout(due_in_s):
                await self._arrived.wait()
        except TimeoutError:
            return
        if self._kafka.transaction_s and not self._closing:
            await asyncio.sleep(self._kafka.transaction_s)
        self._arrived.clear()

    @property
    def _is_entry_due(self) -> bool:
        account = self._owner.account
        return account is not None and account.is_due(self._now(), at_once=self._closing)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    # -- one transaction

    async def _round(self) -> None:
        chunks, self._chunks = self._chunks, []
        packer, self._packer = self._packer, self._new_packer()
        if chunks and self._owner.oldest is not chunks[0]:
            raise RuntimeError(f"chunks of {self._owner.tp} came out of order")
        self._round_since = time.monotonic()
        batches = packer.batches
        while failed := await self._transact(chunks, batches):
            batches = await self._without_refused(failed, batches)
        self._round_since = None
        self._failures.pop(self._owner.tp, None)
        for chunk in chunks:
            chunk.finish()
            self._on_finished(chunk)

    async def _transact(self, chunks: Sequence[Chunk], batches: Batches) -> list[Failure]:
        """Try a transaction; returns the batches that were refused, then nothing is committed."""
        account = await self._account_for(chunks)
        at_once = self._closing and not self._chunks
        entry, note = self._ledger.write(account, self._now(), at_once=at_once)
        end = chunks[-1].next_offset if chunks else self._owner.committed
        if end is None:
            raise RuntimeError("a transaction without an offset")
        async with asyncio.timeout(self._kafka.transaction_timeout_s):
            await self._producer.begin_transaction()
            failed = await self._send(batches, entry, OffsetAndMetadata(end, note))
            if failed:
                await self._producer.abort_transaction()
                return failed
            await self._producer.commit_transaction()
        self._owner.account, self._owner.committed = account, end
        return []

    async def _account_for(self, chunks: Sequence[Chunk]) -> LedgerAccount:
        """Count the chunks on trial."""
        if self._owner.account is None:
            raise RuntimeError(f"{self._owner.tp} has no ledger account")
        account = self._owner.account.copy()
        for chunk in chunks:
            account.add(chunk)
        if account.first_offset is None:
            account.open_at(*self._start_from)
        expired = await self._ledger.expired([account], self._consumer)
        account.close_gaps(expired[account])
        return account

    async def _send(
        self, batches: Batches, entry: bytes | None, offset: OffsetAndMetadata
    ) -> list[Failure]:
        results = await asyncio.gather(
            # beside the produce requests: aiokafka commits even when a batch failed, so each is
            # looked at before
            self._send_offset(offset),
            self._send_entry(entry),
            *(self._produce(tp, queue) for tp, queue in batches.items()),
        )
        failed = [result for result in results if isinstance(result, Failure)]
        for failure in failed:
            if not isinstance(failure.error, REFUSED):
                raise failure.error
        return failed

    async def _send_offset(self, offset: OffsetAndMetadata) -> None:
        """Send the offset once that of the transaction before is in force.

        Coordinators of Apache Kafka 3 note a commit some time after they answered it, and then
        whatever is pending of that producer; an offset that is sent in between could be taken for
        committed before it is (reasoned, not seen). It is asked beside the produce requests.
        """
        before = await stable_offset(self._producer, self._kafka.group, self._owner.tp)
        if before.next_offset != self._owner.committed:
            raise PartitionMoved(f"{self._owner.tp} was committed by another worker")
        place = KafkaTopicPartition(*self._owner.tp)
        await self._producer.send_offsets_to_transaction({place: offset}, self._kafka.group)

    async def _send_entry(self, entry: bytes | None) -> None:
        if entry is not None:
            key = str(self._owner.tp).encode()
            await self._producer.send_and_wait(LEDGER, entry, key=key, partition=0)

    async def _without_refused(self, failed: Sequence[Failure], batches: Batches) -> Batches:
        """Build all batches again, the refused ones mended, for a producer made anew.

        After a failed batch the sequence numbers of the old one no longer match.
        """
        await self._stop_producer()
        await self.start()
        if (await self._committed()).next_offset != self._owner.committed:
            raise PartitionMoved(f"{self._owner.tp} was committed by another worker")
        packer = self._new_packer()
        left = {failure.tp: len(failure.batches) for failure in failed}
        for tp, queue in batches.items():
            if done := queue[: len(queue) - left.get(tp, 0)]:
                self._repack(packer, tp, done)
        await self._mend(packer, failed)
        return packer.batches

    async def _abort(self) -> None:
        """Abort what is under way, so that readers need not wait for its timeout."""
        if self._producer is None:
            return
        try:
            async with asyncio.timeout(ABORT_WITHIN_S):
                await self._producer.abort_transaction()
        except (kafka_errors.KafkaError, TimeoutError, AssertionError):
            return  # none is open, or the next owner's init aborts it


class Transactions:
    """Makes the producers of a worker's source partitions.

    Args: replace, on_finished: as for `RoundProducer`.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: LedgerWriter,
        *,
        replace: Replace,
        on_finished: Callable[[Chunk], None],
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._replace = replace
        self._on_finished = on_finished
        self._failures: Counter[TopicPartition] = Counter()  # in a row

    def open(
        self,
        owner: PartitionOwner,
        consumer: Any,
        *,
        take_anew: Callable[[], None],
        crash: Callable[[BaseException], Awaitable[None]],
    ) -> TransactionalProducer:
        """Begin to take a partition; it is closed to fetches until that is done."""
        return TransactionalProducer(
            owner,
            self._settings,
            self._ledger,
            consumer,
            failures=self._failures,
            replace=self._replace,
            on_finished=self._on_finished,
            take_anew=take_anew,
            crash=crash,
        )
