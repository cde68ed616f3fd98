"""How many records lie where, while a development environment runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from dataquarantine.settings import Settings
from dataquarantine.store.postgres import Database
from dataquarantine.stream.kafka_client import client_options


@dataclass(frozen=True, slots=True)
class Counts:
    """One look; `None` where it can't be told."""

    source: int | None
    valid: int | None
    dead_letter: int | None
    rows: int
    stored: int


class Counter:
    """Looks at topics and database; use as an async context."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: Any = AIOKafkaConsumer(**client_options(settings.kafka))
        self._database = Database(settings.postgres.url.get_secret_value(), pool_size=1)

    async def __aenter__(self) -> Counter:
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        self._database.close()

    async def look(self) -> Counts:
        """Count now. Raises: SinkUnavailable when Postgres does not answer."""
        pipelines = self._settings.pipelines
        rows, stored = self._rows()
        return Counts(
            await self._records([pipeline.source for pipeline in pipelines]),
            await self._records([pipeline.valid for pipeline in pipelines]),
            await self._records([pipeline.dead_letter for pipeline in pipelines]),
            rows,
            stored,
        )

    async def _records(self, topics: Sequence[str]) -> int | None:
        try:
            partitions = [
                TopicPartition(topic, number)
                for topic in sorted(set(topics))
                for number in await self._partitions(topic)
            ]
            ends = await self._consumer.end_offsets(partitions)
            starts = await self._consumer.beginning_offsets(partitions)
        except KafkaError:
            return None
        return sum(map(int, ends.values())) - sum(map(int, starts.values()))

    async def _partitions(self, topic: str) -> Sequence[int]:
        known = self._consumer.partitions_for_topic(topic)
        if known is None:
            await self._consumer.topics()  # asks the broker
            known = self._consumer.partitions_for_topic(topic)
        return sorted(known or ())

    def _rows(self) -> tuple[int, int]:
        statement = sqlalchemy.text(
            "SELECT count(*), count(*) FILTER (WHERE status <> 'quarantined')"
            " FROM quarantine_records"
        )
        row = self._database.transact(lambda connection: connection.execute(statement).one())
        return int(row[0]), int(row[1])
