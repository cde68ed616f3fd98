"""The end of the dead letter topic: object store, then Postgres, else the spool."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from dataquarantine.clock import Clock, SystemClock
from dataquarantine.quarantine.deadletters import DetachedPayload
from dataquarantine.quarantine.entries import Entry, entry_of, renamed
from dataquarantine.records import Record
from dataquarantine.settings import Settings
from dataquarantine.store.objects import ObjectStore, StoredObject
from dataquarantine.store.postgres import Database
from dataquarantine.store.rows import PostgresRows

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What became of a chunk of dead letters.

    new: rows that were not there before. repeated: rows that were.
    conflicts: ids that were taken by another payload; these records lie under a new id.
    """

    new: int = 0
    repeated: int = 0
    spooled_rows: int = 0
    spooled_payloads: int = 0
    foreign: int = 0
    reduced: int = 0
    conflicts: tuple[UUID, ...] = ()


class QuarantineSink:
    """Stores chunks of the dead letter topic. Blocking: call it in a thread."""

    def __init__(
        self, objects: ObjectStore, database: Database, *, cluster_id: str, clock: Clock
    ) -> None:
        self._objects = objects
        self._database = database
        self._rows = PostgresRows(database)
        self._cluster_id = cluster_id
        self._clock = clock

    def store(self, records: Sequence[Record]) -> StoreReport:
        """Make a chunk durable; when this returns, its offset may be committed.

        Repetition leaves one row and one reachable payload.

        Raises: SinkUnavailable when a store is away; nothing of the chunk may be committed then.
        """
        now = self._clock.now()
        entries = [entry_of(record, self._cluster_id, now) for record in records]
        entries, conflicts = self._apart(entries)
        for problem in self._objects.put_all([e.item for e in entries if e.item]):
            if problem is not None:
                raise problem
        inserted = self._rows.insert([entry.row for entry in entries])
        return StoreReport(
            new=len(inserted.new),
            repeated=len(entries) - len(inserted.new),
            foreign=sum(entry.foreign for entry in entries),
            reduced=len(inserted.reduced),
            conflicts=conflicts,
        )

    def store_detached(self, payload: DetachedPayload) -> None:
        """Make a payload durable whose dead letter is not produced yet.

        Raises: SinkUnavailable; the dead letter must wait.
        """
        self._objects.put(StoredObject(payload.path, payload.body))

    def close(self) -> None:
        """Let go of the stores."""
        self._objects.close()
        self._database.close()

    def _apart(self, entries: Sequence[Entry]) -> tuple[list[Entry], tuple[UUID, ...]]:
        """Rename entries whose id belongs to another payload, here or in the table."""
        taken = self._rows.checksums({e.row.id: e.row.timestamp for e in entries})
        kept: list[Entry] = []
        conflicts: list[UUID] = []
        for entry in entries:
            row = entry.row
            if taken.setdefault(row.id, row.payload_crc32c) != row.payload_crc32c:
                conflicts.append(row.id)
                entry = renamed(entry)
            kept.append(entry)
        if conflicts:
            logger.error(
                "%d quarantine ids exist with another payload; stored under new ids",
                len(conflicts),
                extra={"action": "id_conflict", "ids": [str(i) for i in conflicts[:20]]},
            )
        return kept, tuple(conflicts)


def open_sink(settings: Settings) -> QuarantineSink:
    """Open the stores that the settings name; one that is away is no obstacle."""
    postgres = settings.postgres
    return QuarantineSink(
        ObjectStore(settings.s3),
        Database(postgres.url.get_secret_value(), pool_size=postgres.pool_size),
        cluster_id=settings.cluster_id,
        clock=SystemClock(),
    )
