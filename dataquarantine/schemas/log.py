"""The schema log as its users see it: proposals go in, decided rows come out.

One partition, compacted. Besides proposals it carries every row that a decision writes, under the
row's own key, so that reading it from the start gives the registry.
"""

from __future__ import annotations

import time
from types import TracebackType

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from dataquarantine.errors import DataQuarantineError
from dataquarantine.schemas.proposals import PROPOSAL_PREFIX, Answer, Proposal, proposal_bytes
from dataquarantine.schemas.registry import DOC, REMOTE, STATE, Registry
from dataquarantine.settings import Settings
from dataquarantine.stream.kafka_client import client_options

#: A proposal holds a whole schema; the topic takes records of 8 MB.
MAX_REQUEST_BYTES = 8 * 2**20
_POLL_MS = 200


class SchemaLogUnavailable(DataQuarantineError):
    """The log can't be read or written; says what to do."""


class SchemaLogMissing(SchemaLogUnavailable):
    """There is no log; the worker's table of schemas can't be without."""


class SchemaLog:
    """A client of the log: reads it to its end, proposes, waits for the answer.

    `registry` is the state as of the last read.
    """

    def __init__(self, settings: Settings) -> None:
        self._kafka = settings.kafka
        self.topic = settings.schemas.topic
        self._partition = TopicPartition(self.topic, 0)
        self._consumer: AIOKafkaConsumer | None = None
        self.registry = Registry()

    async def __aenter__(self) -> SchemaLog:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Connect and read the log to its end.

        Raises: SchemaLogUnavailable, SchemaLogMissing.
        """
        consumer = AIOKafkaConsumer(
            **client_options(self._kafka),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=MAX_REQUEST_BYTES,
        )
        try:
            await consumer.start()
            if self.topic not in await consumer.topics():
                raise SchemaLogMissing(
                    f"topic {self.topic} does not exist; run `dataquarantine topics create`"
                )
            consumer.assign([self._partition])
            await consumer.seek_to_beginning(self._partition)
            self._consumer = consumer
            await self.read_to_end()
        except (KafkaError, OSError) as exc:
            await consumer.stop()
            raise self._unavailable(exc) from exc
        except BaseException:
            await consumer.stop()
            raise

    async def close(self) -> None:
        """Disconnect; `registry` stays as it was last read."""
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None

    async def end(self) -> int:
        """Return the offset after the last record there is."""
        offsets = await self._reader().end_offsets([self._partition])
        return int(offsets[self._partition])

    async def position(self) -> int:
        """Return the offset of the next record to be folded."""
        return int(await self._reader().position(self._partition))

    async def read_to_end(self) -> Registry:
        """Fold everything that is on the log now."""
        end = await self.end()
        while await self.position() < end:
            await self.fold()
        return self.registry

    async def propose(self, proposal: Proposal, *, timeout_s: float = 30.0) -> Answer:
        """Append a proposal and wait for its answer; the registry then knows the outcome.

        Raises: TimeoutError when no worker answers; the proposal stays on the log.
        """
        producer = AIOKafkaProducer(
            **client_options(self._kafka), acks="all", max_request_size=MAX_REQUEST_BYTES
        )
        try:
            await producer.start()
            await producer.send_and_wait(
                self.topic, proposal_bytes(proposal), key=proposal.key.encode(), partition=0
            )
        except (KafkaError, OSError) as exc:
            raise self._unavailable(exc) from exc
        finally:
            await producer.stop()
        deadline = time.monotonic() + timeout_s
        while (answer := self.registry.answer(proposal.id)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no worker answered within {timeout_s:g} s")
            await self.fold()
        return answer

    async def fold(self) -> bool:
        """Fold the records that are there, waiting a little; tell whether what judges changed."""
        batches = await self._reader().getmany(self._partition, timeout_ms=_POLL_MS)
        changed = False
        for record in batches.get(self._partition, ()):
            key = (record.key or b"").decode("utf-8", "replace")
            if not key.startswith(PROPOSAL_PREFIX):
                self.registry.put(key, record.value)
                changed = changed or key.startswith((DOC, STATE, REMOTE))
        return changed

    def _reader(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise RuntimeError("SchemaLog is used before it was entered")
        return self._consumer

    def _unavailable(self, exc: Exception) -> SchemaLogUnavailable:
        return SchemaLogUnavailable(
            f"the schema log at {self._kafka.bootstrap_servers} does not answer "
            f"({type(exc).__name__}); start the broker or set DQ_KAFKA__BOOTSTRAP_SERVERS"
        )
