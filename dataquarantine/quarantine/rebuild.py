"""Bring back what the stores lost, from the topics that outlive them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from dataquarantine.clock import Clock
from dataquarantine.quarantine.decisions import Decision, read_decision
from dataquarantine.quarantine.entries import entry_of
from dataquarantine.quarantine.purge import PURGED
from dataquarantine.quarantine.review import apply_decisions
from dataquarantine.quarantine.sink import QuarantineSink
from dataquarantine.quarantine.topic_reader import read_all
from dataquarantine.records import Record
from dataquarantine.replay.settlement import Settlement
from dataquarantine.replay.verdicts import Verdict, read_verdict
from dataquarantine.settings import Settings
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.postgres import Database
from dataquarantine.store.rows import PostgresRows
from dataquarantine.topics import OUTCOMES

_DECISIONS_PER_TRANSACTION = 500

#: Gets chunks of one topic partition.
ReadAll = Callable[[str], AsyncIterator[list[Record]]]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came back: rows, payloads of rows that were there, decisions."""

    read: int = 0
    rows: int = 0
    payloads: int = 0
    decisions: int = 0


class Rebuild:
    """Re-reads dead letters and decisions; safe to repeat and beside running workers."""

    def __init__(
        self,
        settings: Settings,
        sink: QuarantineSink,
        database: Database,
        objects: ObjectStore,
        clock: Clock,
        read: ReadAll | None = None,
    ) -> None:
        self._settings = settings
        self._sink = sink
        self._database = database
        self._rows = PostgresRows(database)
        self._objects = objects
        self._clock = clock
        self._read = read or (lambda topic: read_all(settings.kafka, topic))
        self._objects_found: dict[str, bool] = {}
        attempts = settings.replay.max_attempts
        self._settlement = Settlement(database, max_attempts=attempts)

    async def run(self, progress: Callable[[int], None] = lambda _: None) -> Rebuilt:
        """Restore rows, payloads and decisions; `progress` gets the size of each chunk.

        Raises: TopicUnreadable, SinkUnavailable.
        """
        decisions, verdicts = await self._latest_decisions()
        # First, so that nothing purged comes back for a moment.
        self._restore_purged([d for d in decisions if d.state == PURGED])
        total = Rebuilt()
        for topic in sorted({p.dead_letter for p in self._settings.pipelines}):
            async for chunk in self._read(topic):
                lost = self._forget_lost_payloads(chunk)
                report = self._sink.store(chunk)
                total = Rebuilt(
                    total.read + len(chunk), total.rows + report.new, total.payloads + lost
                )
                progress(len(chunk))
        changed = 0
        standing = [d for d in decisions if d.state != PURGED]
        for first in range(0, len(standing), _DECISIONS_PER_TRANSACTION):
            batch = standing[first : first + _DECISIONS_PER_TRANSACTION]
            changed += apply_decisions(self._database, batch)
        for first in range(0, len(verdicts), _DECISIONS_PER_TRANSACTION):
            changed += self._settlement.apply(verdicts[first : first + _DECISIONS_PER_TRANSACTION])
        return Rebuilt(total.read, total.rows, total.payloads, changed)

    async def _latest_decisions(self) -> tuple[list[Decision], list[Verdict]]:
        """Read what people decided and what became of replays; of both the later one of a record.

        That a record was on its way to be replayed is no decision: its verdict is, or none came.
        """
        latest: dict[bytes, Decision] = {}
        verdicts: dict[UUID, Verdict] = {}
        async for chunk in self._read(OUTCOMES):
            for record in chunk:
                if (decision := read_decision(record.value)) is not None:
                    latest[decision.key] = decision
                elif (verdict := read_verdict(record.value)) is not None:
                    before = verdicts.get(verdict.record_id)
                    if before is None or before.at <= verdict.at:
                        verdicts[verdict.record_id] = verdict
        for record_id, verdict in list(verdicts.items()):
            key = f"record/{record_id}".encode()
            decided = latest.get(key)
            if decided is None or (decided.at <= verdict.at and decided.state != PURGED):
                latest.pop(key, None)
            else:
                del verdicts[record_id]
        return list(latest.values()), list(verdicts.values())

    def _restore_purged(self, purged: Sequence[Decision]) -> None:
        statement = text(
            "INSERT INTO purged_records VALUES (CAST(:id AS uuid), :at, '', TRUE)"
            " ON CONFLICT DO NOTHING"
        )
        values = [{"id": decision.subject, "at": decision.at} for decision in purged]
        if values:
            self._database.transact(lambda connection: connection.execute(statement, values))

    def _forget_lost_payloads(self, chunk: Sequence[Record]) -> int:
        """Find rows whose object is gone, so that the sink stores their payloads again."""
        now = self._clock.now()
        rows = [entry_of(record, self._settings.cluster_id, now).row for record in chunk]
        known = self._rows.known(rows)
        lost: list[UUID] = [
            record_id
            for record_id, found in known.items()
            if found.payload_is_stored
            and not found.is_purged
            and not self._exists(found.storage_path.partition("#")[0])
        ]
        self._rows.forget_payloads(lost)
        return len(lost)

    def _exists(self, path: str) -> bool:
        if path not in self._objects_found:
            self._objects_found[path] = self._objects.exists(path)
        return self._objects_found[path]
