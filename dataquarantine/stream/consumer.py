"""Faust's consumer, changed to deliver chunks and to commit for them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata
from aiokafka.structs import TopicPartition as KafkaTopicPartition
from faust.exceptions import ImproperlyConfigured
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from dataquarantine.records import TopicPartition
from dataquarantine.stream.chunk import Chunk, together
from dataquarantine.stream.consumer_thread import InlineConsumerThread
from dataquarantine.stream.gate import Gate
from dataquarantine.stream.ledger import LedgerWriter
from dataquarantine.stream.owner import PartitionOwner
from dataquarantine.stream.transactions import Transactions

if TYPE_CHECKING:
    from dataquarantine.stream.transport import ChunkTransport

logger = logging.getLogger(__name__)

#: How often closed partitions are asked about again. Only while some are closed.
CLOSED_POLL_S = 0.02
#: How often it is tried to commit after a rebalance, until that is done once, and for how long.
FIRST_COMMIT_S = 0.1
HURRY_FOR_S = 30.0
#: How long joining the group with a new connection may take.
RENEW_TIMEOUT_S = 30.0


class ChunkConsumer(driver.Consumer):  # type: ignore[misc]  # untyped base
    """Delivers chunks, several in a `ConsumerMessage` when they are small; commits for them itself.

    Topics that the gate does not know (control, schemas, changelogs) keep Faust's own path.
    """

    gate: Gate
    ledger: LedgerWriter | None
    transactions: Transactions | None
    commit_every_s: float
    drain_timeout_s: float

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        settings: ChunkTransport = self.transport
        self.gate = settings.gate
        self.ledger = settings.ledger
        self.transactions = settings.transactions
        self.commit_every_s = settings.commit_every_s
        self.drain_timeout_s = settings.drain_timeout_s
        self.owners: dict[TP, PartitionOwner] = {}
        self._commit_lock = asyncio.Lock()
        self._without_commit_since: float | None = None
        self.add_future(self._commit_forever())

    def _new_consumer_thread(self) -> InlineConsumerThread:
        return InlineConsumerThread(self, loop=self.loop, thread_loop=self.loop, beacon=self.beacon)

    # -- partitions come and go

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Stop fetching, let produces in flight end, commit, drop the rest."""
        self.stop_flow()
        self._without_commit_since = started = self.loop.time()
        await self.close_owners()
        logger.info(
            "Gave %d partitions up in %.1f s",
            len(revoked),
            self.loop.time() - started,
            extra={"action": "partitions_given_up"},
        )
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Start empty: new owners are set before the flow resumes, so no chunk finds none."""
        await self.close_owners()
        self._refuse_fausts_acks(assigned)
        self.owners = {
            tp: self._owner(TopicPartition(tp.topic, tp.partition), generation_id)
            for tp in assigned
            if tp.topic in self.gate
        }
        await super().on_partitions_assigned(assigned, generation_id)

    def _owner(self, tp: TopicPartition, generation: int) -> PartitionOwner:
        account = self.ledger.account(tp, generation) if self.ledger is not None else None
        owner = PartitionOwner(tp, generation, self.gate.allowances[tp.topic], account)
        if self.transactions is not None and account is not None:
            kafka = self._thread._ensure_consumer()  # noqa: SLF001  # Faust's has no public name
            owner.outlet = self.transactions.open(
                owner,
                kafka,
                take_anew=kafka._coordinator.request_rejoin,  # noqa: SLF001
                crash=self.app.crash,
            )
        return owner

    def _refuse_fausts_acks(self, assigned: set[TP]) -> None:
        """Make sure that Faust's own commit never sees a chunked partition.

        Its compiled stream loop acks an event whose agent failed, past `Consumer.ack`, and the
        next commit would skip the chunk: seen as lost dead letters when a sink raised.
        """
        for topic in {tp.topic for tp in assigned if tp.topic in self.gate}:
            if self.app.topics.acks_enabled_for(topic):
                raise ImproperlyConfigured(f"declare the chunked topic {topic} with acks=False")

    async def close_owners(self) -> None:
        """Give all partitions up; at most `drain_timeout_s` for produces, the same to commit.

        What is finished goes to the ledger at once, then it is committed.
        """
        owners = self.owners
        if not owners:
            return
        for owner in owners.values():
            owner.end()
        await asyncio.gather(*(o.drain(self.drain_timeout_s) for o in owners.values()))
        try:
            await asyncio.wait_for(self.commit_chunks(at_once=True), self.drain_timeout_s)
        except TimeoutError:
            logger.warning(
                "Offsets were not committed in %g s",
                self.drain_timeout_s,
                extra={"action": "commit_timed_out"},
            )
        outlets = [o.outlet for o in owners.values() if o.outlet is not None]
        await asyncio.gather(*(outlet.close(self.drain_timeout_s) for outlet in outlets))
        self.owners = {}
        for owner in owners.values():
            owner.close()

    async def rewind(self, topic: str) -> bool:
        """Drop what is in flight of a held topic and go back to what is committed.

        What is on its way to the broker is waited for and committed first.

        Returns: False when that is not done yet (the broker is away); call it again.
        """
        before = {tp: owner for tp, owner in self.owners.items() if tp.topic == topic}
        await asyncio.gather(*(o.drain(self.drain_timeout_s) for o in before.values()))
        try:
            await asyncio.wait_for(self.commit_chunks(at_once=True), self.drain_timeout_s)
        except TimeoutError:
            return False
        held = {tp: o for tp, o in before.items() if self.owners.get(tp) is o}  # not revoked since
        if not all(owner.is_settled for owner in held.values()):
            return False
        for tp, owner in held.items():
            if (start := owner.start) is None:
                continue
            owner.close()
            if owner.outlet is not None:
                await owner.outlet.close(self.drain_timeout_s)
            if self.owners.get(tp) is not owner:
                continue  # revoked while its producer ended
            fresh = self._owner(owner.tp, owner.generation)
            fresh.next_offset = start
            self.owners[tp] = fresh
            self._go_to(tp, start)
        return True

    def _go_to(self, tp: TP, offset: int) -> None:
        kafka = self._thread._ensure_consumer()  # noqa: SLF001  # Faust's has no public name
        try:
            kafka.seek(KafkaTopicPartition(tp.topic, tp.partition), offset)
        except (KafkaError, ValueError) as exc:  # revoked just now: its next owner seeks
            logger.warning("The position of %s did not go back: %r", tp, exc)

    async def renew(self) -> None:
        """Leave the group and join it again with a new connection, as a new worker would.

        Raises: KafkaError, TimeoutError when that does not work within `RENEW_TIMEOUT_S`.
        """
        self.stop_flow()
        await self.close_owners()
        thread = self._thread
        old = thread._ensure_consumer()  # noqa: SLF001  # Faust's has no public name
        topics = old.subscription()
        try:
            await asyncio.wait_for(old.stop(), self.drain_timeout_s)
        except (KafkaError, TimeoutError, OSError) as exc:
            logger.warning("The old consumer did not leave in an orderly way: %r", exc)
        async with asyncio.timeout(RENEW_TIMEOUT_S):
            await thread.on_start()
            await thread.subscribe(topics)

    async def on_stop(self) -> None:
        await self.close_owners()
        await super().on_stop()

    async def on_task_error(self, exc: BaseException) -> None:
        """End the worker when an agent fails: broken machinery must not skip a chunk.

        Bad data never raises. The chunk is not committed, so whoever takes over reads it again;
        Faust alone would restart the agent and leave the partition uncommitted for good.
        """
        await self.app.crash(exc)

    # -- fetching

    async def _wait_next_records(self, timeout: float) -> Any:
        """Wait for the flow, then fetch; Faust sleeps a second when all partitions are paused.

        They are for a moment after every rebalance, when the flow is on and its partitions are not.
        """
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        if self.flow_active and not self._get_active_partitions():
            await asyncio.sleep(CLOSED_POLL_S)
            return {}, set()
        return await super()._wait_next_records(timeout)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        """Fetch from open partitions only; while tables recover, from changelogs only.

        Faust lets the flow run while it reads changelogs, then seeks the sources and empties every
        queue: a chunk delivered in between is lost to its owner, and its partition stands still.
        """
        if not active_partitions:
            return await super()._getmany(active_partitions, timeout)
        is_open, owners = self.gate.is_open, self.owners
        wanted = {
            tp
            for tp in active_partitions
            if is_open(tp) and ((owner := owners.get(tp)) is None or owner.is_open)
        }
        if self.app.rebalancing:
            wanted = {tp for tp in wanted if tp.topic not in self.gate}
            timeout = CLOSED_POLL_S  # what flows next is another set of partitions
        if not wanted:
            await asyncio.sleep(CLOSED_POLL_S)
            return {}
        if len(wanted) < len(active_partitions):
            timeout = CLOSED_POLL_S
        return await super()._getmany(wanted, timeout)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Fetch once; yield messages of chunks, and single messages of all other topics."""
        pause = self._thread.pause
        if spacing_s := pause.spacing_left_s:
            await asyncio.sleep(spacing_s)
        owners = dict(self.owners)
        fetched, active = await self._wait_next_records(timeout)
        pause.fetched(sum(map(len, (fetched or {}).values())))
        if fetched is None or self.should_stop:
            return
        if not self.flow_active:
            await self._seek_back(fetched)
            return
        generation = self.app.consumer_generation_id
        singles = {tp: records for tp, records in fetched.items() if tp.topic not in self.gate}
        for chunks in together(self._admit(owners, fetched)):
            message = self._message(chunks, generation)
            yield message.tp, message
        for tp, record in self.scheduler.iterate(singles):
            if active is None or tp in active or tp in self._buffered_partitions:
                yield tp, self._to_message(tp, record)

    def _admit(
        self, owners: Mapping[TP, PartitionOwner], fetched: Mapping[TP, list[Any]]
    ) -> list[Chunk]:
        """Make chunks of fetched records. Args: owners: those of when the fetch began."""
        chunks = []
        for tp, records in fetched.items():
            owner = self.owners.get(tp)
            if owner is None:
                continue
            if self.app.rebalancing or not owner.is_open:
                self._read_again(tp, records)
            elif owner is not owners.get(tp) and owner.next_offset is not None:
                self._go_to(tp, owner.next_offset)  # these were fetched before a rewind
            elif (chunk := owner.admit(records)) is not None:
                self.gate.took(owner.tp, len(chunk.records))
                chunks.append(chunk)
        return chunks

    def _read_again(self, tp: TP, records: list[Any]) -> None:
        """Drop records that came before their owner can take them.

        A fetch that began before a rebalance goes on through it. Faust empties every queue when
        its tables are restored: a chunk that is in one is lost to its owner, and its partition
        stands still until the next rebalance. And a producer may still read where to begin.
        """
        logger.info(
            "Records %d..%d of %s came early, they are read again",
            records[0].offset,
            records[-1].offset,
            tp,
            extra={"action": "fetched_early"},
        )
        self._go_to(tp, records[0].offset)

    def _message(self, chunks: Sequence[Chunk], generation: int) -> ConsumerMessage:
        """Make what Faust takes for one message, in the first chunk's place."""
        for chunk in chunks:
            tp = TP(*chunk.tp)
            # Faust drops what lies behind the last it delivered, and after a rewind all does
            self._read_offset[tp] = None
            self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
        tp = TP(*chunks[0].tp)
        last = chunks[0].records[-1]
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000.0,
            0,  # nobody asks who set the time
            (),
            None,
            chunks,
            None,
            0,
            0,
            tp,
            generation_id=generation,  # without it the stream drops the message without a word
        )

    async def _seek_back(self, fetched: Mapping[TP, Any]) -> None:
        """Undo a fetch that came while the flow was stopped."""
        if not fetched:
            return
        try:
            await self.perform_seek()
        except KafkaError as exc:
            logger.warning(
                "Positions could not go back to the committed offsets: %s",
                exc,
                extra={"action": "positions_kept"},
            )

    # -- offsets

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        if tp.topic not in self.gate:
            await super()._add_gap(tp, offset_from, offset_to)

    async def _commit_forever(self) -> None:
        while not self.should_stop:
            since = self._without_commit_since
            hurry = since is not None and self.loop.time() - since < HURRY_FOR_S
            await self.sleep(
                min(FIRST_COMMIT_S, self.commit_every_s) if hurry else self.commit_every_s
            )
            await self.commit_chunks()

    async def commit_chunks(self, *, at_once: bool = False) -> None:
        """Commit what is finished and in the ledger. A refused commit is tried again.

        Args: at_once: write the ledger for all that is finished, however young its last entry is.

        Nothing is lost when it fails: the records are read again by whoever holds the partition.
        """
        async with self._commit_lock:
            owners = [o for o in self.owners.values() if o.is_dirty and not o.closed]
            if not owners:
                return
            kafka = self._thread._ensure_consumer()  # noqa: SLF001  # Faust's has no public name
            if self.ledger is not None:
                accounts = [o.account for o in owners if o.account is not None]
                await self.ledger.cover(accounts, kafka, at_once=at_once)
            offsets = {o: o.covered for o in owners if not o.closed and o.covered != o.committed}
            offsets = {o: covered for o, covered in offsets.items() if covered is not None}
            if not offsets:
                return
            try:
                await kafka.commit(
                    {
                        KafkaTopicPartition(*o.tp): OffsetAndMetadata(next_offset, "")
                        for o, next_offset in offsets.items()
                    }
                )
            except (KafkaError, ConnectionError) as exc:
                logger.warning(
                    "Offsets of %d partitions not committed: %r",
                    len(offsets),
                    exc,
                    extra={"action": "commit_failed"},
                )
                return
            now = self.loop.time()
            if (since := self._without_commit_since) is not None and not at_once:
                logger.info(
                    "First commit %.1f s after the rebalance began",
                    now - since,
                    extra={"action": "first_commit"},
                )
                self._without_commit_since = None
            for owner, next_offset in offsets.items():
                owner.committed = next_offset
                self._thread.tp_last_committed_at[TP(*owner.tp)] = now
