"""Follows the ledger and asks where every partition stands; one of each a worker, when wanted."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaTopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from dataquarantine.api.figures import KEPT_S, LedgerFigures
from dataquarantine.records import TopicPartition
from dataquarantine.settings import KafkaSettings
from dataquarantine.stream.kafka_client import client_options
from dataquarantine.topics import LEDGER

logger = logging.getLogger(__name__)

POLL_MS = 500
AGAIN_S = 3.0
OFFSETS_EVERY_S = 2.0
PARTITIONS_EVERY_S = 30.0
#: Without a broker that finds offsets by time, so many entries at most are read again.
MOST_ENTRIES = 50_000
_FAILURES = (KafkaError, OSError, TimeoutError, asyncio.TimeoutError)


class LedgerTail:
    """The ledger's last hour, kept current in the worker's loop.

    Cost: an entry a second and source partition, about 20 us each.
    """

    def __init__(self, kafka: KafkaSettings, figures: LedgerFigures) -> None:
        self._kafka = kafka
        self._figures = figures
        self.is_current = False

    async def run(self) -> None:
        """Follow for ever; a broker that is away is waited for."""
        while True:
            try:
                await self._follow()
            except _FAILURES as exc:
                logger.info(
                    "The ledger is not followed: %s",
                    type(exc).__name__,
                    extra={"action": "ledger_not_followed"},
                )
            self.is_current = False
            await asyncio.sleep(AGAIN_S)

    async def _follow(self) -> None:
        where = KafkaTopicPartition(LEDGER, 0)
        consumer = AIOKafkaConsumer(
            **client_options(self._kafka), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            await consumer.start()
            consumer.assign([where])
            end = (await consumer.end_offsets([where]))[where]
            consumer.seek(where, await _an_hour_ago(consumer, where, end))
            while True:
                fetched = await consumer.getmany(where, timeout_ms=POLL_MS, max_records=200)
                for record in fetched.get(where, ()):
                    self._figures.fold(record.value)
                self._figures.forget(datetime.now(UTC))
                self.is_current = await consumer.position(where) >= end or self.is_current
                await asyncio.sleep(0)
        finally:
            await consumer.stop()


async def _an_hour_ago(consumer: AIOKafkaConsumer, where: KafkaTopicPartition, end: int) -> int:
    first = int((await consumer.beginning_offsets([where]))[where])
    try:
        found = await consumer.offsets_for_times({where: int((time.time() - KEPT_S) * 1000)})
    except (KafkaError, ValueError, AssertionError):
        return max(first, end - MOST_ENTRIES)
    at = found.get(where)
    return end if at is None else max(first, int(at.offset))


class Positions:
    """Where every partition of some topics ends, and where the gateway's group stands."""

    def __init__(self, kafka: KafkaSettings, topics: Sequence[str]) -> None:
        self._kafka = kafka
        self._topics = topics
        self.starts: dict[TopicPartition, int] = {}
        self.ends: dict[TopicPartition, int] = {}
        self.committed: dict[TopicPartition, int] = {}
        self.read_at: float | None = None

    async def run(self, is_wanted: Callable[[], bool]) -> None:
        """Ask again and again while somebody wants to know."""
        while True:
            try:
                await self._ask_while(is_wanted)
            except _FAILURES as exc:
                logger.info(
                    "Where the partitions stand is unknown: %s",
                    type(exc).__name__,
                    extra={"action": "partition_ends_unknown"},
                )
                self.read_at = None
            await asyncio.sleep(AGAIN_S if is_wanted() else OFFSETS_EVERY_S)

    async def _ask_while(self, is_wanted: Callable[[], bool]) -> None:
        if not is_wanted():
            return
        consumer = AIOKafkaConsumer(**client_options(self._kafka), enable_auto_commit=False)
        admin = AIOKafkaAdminClient(**client_options(self._kafka))
        try:
            await consumer.start()
            await admin.start()
            partitions, listed_at = await self._partitions(admin), time.monotonic()
            while is_wanted():
                if time.monotonic() - listed_at > PARTITIONS_EVERY_S:
                    partitions, listed_at = await self._partitions(admin), time.monotonic()
                await self._ask(consumer, admin, partitions)
                await asyncio.sleep(OFFSETS_EVERY_S)
        finally:
            with contextlib.suppress(*_FAILURES):
                await _both(consumer.stop(), admin.close())

    async def _partitions(self, admin: AIOKafkaAdminClient) -> list[KafkaTopicPartition]:
        described = await admin.describe_topics()
        return [
            KafkaTopicPartition(each["topic"], partition["partition"])
            for each in described
            if each["topic"] in self._topics
            for partition in each["partitions"]
        ]

    async def _ask(
        self,
        consumer: AIOKafkaConsumer,
        admin: AIOKafkaAdminClient,
        partitions: Sequence[KafkaTopicPartition],
    ) -> None:
        starts = await consumer.beginning_offsets(list(partitions))
        ends = await consumer.end_offsets(list(partitions))
        # Named one by one: Tansu does not answer for all of a group.
        committed = await admin.list_consumer_group_offsets(
            self._kafka.group, partitions=list(partitions)
        )
        self.starts = {TopicPartition(*tp): start for tp, start in starts.items()}
        self.ends = {TopicPartition(*tp): end for tp, end in ends.items()}
        self.committed = {
            TopicPartition(*tp): each.offset for tp, each in committed.items() if each.offset >= 0
        }
        self.read_at = time.monotonic()

    def lag(self, tp: TopicPartition) -> int | None:
        """Tell how many records wait; None when it is not known."""
        end = self.ends.get(tp)
        if end is None or self.read_at is None:
            return None
        return max(0, end - self.committed.get(tp, self.starts.get(tp, 0)))


async def _both(first: Awaitable[None], second: Awaitable[None]) -> None:
    await first
    await second
