"""The end of the dead letter topic: object store, then Postgres, else the spool."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import msgspec

from dataquarantine import metrics
from dataquarantine.clock import Clock, SystemClock
from dataquarantine.errors import SinkUnavailable
from dataquarantine.quarantine import layouts
from dataquarantine.quarantine.deadletters import DetachedPayload, KeptOriginal
from dataquarantine.quarantine.entries import Entry, entry_of, renamed
from dataquarantine.quarantine.envelope import NotAnEnvelope, parse_envelope
from dataquarantine.quarantine.housekeeping import Housekeeper
from dataquarantine.quarantine.layouts import Layout, Package
from dataquarantine.quarantine.private_keys import PrivateKeys
from dataquarantine.quarantine.states import RecordState
from dataquarantine.records import Record
from dataquarantine.settings import Settings
from dataquarantine.store import spooled
from dataquarantine.store.availability import Availability
from dataquarantine.store.backlog import look
from dataquarantine.store.drain import Drained, SpoolDrainer
from dataquarantine.store.incident_book import IncidentBook
from dataquarantine.store.objects import ObjectStore, StoredObject
from dataquarantine.store.partitions import Partitions
from dataquarantine.store.postgres import Database
from dataquarantine.store.record_counts import RecordCounts
from dataquarantine.store.row import QuarantineRow, StoredMark, record_time
from dataquarantine.store.rows import Inserted, Known, PostgresRows
from dataquarantine.store.spool import Spool

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What became of dead letters.

    new: rows that were not there before. repeated: rows that were.
    spooled_rows, spooled_payloads: what waits on disk for its store.
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
    """Stores chunks of the dead letter topic. Thread-safe; blocking: call it in threads."""

    def __init__(
        self,
        objects: ObjectStore,
        database: Database,
        spool: Spool,
        *,
        cluster_id: str,
        clock: Clock,
        layout: Layout = "record",
        retention_days: int = 90,
        keys: PrivateKeys | None = None,
    ) -> None:
        self._objects = objects
        self._database = database
        self._rows = PostgresRows(database)
        self._partitions = Partitions(database, retention_days=retention_days)
        self._spool = spool
        self._cluster_id = cluster_id
        self._keys = keys
        self._clock = clock
        self._layout = layout
        self._objects_up = Availability(clock)
        self._rows_up = Availability(clock)
        self._housekeeper: Housekeeper | None = None
        self._drainer = SpoolDrainer(
            spool,
            objects,
            self._rows,
            objects_up=self._objects_up,
            rows_up=self._rows_up,
            clock=clock,
        )

    def store(self, records: Sequence[Record]) -> StoreReport:
        """Make dead letters durable; when this returns, their offsets may be committed.

        Repetition leaves one row and one reachable payload.

        Raises: SinkUnavailable when a store is away and the spool can't take its part; nothing of
            them may be committed then.
        """
        now = self._clock.now()
        all_entries = [entry_of(record, self._cluster_id, now, self._keys) for record in records]
        entries, conflicts = self._not_stored_yet(all_entries)
        if not entries:
            return StoreReport(repeated=len(all_entries))
        entries, packages = layouts.pack(entries, self._layout)
        missed = self._put(packages)
        rows = _rows(entries, missed)
        inserted = self._insert(rows)
        self._spool_rest(missed, rows if inserted is None else ())
        self._mark_detached(entries)
        new = len(inserted.new) if inserted else 0
        return StoreReport(
            new=new,
            repeated=len(all_entries) - (new if inserted else len(rows)),
            spooled_rows=0 if inserted else len(rows),
            spooled_payloads=sum(len(package.marks) for package in missed),
            foreign=sum(entry.foreign for entry in all_entries),
            reduced=len(inserted.reduced) if inserted else 0,
            conflicts=conflicts,
        )

    def store_detached(self, payload: DetachedPayload) -> None:
        """Make a payload durable whose dead letter is not produced yet.

        Raises: SinkUnavailable when neither object store nor spool takes it.
        """
        envelope = parse_envelope(payload.body)
        timestamp = record_time(envelope.source_timestamp_ms)
        mark = StoredMark(envelope.id, timestamp, payload.path)
        package = Package(StoredObject(payload.path, payload.body), (mark,))
        self._spool_rest(self._put([package]), ())

    def store_originals(self, originals: Sequence[KeptOriginal]) -> None:
        """Make durable what remediated records came with, before these are forwarded.

        Raises: SinkUnavailable when neither object store nor spool takes it.
        """
        packages = [Package(StoredObject(each.path, each.body), ()) for each in originals]
        self._spool_rest(self._put(packages), ())

    def drain(self) -> Drained:
        """Empty the spool as far as the stores answer."""
        return self._drainer.run_once()

    def start_housekeeping(self) -> None:
        """Drain the spool and keep the partitions in a thread of its own, until `close`."""
        self._housekeeper = Housekeeper(
            self._drainer,
            self._partitions,
            IncidentBook(self._database),
            RecordCounts(self._database),
            partial(look, self._database),
            self._clock,
        )
        self._housekeeper.start()

    @property
    def away_s(self) -> Mapping[str, float]:
        """How long each store has not answered; 0 when it does."""
        return {"s3": self._objects_up.away_s, "postgres": self._rows_up.away_s}

    @property
    def spool(self) -> Spool:
        """What waits on disk; `records` and `size_bytes` are metrics."""
        return self._spool

    def close(self) -> None:
        """Let go of the stores; what waits in the spool stays there."""
        if self._housekeeper is not None:
            self._housekeeper.stop()
        self._objects.close()
        self._database.close()
        self._spool.close()

    def _not_stored_yet(self, entries: list[Entry]) -> tuple[list[Entry], tuple[UUID, ...]]:
        """Leave out what both stores have, or what comes twice; rename where a payload differs."""
        known = self._known([entry.row for entry in entries])
        if known is None:
            known = {}
            checksums = self._checksums_in_bucket(entries)
        else:
            checksums = {row_id: found.payload_crc32c for row_id, found in known.items()}
        kept: list[Entry] = []
        conflicts: list[UUID] = []
        here: set[UUID] = set()
        for entry in entries:
            row = entry.row
            if checksums.setdefault(row.id, row.payload_crc32c) != row.payload_crc32c:
                conflicts.append(row.id)
                entry = renamed(entry)
            elif row.id in known and known[row.id].payload_is_stored:
                continue
            if entry.row.id not in here:
                here.add(entry.row.id)
                kept.append(entry)
        if conflicts:
            logger.error(
                "%d quarantine ids exist with another payload; stored under new ids",
                len(conflicts),
                extra={"action": "id_conflict", "ids": [str(i) for i in conflicts[:20]]},
            )
        return kept, tuple(conflicts)

    def _known(self, rows: Sequence[QuarantineRow]) -> dict[UUID, Known] | None:
        """Ask Postgres what it has; None when it is away."""
        if not self._rows_up.worth_a_try:
            return None
        try:
            return self._rows.known(rows)
        except SinkUnavailable as exc:
            self._lost(self._rows_up, exc)
            return None

    def _checksums_in_bucket(self, entries: Sequence[Entry]) -> dict[UUID, int | None]:
        """Ask the bucket instead, so that no payload is put over another one.

        Only where a path is named by the id; a segment's name is unique.
        """
        if self._layout == "segment" or not self._objects_up.worth_a_try:
            return {}
        ids = {e.row.storage_path: e.row.id for e in entries if e.body is not None}
        try:
            bodies = self._objects.get_existing(list(ids))
        except SinkUnavailable as exc:
            self._lost(self._objects_up, exc)
            return {}
        return {ids[path]: _checksum_of(body) for path, body in bodies.items()}

    def _put(self, packages: Sequence[Package]) -> list[Package]:
        """Store packages; returns those that did not arrive."""
        if not packages or not self._objects_up.worth_a_try:
            return list(packages)
        problems = self._objects.put_all([package.item for package in packages])
        away = next((p for p in problems if isinstance(p, SinkUnavailable)), None)
        if away is None:
            self._objects_up.worked()
        else:
            self._lost(self._objects_up, away)
        return [package for package, p in zip(packages, problems, strict=True) if p is not None]

    def _insert(self, rows: Sequence[QuarantineRow]) -> Inserted | None:
        """Store rows; None when Postgres is away."""
        if not self._rows_up.worth_a_try:
            return None
        try:
            inserted = self._rows.insert(rows)
        except SinkUnavailable as exc:
            self._lost(self._rows_up, exc)
            return None
        self._rows_up.worked()
        for row in inserted.refused:
            self._spool.set_aside(spooled.row_line(row), "Postgres refuses even its reduced form")
        return inserted

    def _spool_rest(self, missed: Sequence[Package], rows: Sequence[QuarantineRow]) -> None:
        if missed or rows:
            self._spool.append(
                rows=[spooled.row_line(row) for row in rows],
                payloads=[spooled.payload_line(p.item, p.marks) for p in missed],
            )

    def _mark_detached(self, entries: Sequence[Entry]) -> None:
        """Find out whether payloads that went ahead of their dead letters arrived.

        Asked after the rows are in: whoever drains a spooled payload later finds its row.
        """
        for entry in entries:
            if entry.body is not None:
                continue
            row = entry.row
            try:
                if self._objects.exists(row.storage_path):
                    mark = StoredMark(row.id, row.timestamp, row.storage_path)
                    self._rows.mark_stored([mark], self._clock.now())
            except SinkUnavailable as exc:
                logger.warning(
                    "The payload %s is not confirmed: %s",
                    row.storage_path,
                    exc,
                    extra={"action": "payload_unconfirmed"},
                )

    def _lost(self, store: Availability, exc: SinkUnavailable) -> None:
        store.failed()
        metrics.SINK_ERRORS.labels(exc.sink).inc()
        logger.warning("Dead letters go to the spool: %s", exc, extra={"action": "spooling"})


def _checksum_of(body: bytes) -> int | None:
    """Read the payload's checksum from an object; of somebody else's object, one like no other."""
    try:
        return parse_envelope(body).payload_crc32c
    except NotAnEnvelope:
        return -1


def _rows(entries: Sequence[Entry], missed: Sequence[Package]) -> list[QuarantineRow]:
    """Say of each row whether its payload is where it says."""
    waiting = {mark.id for package in missed for mark in package.marks}
    return [
        msgspec.structs.replace(entry.row, status=RecordState.QUARANTINED, stored_at=None)
        if entry.body is None or entry.row.id in waiting
        else entry.row
        for entry in entries
    ]


def open_sink(settings: Settings) -> QuarantineSink:
    """Open the stores that the settings name and look after them until the sink is closed.

    A store that is away is no obstacle.
    """
    postgres = settings.postgres
    database = Database(postgres.url.get_secret_value(), pool_size=postgres.pool_size)
    spool = Spool.open(settings.spool.folder, max_bytes=settings.spool.max_bytes)
    sink = QuarantineSink(
        ObjectStore(settings.s3),
        database,
        spool,
        cluster_id=settings.cluster_id,
        clock=SystemClock(),
        layout=settings.s3.layout,
        retention_days=postgres.retention_days,
        keys=PrivateKeys.from_settings(settings),
    )
    metrics.SPOOL_RECORDS.set_function(lambda: spool.records)
    metrics.SPOOL_BYTES.set_function(lambda: spool.size_bytes)
    metrics.POOL_ACTIVE.set_function(lambda: database.active_connections)
    metrics.POOL_MAX.set(database.max_connections)
    sink.start_housekeeping()
    return sink
