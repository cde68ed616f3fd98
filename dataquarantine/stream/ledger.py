"""The ledger: what became of a range of offsets, durable before the range is committed."""

from __future__ import annotations

import asyncio
import copy
import logging
import socket
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from dataquarantine import __version__
from dataquarantine.audit.entry import LedgerEntry, SchemaCounts, read_ledger
from dataquarantine.clock import Clock
from dataquarantine.errors import DataQuarantineError
from dataquarantine.records import TopicPartition
from dataquarantine.settings import Settings
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.kafka_client import client_options
from dataquarantine.topics import (
    CONTROL,
    LEDGER,
    OUTCOMES,
    TABLES,
    changelog_topic,
    replay_topic,
)
from dataquarantine.validation.tally import Tally

logger = logging.getLogger(__name__)

#: An entry a second and partition at most; a little less, as the commit's tick is not exact.
EVERY_S = 0.9
#: How long a commit waits for its entries; what is not acknowledged by then is asked about again.
ACK_TIMEOUT_S = 2.0
#: Kafka keeps notes of at most 4,096 bytes (`offset.metadata.max.bytes`).
MAX_NOTE = 3000


class LedgerUnavailable(DataQuarantineError):
    """The ledger can't be written; says what to do."""


class LedgerAccount:
    """What finished on a partition since its last ledger entry, from assignment to revocation.

    covered: the end of what the ledger has; no later offset may be committed.
    """

    def __init__(self, tp: TopicPartition, generation: int, mode: str) -> None:
        self.tp = tp
        self.generation = generation
        self.mode = mode
        self.covered: int | None = None
        self.first_offset: int | None = None
        self.gaps: list[tuple[int, int]] = []
        self.pending: LedgerEntry | None = None
        self.acknowledged: asyncio.Future[Any] | None = None
        self.cut_at = 0.0
        self._first_record: int | None = None
        self._end: int | None = None
        self._reset()

    def add(self, chunk: Chunk) -> None:
        """Count a finished chunk; they come in order.

        Cost: a few additions a chunk.
        Raises: RuntimeError when it begins before the end of the one before, so that what would
        be twice in the outputs is never committed.
        """
        first = chunk.records[0].offset
        if self._first_record is None:
            self._first_record = first
        elif self._end is not None and first > self._end:
            self.gaps.append((self._end, first))
        elif self._end is not None and first < self._end:
            raise RuntimeError(f"{chunk!r} begins before {self._end}, where the one before ended")
        self._end = chunk.next_offset
        self._seen += len(chunk.records)
        tally = chunk.tally
        if tally is None:
            self._sums["unjudged"] += len(chunk.records)
        else:
            self._add_tally(tally)

    def open_at(self, committed: int | None, note: str = "") -> None:
        """Begin where the owner before ended; with nobody before, at the first record.

        Args: note: what it left with its last offset, see `note`; it is taken over.
        """
        first = self._first_record
        if first is None:
            raise RuntimeError("a ledger account is opened by its first chunk")
        self.first_offset = first if committed is None else min(committed, first)
        if self.first_offset < first:
            self.gaps.append((self.first_offset, first))
        left = read_ledger(note.encode()) if note else None
        if isinstance(left, LedgerEntry) and left.next_offset == committed == self.first_offset:
            self._take_over(left)

    def close_gaps(self, expired: int) -> None:
        """Take note of how many offsets of the gaps so far were gone before they were read."""
        self._expired_before += expired
        self.gaps = []

    def note(self, clock: Clock, worker: str) -> bytes:
        """Write down what no entry tells yet, to be committed with the offset."""
        return msgspec.json.encode(self._entry(clock, worker, 0))

    def copy(self) -> LedgerAccount:
        """Make an account for trial: a transaction may fail."""
        twin = copy.copy(self)
        twin.gaps = list(self.gaps)
        twin._sums, twin._codes = self._sums.copy(), self._codes.copy()  # noqa: SLF001
        twin._schemas, twin._valid = self._schemas.copy(), self._valid.copy()  # noqa: SLF001
        return twin

    def is_due(self, now: float, *, at_once: bool) -> bool:
        """Whether an entry is to be cut."""
        if self.pending is not None or self._end is None or self._end == self.first_offset:
            return False
        return at_once or now - self.cut_at >= EVERY_S

    def cut(self, now: float, clock: Clock, worker: str, *, expired: int) -> LedgerEntry:
        """End a range and begin the next."""
        entry = self._entry(clock, worker, expired)
        self.first_offset = self._end
        self.pending, self.cut_at = entry, now
        self._reset()
        return entry

    def _entry(self, clock: Clock, worker: str, expired: int) -> LedgerEntry:
        if self.first_offset is None or self._end is None:
            raise RuntimeError("a ledger account is cut before it was opened")
        sums = self._sums
        return LedgerEntry(
            topic=self.tp.topic,
            partition=self.tp.partition,
            generation=self.generation,
            first_offset=self.first_offset,
            next_offset=self._end,
            seen=self._seen,
            valid=sums["valid"],
            invalid=sums["invalid"],
            error=sums["error"],
            tombstone_forwarded=sums["tombstones"],
            remediated=sums["remediated"],
            unjudged=sums["unjudged"],
            expired=expired + self._expired_before,
            schemas={n: SchemaCounts(c, self._valid[n]) for n, c in self._schemas.items()},
            codes=dict(self._codes),
            mode=self.mode,
            worker=worker,
            gateway_version=__version__,
            at=clock.now(),
        )

    def _take_over(self, left: LedgerEntry) -> None:
        """Go on with the range that the owner before had not ended."""
        self.first_offset = left.first_offset
        self._seen += left.seen
        self._expired_before = left.expired
        self._sums.update(
            valid=left.valid,
            invalid=left.invalid,
            error=left.error,
            tombstones=left.tombstone_forwarded,
            remediated=left.remediated,
            unjudged=left.unjudged,
        )
        self._codes.update(left.codes)
        for reference, counts in left.schemas.items():
            self._schemas[reference] += counts.seen
            self._valid[reference] += counts.valid

    def settle(self) -> KafkaError | None:
        """Take note of an acknowledgement; returns what went wrong, then it is sent again."""
        if self.pending is None or self.acknowledged is None or not self.acknowledged.done():
            return None
        acknowledged, self.acknowledged = self.acknowledged, None
        problem = acknowledged.exception()
        if problem is None:
            self.covered, self.pending = self.pending.next_offset, None
            return None
        if not isinstance(problem, KafkaError):
            raise problem
        return problem

    def _add_tally(self, tally: Tally) -> None:
        sums = self._sums
        sums["valid"] += tally.valid
        sums["invalid"] += tally.invalid
        sums["error"] += tally.error
        sums["tombstones"] += tally.tombstones_forwarded
        sums["remediated"] += tally.remediated
        for reference, schema in tally.schemas.items():
            self._schemas[reference] += schema.processed
            self._valid[reference] += schema.valid
            for code, count in schema.codes.items():
                self._codes[code.value] += count

    def _reset(self) -> None:
        self._seen = 0
        self._expired_before = 0
        self._sums: Counter[str] = Counter()
        self._schemas: Counter[str] = Counter()
        self._valid: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self.gaps = []


class LedgerWriter:
    """Writes the entries of one worker.

    Not idempotent on purpose: an entry that is written twice is the same entry, and a producer
    that never has to be made anew after an error is worth more here.
    """

    def __init__(self, settings: Settings, clock: Clock, worker: str) -> None:
        self._kafka = settings.kafka
        replays = [replay_topic(pipeline.source) for pipeline in settings.pipelines]
        self._modes: dict[str, str] = {p.source: p.mode for p in settings.pipelines}
        self._modes |= dict.fromkeys(replays, "enforce")
        changelogs = [changelog_topic(settings, table) for table in TABLES]
        self._needed = {LEDGER, CONTROL, OUTCOMES, *changelogs, *replays}
        self._clock = clock
        self._worker = worker
        self._producer: AIOKafkaProducer | None = None
        self.is_taking = True  # whether the broker took the last entries

    async def start(self) -> None:
        """Connect.

        Raises: LedgerUnavailable when there is no ledger: nothing could be committed.
        """
        producer = AIOKafkaProducer(
            **client_options(self._kafka), client_id="dataquarantine-ledger", acks="all"
        )
        await producer.start()
        # Not by asking for its partitions: brokers create a topic that is asked for
        topics = (await producer.client.fetch_all_metadata()).topics()
        if missing := self._needed - topics:
            await producer.stop()
            named = ", ".join(sorted(missing))
            raise LedgerUnavailable(
                f"nothing can be committed without topics that do not exist: {named}; "
                "run `dataquarantine topics create`"
            )
        self._producer = producer

    async def stop(self) -> None:
        """Disconnect."""
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    def account(self, tp: TopicPartition, generation: int) -> LedgerAccount | None:
        """Open an account for an assigned partition; None for one that is no source."""
        mode = self._modes.get(tp.topic)
        return None if mode is None else LedgerAccount(tp, generation, mode)

    async def cover(
        self, accounts: Sequence[LedgerAccount], consumer: Any, *, at_once: bool = False
    ) -> None:
        """Write what is due and wait for its acknowledgement, at most two seconds.

        Args: consumer: aiokafka's; asked for the committed offsets of new accounts.
            at_once: write everything that is finished, however young the last entry is.
        """
        if at_once:
            await self._settle(accounts)
        now = asyncio.get_running_loop().time()
        due = [account for account in accounts if account.is_due(now, at_once=at_once)]
        try:
            # aiokafka asks for as long as no coordinator answers
            async with asyncio.timeout(ACK_TIMEOUT_S):
                for account in due:
                    if account.first_offset is None:
                        await self._open(account, consumer)
                expired = await self.expired(due, consumer)
        except (KafkaError, TimeoutError) as exc:
            logger.warning(
                "Offsets of the ledger can't be asked for, trying again: %r",
                exc,
                extra={"action": "ledger_offsets_unknown"},
            )
            return
        for account in due:
            account.cut(now, self._clock, self._worker, expired=expired[account])
        await self._send(accounts)
        await self._settle(accounts)

    async def _open(self, account: LedgerAccount, consumer: Any) -> None:
        place = KafkaTopicPartition(*account.tp)
        # `committed()` leaves the note out, that a worker in exactly_once mode may have left
        found = await consumer._coordinator.fetch_committed_offsets([place])  # noqa: SLF001
        left = found.get(place)
        if left is None:
            account.open_at(None)
        else:
            account.open_at(left.offset, left.metadata)

    def write(
        self, account: LedgerAccount, now: float, *, at_once: bool
    ) -> tuple[bytes | None, str]:
        """Make the entry of an account when one is due, else the note that goes with its offset.

        For transactions, where a note is committed with the offset it belongs to.
        """
        note = account.note(self._clock, self._worker)
        if not account.is_due(now, at_once=at_once or len(note) > MAX_NOTE):
            return None, note.decode()
        entry = account.cut(now, self._clock, self._worker, expired=0)
        account.pending = None
        return msgspec.json.encode(entry), ""

    async def ask(self, topic: str, request: msgspec.Struct) -> None:
        """Put a request about a source on the control topic; at most two seconds.

        Raises: KafkaError, TimeoutError; ask again.
        """
        if self._producer is None:
            raise RuntimeError("LedgerWriter is used before start")
        async with asyncio.timeout(ACK_TIMEOUT_S):
            await self._producer.send_and_wait(
                CONTROL, msgspec.json.encode(request), key=topic.encode(), partition=0
            )

    async def expired(
        self, accounts: Iterable[LedgerAccount], consumer: Any
    ) -> dict[LedgerAccount, int]:
        """Count the offsets that were gone before they were read, by the partitions' beginnings.

        Only gaps lead to a question; those of compaction and transactions lie above the beginning.
        """
        expired = dict.fromkeys(accounts, 0)
        with_gaps = [account for account in expired if account.gaps]
        if not with_gaps:
            return expired
        places = {account: KafkaTopicPartition(*account.tp) for account in with_gaps}
        starts = await consumer.beginning_offsets(list(places.values()))
        for account, place in places.items():
            start = starts[place]
            expired[account] = sum(max(0, min(end, start) - first) for first, end in account.gaps)
        return expired

    async def _send(self, accounts: Iterable[LedgerAccount]) -> None:
        producer = self._producer
        if producer is None:
            raise RuntimeError("LedgerWriter is used before start")
        for account in accounts:
            entry = account.pending
            if entry is None or account.acknowledged is not None:
                continue
            try:
                async with asyncio.timeout(ACK_TIMEOUT_S):
                    account.acknowledged = await producer.send(
                        LEDGER,
                        msgspec.json.encode(entry),
                        key=str(account.tp).encode(),
                        partition=0,
                    )
            except (KafkaError, TimeoutError) as exc:
                logger.warning(
                    "The ledger takes no entries, nothing is committed: %r",
                    exc,
                    extra={"action": "ledger_waits"},
                )
                self.is_taking = False
                return

    async def _settle(self, accounts: Iterable[LedgerAccount]) -> None:
        waiting = {a: a.acknowledged for a in accounts if a.acknowledged is not None}
        if waiting:
            await asyncio.wait(waiting.values(), timeout=ACK_TIMEOUT_S)
            self.is_taking = all(f.done() and not f.exception() for f in waiting.values())
        for account in waiting:
            if (problem := account.settle()) is not None:
                logger.warning(
                    "The ledger refused an entry, trying again: %r",
                    problem,
                    extra={"action": "ledger_refused"},
                )


def worker_name(slot: int) -> str:
    """Name this worker in the ledger."""
    return f"{socket.gethostname()}/{slot}"
