"""Producing made records fast, or at a steady rate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from dataquarantine.dev.generator import Generator
from dataquarantine.errors import DataQuarantineError
from dataquarantine.records import Header
from dataquarantine.settings import KafkaSettings
from dataquarantine.stream.kafka_client import client_options
from dataquarantine.stream.partitioner import partition_for

TICK_S = 0.05
#: Records made at a time when no rate is asked for.
CHUNK = 2000
MAX_PENDING = 64


class ProduceFailed(DataQuarantineError):
    """Records could not be written; says why."""


class ToProduce(NamedTuple):
    """What a producer sends; a null value is a tombstone."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()


class Feed:
    """Writes to one topic in batches of our own making; use as an async context."""

    def __init__(self, kafka: KafkaSettings, topic: str) -> None:
        self.topic = topic
        self.sent = 0
        self._kafka = kafka
        self._pending: list[asyncio.Future[Any]] = []
        self._partitions: list[int] = []
        self._round_robin = count()
        self._producer: Any = None

    async def __aenter__(self) -> Feed:
        self._producer = AIOKafkaProducer(
            **client_options(self._kafka),
            acks="all",
            enable_idempotence=self._kafka.idempotence,
            max_batch_size=self._kafka.max_batch_bytes,
            max_request_size=2**31 - 1,  # the broker is the one to refuse
        )
        try:
            await self._producer.start()
            # Not by asking for its partitions: some brokers create it then, the others are asked
            # for 40 s
            topics = (await self._producer.client.fetch_all_metadata()).topics()
            if self.topic not in topics:
                raise UnknownTopicOrPartitionError(self.topic)
            self._partitions = sorted(await self._producer.partitions_for(self.topic))
        except (KafkaError, OSError) as exc:
            await self._producer.stop()
            remedy = "start the broker or set DQ_KAFKA__BOOTSTRAP_SERVERS"
            if isinstance(exc, UnknownTopicOrPartitionError):
                remedy = "create it, for the settings' topics by `dataquarantine topics create`"
            raise ProduceFailed(
                f"topic {self.topic} at {self._kafka.bootstrap_servers} can't be written: "
                f"{type(exc).__name__}; {remedy}"
            ) from exc
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def send(self, records: Iterable[ToProduce]) -> None:
        """Hand records over; waits only while too much is unacknowledged.

        Raises: ProduceFailed for an earlier or a present batch.
        """
        batches: dict[int, Any] = {}
        now = int(time.time() * 1000)
        for key, value, headers in records:
            partition = self._partition(key)
            batch = batches.get(partition)
            if batch is None:
                batch = batches[partition] = self._producer.create_batch()
            content = {"key": key, "value": value, "timestamp": now, "headers": list(headers)}
            if batch.append(**content) is None:
                await self._submit(partition, batch)
                batch = batches[partition] = self._producer.create_batch()
                batch.append(**content)
        for partition, batch in batches.items():
            await self._submit(partition, batch)

    async def flush(self) -> None:
        """Wait until everything handed over is acknowledged.

        Raises: ProduceFailed.
        """
        pending, self._pending = self._pending, []
        try:
            await asyncio.gather(*pending)
        except KafkaError as exc:
            raise ProduceFailed(f"topic {self.topic} refused records: {exc}") from exc

    async def _submit(self, partition: int, batch: Any) -> None:
        size = batch.record_count()
        try:
            future = await self._producer.send_batch(batch, self.topic, partition=partition)
        except KafkaError as exc:
            raise ProduceFailed(f"topic {self.topic} takes no records: {exc}") from exc
        self.sent += size
        self._pending.append(future)
        if len(self._pending) >= MAX_PENDING:
            await self.flush()

    def _partition(self, key: bytes | None) -> int:
        if key is None:
            return self._partitions[next(self._round_robin) % len(self._partitions)]
        return self._partitions[partition_for(key, len(self._partitions))]


async def load(
    generator: Generator,
    feed: Feed,
    *,
    rate: float | None,
    limit: int | None,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Produce generated records until `limit`, or until cancelled.

    Args: rate: records a second, steadily; None: as fast as it goes.
    Raises: ProduceFailed.
    """
    started, made = time.monotonic(), 0
    while limit is None or made < limit:
        due = CHUNK if rate is None else int((time.monotonic() - started) * rate) + 1 - made
        due = due if limit is None else min(due, limit - made)
        if due > 0:
            records = generator.make(due)
            await feed.send(ToProduce(record.key, record.value) for record in records)
            made += due
            progress(due)
        if rate is not None:
            await asyncio.sleep(TICK_S)
    await feed.flush()
