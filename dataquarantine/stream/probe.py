"""Asks the broker about partitions on a connection of its own, which no stall of the flow stops."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from dataquarantine.records import TopicPartition
from dataquarantine.settings import KafkaSettings
from dataquarantine.stream.kafka_client import client_options

logger = logging.getLogger(__name__)

TIMEOUT_S = 5.0


class Probe:
    """Reads ends and first unread records; a partition that nobody answers for is left out."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._consumer: AIOKafkaConsumer | None = None
        self._connecting = asyncio.Lock()

    async def __aenter__(self) -> Probe:
        """Connect with the first question, and disconnect at the end."""
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the end offsets of the partitions whose broker answers within five seconds."""
        wanted = list(partitions)
        if not wanted:
            return {}
        if (all_at_once := await self._ends(wanted)) is not None:
            return all_at_once
        answers = await asyncio.gather(*(self._ends([tp]) for tp in wanted))
        return {tp: end for answer in answers if answer for tp, end in answer.items()}

    async def timestamps_ms(
        self, places: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        """Return when the records at these offsets, or the next after them, were produced.

        Where nothing is to be read, as behind a transaction's last marker, the partition is left
        out; that takes five seconds.
        """
        found: dict[TopicPartition, int] = {}
        missing = {KafkaTopicPartition(*tp): offset for tp, offset in places.items()}
        deadline = time.monotonic() + TIMEOUT_S
        try:
            consumer = await self._connected()
            consumer.assign(list(missing))
            for place, offset in missing.items():
                consumer.seek(place, offset)
            while missing and time.monotonic() < deadline:
                for place, records in (await consumer.getmany(timeout_ms=500)).items():
                    if missing.pop(place, None) is not None:
                        consumer.pause(place)
                        tp = TopicPartition(place.topic, place.partition)
                        found[tp] = records[0].timestamp
        except (KafkaError, OSError, TimeoutError) as exc:
            logger.debug("%d partitions give no record: %r", len(missing), exc)
        if self._consumer is not None:
            self._consumer.unsubscribe()
        return found

    async def close(self) -> None:
        """Disconnect."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    async def _ends(self, wanted: list[TopicPartition]) -> dict[TopicPartition, int] | None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                consumer = await self._connected()
                ends = await consumer.end_offsets([KafkaTopicPartition(*tp) for tp in wanted])
        except (KafkaError, OSError, TimeoutError):
            return None
        return {TopicPartition(tp.topic, tp.partition): end for tp, end in ends.items()}

    async def _connected(self) -> AIOKafkaConsumer:
        async with self._connecting:
            if self._consumer is None:
                self._consumer = await self._connect()
            return self._consumer

    async def _connect(self) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            **client_options(self._kafka),
            client_id="dataquarantine-probe",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=64 * 1024,
            request_timeout_ms=int(TIMEOUT_S * 1000),
        )
        try:
            await consumer.start()
        except BaseException:  # also when the time is over: its connections must not stay
            await consumer.stop()
            raise
        return consumer
