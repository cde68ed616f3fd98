"""Erase records for a privacy request, wherever the gateway keeps them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import text

from dataquarantine.clock import Clock
from dataquarantine.quarantine.decisions import Decision, Publish, Signed
from dataquarantine.quarantine.envelope import original_path, originals_of
from dataquarantine.quarantine.private_keys import PrivateKeys
from dataquarantine.store import audit_log, edits
from dataquarantine.store.objects import ObjectMissing, ObjectStore, StoredObject
from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import Filters, conditions

BATCH = 500
PURGED = "purged"


class Target(NamedTuple):
    """A record to be erased; `original` is where its unrepaired bytes would be kept."""

    id: str
    storage_path: str
    original: str | None = None


@dataclass(frozen=True, slots=True)
class Purged:
    """What was erased.

    originals: what remediated records of the key came with.
    waiting: records whose payload is not gone: it still lies in a spool, or object lock holds it.
        It won't return once drained, and `erase_waiting` removes what gets through.
    last_quarantined: the dead letter topic forgets them its retention after this.
    """

    records: int = 0
    originals: int = 0
    waiting: int = 0
    last_quarantined: datetime | None = None


class Purge:
    """Erases rows and payloads; notes ids, nothing else, so that they never come back."""

    def __init__(
        self,
        database: Database,
        objects: ObjectStore,
        publish: Publish,
        clock: Clock,
        keys: PrivateKeys,
    ) -> None:
        self._database = database
        self._keys = keys
        self._objects = objects
        self._publish = publish
        self._clock = clock

    def run(
        self,
        filters: Filters,
        signed: Signed,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Purged:
        """Erase every record that matches.

        The ids are noted and published first: what is interrupted goes on by `erase_waiting`.

        Raises: SinkUnavailable; batches before it are done.
        """
        where, values = conditions(filters)
        total = Purged(originals=self._erase_originals(filters))
        while True:
            found = self._database.transact(lambda c: self._note_batch(c, where, values, signed))
            if not found:
                return total
            targets = [self._target(row) for row in found]
            erased = self._erase(targets)
            total = Purged(
                total.records + len(targets),
                total.originals,
                total.waiting + len(targets) - erased,
                max(filter(None, [total.last_quarantined, *(r.quarantined_at for r in found)])),
            )
            progress(len(targets))

    def _erase_originals(self, filters: Filters) -> int:
        """Erase what is kept of a key; these records passed, so no row leads to them."""
        if filters.key is None:
            return 0
        erased = 0
        for path in self._objects.paths(originals_of(self._keys.pseudonym(filters.key))):
            self._objects.delete(path)
            self._objects.forget_versions(path)
            erased += 1
        return erased

    def _target(self, row: sqlalchemy.Row[Any]) -> Target:
        pseudonym = self._keys.pseudonym_of_column(row.topic, row.key)
        original = original_path(row.topic, row.partition, row.offset, row.id, pseudonym)
        return Target(str(row.id), row.storage_path, original)

    def erase_waiting(self) -> int:
        """Erase payloads of purged records that reached the object store since."""
        statement = text("SELECT id, storage_path FROM purged_records WHERE NOT is_erased")
        rows = self._database.transact(lambda c: c.execute(statement).all())
        return self._erase([Target(str(row.id), row.storage_path) for row in rows])

    def _note_batch(
        self,
        connection: sqlalchemy.Connection,
        where: Sequence[str],
        values: dict[str, Any],
        signed: Signed,
    ) -> Sequence[sqlalchemy.Row[Any]]:
        now = self._clock.now()
        condition = f"WHERE {' AND '.join(where)}" if where else ""
        statement = text(
            f'WITH chosen AS (SELECT id, "timestamp" FROM quarantine_records {condition}'
            " LIMIT :batch FOR UPDATE), gone AS ("
            ' DELETE FROM quarantine_records q USING chosen c WHERE q.id = c.id AND q."timestamp" ='
            ' c."timestamp" RETURNING q.id, q.topic, q.partition, q."offset", q.key,'
            " q.storage_path, q.quarantined_at), noted AS ("
            " INSERT INTO purged_records SELECT id, :now, storage_path, FALSE FROM gone"
            " ON CONFLICT DO NOTHING) SELECT * FROM gone"
        )
        rows = connection.execute(statement, values | {"batch": BATCH, "now": now}).all()
        ids = [str(row.id) for row in rows]
        edits.forget_records(connection, ids)
        audit_log.write(
            connection,
            [f"record/{record_id}" for record_id in ids],
            at=now,
            actor=signed.actor,
            action=PURGED,
            reason=signed.reason,
        )
        self._publish(
            [
                Decision(
                    kind="record",
                    subject=i,
                    state=PURGED,
                    at=now,
                    actor=signed.actor,
                    reason=signed.reason,
                )
                for i in ids
            ]
        )
        return rows

    def _erase(self, targets: Sequence[Target]) -> int:
        done = erase_payloads(self._objects, targets)
        statement = text(
            "UPDATE purged_records SET is_erased = TRUE WHERE id = ANY(CAST(:ids AS uuid[]))"
        )
        self._database.transact(lambda c: c.execute(statement, {"ids": done}))
        return len(done)


def erase_payloads(objects: ObjectStore, targets: Iterable[Target]) -> list[str]:
    """Delete objects, blank members of segments; returns the ids whose payload was there.

    Raises: SinkUnavailable.
    """
    done: list[str] = []
    members: defaultdict[str, list[Target]] = defaultdict(list)
    for target in targets:
        path, _, span = target.storage_path.partition("#")
        if target.original is not None:
            _remove(objects, target.original)
        if span:
            members[path].append(target)
        elif _remove(objects, path):
            done.append(target.id)
    for path, of_segment in members.items():
        if _blank(objects, path, [target.storage_path for target in of_segment]):
            done.extend(target.id for target in of_segment)
    return done


def _remove(objects: ObjectStore, path: str) -> bool:
    """Delete an object with all its versions; tell whether it was there and is gone."""
    there = objects.exists(path)
    if there:
        objects.delete(path)
    forgotten = objects.forget_versions(path)
    return (there or forgotten.removed > 0) and not forgotten.locked


def _blank(objects: ObjectStore, path: str, storage_paths: Sequence[str]) -> bool:
    """Overwrite members with zeros, so that the others stay where their rows say."""
    try:
        body = bytearray(objects.get(path))
    except ObjectMissing:
        return False
    for storage_path in storage_paths:
        first, _, last = storage_path.partition("#")[2].partition("-")
        start, end = int(first), int(last)
        body[start:end] = bytes(end - start)
    objects.put(StoredObject(path, bytes(body), "application/gzip"))
    return not objects.forget_versions(path).locked
