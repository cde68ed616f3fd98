"""The stores as the commands see them: opened from the settings, closed after use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cached_property
from types import TracebackType

from dataquarantine.clock import SystemClock
from dataquarantine.quarantine.decisions import kafka_publisher
from dataquarantine.quarantine.orphans import Collected, OrphanCollector
from dataquarantine.quarantine.payloads import Payloads
from dataquarantine.quarantine.private_keys import PrivateKeys
from dataquarantine.quarantine.purge import Purge
from dataquarantine.quarantine.rebuild import Rebuild, Rebuilt
from dataquarantine.quarantine.review import Review
from dataquarantine.quarantine.sink import QuarantineSink
from dataquarantine.quarantine.topic_reader import read_one, retention_ms
from dataquarantine.settings import Settings
from dataquarantine.store.incident_book import IncidentBook
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import QuarantineQueries
from dataquarantine.store.spool import Spool

_DAY_MS = 86_400_000


class Desk:
    """Reads and decides about quarantined records; opens a connection only when asked."""

    def __init__(self, settings: Settings, *, connections: int = 2) -> None:
        self.settings = settings
        self.clock = SystemClock()
        url = settings.postgres.url.get_secret_value()
        self.database = Database(url, pool_size=connections)
        self.queries = QuarantineQueries(self.database)
        self.incidents = IncidentBook(self.database)
        self._publish = kafka_publisher(settings.kafka)

    @cached_property
    def objects(self) -> ObjectStore:
        return ObjectStore(self.settings.s3)

    @cached_property
    def payloads(self) -> Payloads:
        return Payloads(self.objects, self._read_dead_letter, self.settings)

    @cached_property
    def review(self) -> Review:
        return Review(self.database, self._publish, self.clock)

    @cached_property
    def purge(self) -> Purge:
        keys = PrivateKeys.from_settings(self.settings)
        return Purge(self.database, self.objects, self._publish, self.clock, keys)

    def rebuild(self, progress: Callable[[int], None]) -> Rebuilt:
        """Bring back what the stores lost.

        Raises: TopicUnreadable, SinkUnavailable.
        """
        settings = self.settings
        spool = Spool.open(settings.spool.folder, max_bytes=settings.spool.max_bytes)
        sink = QuarantineSink(
            self.objects,
            self.database,
            spool,
            cluster_id=settings.cluster_id,
            clock=self.clock,
            layout=settings.s3.layout,
            keys=PrivateKeys.from_settings(settings),
        )
        try:
            job = Rebuild(settings, sink, self.database, self.objects, self.clock)
            rebuilt = asyncio.run(job.run(progress))
            sink.drain()
            return rebuilt
        finally:
            spool.close()

    def collect_orphans(self, *, dry_run: bool, progress: Callable[[int], None]) -> Collected:
        """Remove objects that no row leads to.

        Raises: SinkUnavailable.
        """
        collector = OrphanCollector(
            self.database,
            self.objects,
            self.purge,
            retention_days=self.settings.postgres.retention_days,
        )
        return collector.run(self.clock.now(), dry_run=dry_run, progress=progress)

    def dead_letter_retention_days(self) -> float | None:
        """Tell how long the dead letter topics keep records; None when it can't be told."""
        topics = sorted({p.dead_letter for p in self.settings.pipelines})
        longest = asyncio.run(retention_ms(self.settings.kafka, topics))
        return None if longest is None else longest / _DAY_MS

    def __enter__(self) -> Desk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if "objects" in self.__dict__:
            self.objects.close()
        self.database.close()

    def _read_dead_letter(self, topic: str, partition: int, offset: int) -> bytes | None:
        record = asyncio.run(read_one(self.settings.kafka, topic, partition, offset))
        return None if record is None else record.value
