"""A worker's share of the registry: follow the log, propose, decide while it is the owner."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaError

from dataquarantine.schemas.desk import RegistryDesk
from dataquarantine.schemas.events import SchemaEvent, all_events, events_by
from dataquarantine.schemas.log import MAX_REQUEST_BYTES, SchemaLog, SchemaLogUnavailable
from dataquarantine.schemas.proposals import Answer, Proposal, proposal_bytes
from dataquarantine.schemas.registry import DOC, REMOTE, SHADOW, STATE, Registry
from dataquarantine.schemas.rollout import ShadowFigures
from dataquarantine.settings import Settings
from dataquarantine.stream.kafka_client import client_options

logger = logging.getLogger(__name__)

ANSWER_TIMEOUT_S = 10.0
RETRY_S = 1.0


class _Ownership(ConsumerRebalanceListener):  # type: ignore[misc]  # untyped base
    """Gives the desk up when the partition goes."""

    def __init__(self, give_up: Callable[[], None]) -> None:
        self._give_up = give_up

    def on_partitions_revoked(self, revoked: Any) -> None:
        self._give_up()

    def on_partitions_assigned(self, assigned: Any) -> None:
        self._give_up()


class RegistryService:
    """The registry as one worker knows it.

    registry: folded from the log, at most a fetch behind it; for reading only.
    on_events: told what became of versions while this worker decides, and all it knows when it
        begins to; must not block.
    kept_rows: reads the rows that this worker's disk holds; set by whoever keeps them.
    Args: on_change: called after rows that change what judges were folded.
    """

    def __init__(self, settings: Settings, on_change: Callable[[], Awaitable[None]]) -> None:
        self._settings = settings
        self._on_change = on_change
        self._log = SchemaLog(settings)
        self._producer: AIOKafkaProducer | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._desk: RegistryDesk | None = None
        self._folded = asyncio.Condition()
        self._worker = uuid4().hex[:12]
        self.on_events: Callable[[Iterable[SchemaEvent]], None] = lambda events: None
        self.kept_rows: Callable[[], Iterable[tuple[str, bytes]]] = tuple

    @property
    def registry(self) -> Registry:
        return self._log.registry

    @property
    def is_following(self) -> bool:
        """Tell whether the log is read; without it the registry is what the disk held."""
        return bool(self._tasks)

    def restore(self) -> int:
        """Judge by the versions on this worker's disk until the log is read; tell how many.

        Documents, states and what was read through: they are never deleted, so what the log says
        later is above what lay here.
        """
        for key, value in self.kept_rows():
            if key.startswith((DOC, STATE, REMOTE)):
                self.registry.put(key, value)
        return len(self.registry.by_id)

    async def start(self) -> None:
        """Read the log to its end and follow it from there.

        Raises: SchemaLogUnavailable, SchemaLogMissing.
        """
        await self._log.open()
        producer = AIOKafkaProducer(
            **client_options(self._settings.kafka),
            acks="all",
            enable_idempotence=self._settings.kafka.idempotence,
            max_request_size=MAX_REQUEST_BYTES,
        )
        await producer.start()
        self._producer = producer
        self._tasks = [
            asyncio.create_task(self._follow(), name="schema-log"),
            asyncio.create_task(self._decide_forever(), name="schema-desk"),
        ]

    async def stop(self) -> None:
        """Stop deciding and following."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._producer is not None:
            await self._producer.stop()
        await self._log.close()

    async def propose(self, proposal: Proposal, *, timeout_s: float = ANSWER_TIMEOUT_S) -> Answer:
        """Append a proposal and wait until this worker knows its outcome.

        Raises: TimeoutError when nobody decides it in time; it stays on the log.
        """
        await self._send(proposal.key, proposal_bytes(proposal))
        async with asyncio.timeout(timeout_s), self._folded:
            while (answer := self.registry.answer(proposal.id)) is None:
                await self._folded.wait()
        return answer

    async def report_shadow(
        self, name: str, version: str, since: str, figures: ShadowFigures
    ) -> None:
        """Write what this worker's shadow of a version has shown so far."""
        row = json.dumps({"since": since, "figures": figures.to_json()}).encode()
        await self._send(f"{SHADOW}{name}/{version}/{self._worker}", row)

    async def keep_remote(self, key: str, row: bytes) -> None:
        """Make a schema of another registry known to all workers, and to this one at once."""
        self.registry.put(key, row)
        await self._on_change()
        if self.is_following:
            await self._send(key, row)

    async def _decide_forever(self) -> None:
        """Decide proposals while this worker owns the log's partition.

        A consumer group of its own: a rebalance of the pipelines does not hold the registry up.
        """
        while True:
            try:
                await self._decide()
            except KafkaError as exc:
                logger.warning(
                    "The schema desk lost its broker, trying again: %s",
                    exc,
                    extra={"action": "schema_desk_lost_broker"},
                )
                await asyncio.sleep(RETRY_S)

    async def _decide(self) -> None:
        kafka = self._settings.kafka
        consumer = AIOKafkaConsumer(
            **client_options(kafka),
            group_id=f"{kafka.group}-schemas",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=int(kafka.session_timeout_s * 1000),
            heartbeat_interval_ms=int(kafka.heartbeat_interval_s * 1000),
            max_partition_fetch_bytes=MAX_REQUEST_BYTES,
        )
        consumer.subscribe([self._log.topic], listener=_Ownership(self._give_up))
        try:
            await consumer.start()
            async for record in consumer:
                key = (record.key or b"").decode("utf-8", "replace")
                await self._receive(key, record.value, record.offset)
                await consumer.commit()
        finally:
            self._give_up()
            await consumer.stop()

    def _give_up(self) -> None:
        self._desk = None

    async def _receive(self, key: str, value: bytes | None, offset: int) -> None:
        """Decide one record, and write its rows before it counts as read.

        The first record after an assignment waits until all rows of the owner before are known.
        """
        desk = self._desk
        if desk is None:
            await self._catch_up()
            desk = self._desk = RegistryDesk(
                Registry.from_rows(self.registry.rows()),
                model_packages=self._settings.schemas.model_packages,
                figures=self.registry.shadow_figures,
            )
            self.on_events(all_events(desk.registry))
        decision = await desk.receive(key, value, offset)
        if decision is not None:
            for row, content in decision.rows.items():
                await self._send(row, content)
            self.on_events(events_by(desk.registry, decision.rows))

    async def _catch_up(self) -> None:
        end = await self._log.end()
        async with self._folded:
            while await self._log.position() < end:
                await self._folded.wait()

    async def _follow(self) -> None:
        while True:
            try:
                changed = await self._log.fold()
            except KafkaError as exc:
                logger.warning(
                    "The schema log can't be read, trying again: %s",
                    exc,
                    extra={"action": "schema_log_unread"},
                )
                await asyncio.sleep(RETRY_S)
                continue
            if changed:
                await self._on_change()
            async with self._folded:
                self._folded.notify_all()

    async def _send(self, key: str, value: bytes | None) -> None:
        if self._producer is None:
            raise SchemaLogUnavailable(
                f"topic {self._log.topic} is not followed; run `dataquarantine topics create`"
            )
        while True:
            try:
                await self._producer.send_and_wait(
                    self._log.topic, value, key=key.encode(), partition=0
                )
                return
            except KafkaError as exc:
                if not exc.retriable:
                    raise
                logger.warning(
                    "The schema log can't be written, trying again: %s",
                    exc,
                    extra={"action": "schema_log_unwritten"},
                )
                await asyncio.sleep(RETRY_S)
