"""The stores as the commands see them: opened from the settings, closed after use."""

from __future__ import annotations

import asyncio
from types import TracebackType

from dataquarantine.quarantine.payloads import Payloads
from dataquarantine.quarantine.topic_reader import read_one
from dataquarantine.settings import Settings
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import QuarantineQueries


class Desk:
    """Reads and decides about quarantined records; opens a connection only when asked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings.postgres.url.get_secret_value(), pool_size=2)
        self.objects = ObjectStore(settings.s3)
        self.queries = QuarantineQueries(self.database)
        self.payloads = Payloads(self.objects, self._read_dead_letter, settings)

    def __enter__(self) -> Desk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.objects.close()
        self.database.close()

    def _read_dead_letter(self, topic: str, partition: int, offset: int) -> bytes | None:
        record = asyncio.run(read_one(self.settings.kafka, topic, partition, offset))
        return None if record is None else record.value
