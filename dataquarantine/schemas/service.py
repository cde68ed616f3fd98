"""A worker's share of the registry: follow the log, propose, decide while it is the owner."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from dataquarantine.schemas.desk import RegistryDesk
from dataquarantine.schemas.log import MAX_REQUEST_BYTES, SchemaLog
from dataquarantine.schemas.proposals import Answer, Proposal, proposal_bytes
from dataquarantine.schemas.registry import Registry
from dataquarantine.settings import Settings
from dataquarantine.stream.kafka_client import client_options
from dataquarantine.topics import SCHEMAS

logger = logging.getLogger(__name__)

ANSWER_TIMEOUT_S = 10.0
RETRY_S = 1.0


class RegistryService:
    """The registry as one worker knows it.

    registry: folded from the log, at most a fetch behind it; for reading only.
    Args: on_change: called after rows that change what judges were folded.
    """

    def __init__(self, settings: Settings, on_change: Callable[[], Awaitable[None]]) -> None:
        self._settings = settings
        self._on_change = on_change
        self._log = SchemaLog(settings.kafka)
        self._producer: AIOKafkaProducer | None = None
        self._following: asyncio.Task[None] | None = None
        self._desk: RegistryDesk | None = None
        self._folded = asyncio.Condition()

    @property
    def registry(self) -> Registry:
        return self._log.registry

    async def start(self) -> None:
        """Read the log to its end and follow it from there.

        Raises: SchemaLogUnavailable.
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
        self._following = asyncio.create_task(self._follow(), name="schema-log")

    async def stop(self) -> None:
        """Stop following."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        if self._producer is not None:
            await self._producer.stop()
        await self._log.close()

    async def propose(self, proposal: Proposal) -> Answer:
        """Append a proposal and wait until this worker knows its outcome.

        Raises: TimeoutError when nobody decides it in time; it stays on the log.
        """
        await self._send(proposal.key, proposal_bytes(proposal))
        async with asyncio.timeout(ANSWER_TIMEOUT_S), self._folded:
            while (answer := self.registry.answer(proposal.id)) is None:
                await self._folded.wait()
        return answer

    def give_up(self) -> None:
        """Forget the desk: the log's partition was revoked."""
        self._desk = None

    async def receive(self, key: str, value: bytes | None) -> None:
        """Decide one record of the log as its owner, and write the rows before it counts as read.

        The first record after an assignment waits until all rows of the owner before are known.
        """
        if self._desk is None:
            await self._catch_up()
            self._desk = RegistryDesk(
                Registry.from_rows(self.registry.rows()),
                model_packages=self._settings.schemas.model_packages,
            )
        decision = await self._desk.receive(key, value)
        if decision is not None:
            for row, content in decision.rows.items():
                await self._send(row, content)

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
                logger.warning("The schema log can't be read, trying again: %s", exc)
                await asyncio.sleep(RETRY_S)
                continue
            if changed:
                await self._on_change()
            async with self._folded:
                self._folded.notify_all()

    async def _send(self, key: str, value: bytes | None) -> None:
        if self._producer is None:
            raise RuntimeError("RegistryService is used before start")
        while True:
            try:
                await self._producer.send_and_wait(SCHEMAS, value, key=key.encode(), partition=0)
                return
            except KafkaError as exc:
                if not exc.retriable:
                    raise
                logger.warning("The schema log can't be written, trying again: %s", exc)
                await asyncio.sleep(RETRY_S)
