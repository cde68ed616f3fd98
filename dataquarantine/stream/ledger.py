"""The ledger: what became of a range of offsets, durable before the range is committed."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from dataquarantine.clock import Clock
from dataquarantine.errors import DataQuarantineError
from dataquarantine.records import TopicPartition
from dataquarantine.settings import Settings
from dataquarantine.stream.account import EVERY_S, LedgerAccount
from dataquarantine.stream.kafka_client import client_options
from dataquarantine.topics import (
    CONTROL,
    LEDGER,
    OUTCOMES,
    TABLES,
    changelog_topic,
    replay_topic,
)

__all__ = ["EVERY_S", "LedgerAccount", "LedgerUnavailable", "LedgerWriter", "worker_name"]

logger = logging.getLogger(__name__)

#: How long a commit waits for its entries; what is not acknowledged by then is asked about again.
ACK_TIMEOUT_S = 2.0
#: Kafka keeps notes of at most 4,096 bytes (`offset.metadata.max.bytes`).
MAX_NOTE = 3000


class LedgerUnavailable(DataQuarantineError):
    """The ledger can't be written; says what to do."""


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
