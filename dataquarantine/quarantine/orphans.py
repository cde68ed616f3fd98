"""Objects that no row leads to."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from sqlalchemy import text

from dataquarantine.quarantine.envelope import ORIGINALS, NotAnEnvelope, parse_envelope
from dataquarantine.quarantine.purge import Purge
from dataquarantine.store.objects import ListedObject, ObjectMissing, ObjectStore
from dataquarantine.store.postgres import Database

_PATHS_PER_QUERY = 1000


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection found: objects seen, removed, and kept although no row leads to them."""

    seen: int = 0
    removed: int = 0
    kept: int = 0
    erased: int = 0


class _Verdict(Enum):
    IN_USE = auto()
    DISPENSABLE = auto()
    UNCLEAR = auto()


class OrphanCollector:
    """Removes an object only when every record in it is reachable elsewhere, expired or purged.

    Originals of remediated records expire like rows.

    An object without a row may belong to a row that waits in a spool; that one is kept.
    """

    def __init__(
        self, database: Database, objects: ObjectStore, purge: Purge, *, retention_days: int
    ) -> None:
        self._database = database
        self._objects = objects
        self._purge = purge
        self._retention = timedelta(days=retention_days)

    def run(
        self,
        now: datetime,
        *,
        dry_run: bool = False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Collected:
        """Collect once; with `dry_run` only count.

        Raises: SinkUnavailable.
        """
        total = Collected(erased=0 if dry_run else self._purge.erase_waiting())
        for listed in _batches(self._objects.list(), _PATHS_PER_QUERY):
            removed = kept = 0
            paths = {each.path: each.modified for each in listed}
            for path in sorted(paths.keys() - self._referenced(list(paths))):
                verdict = self._verdict(path, paths[path], now)
                kept += verdict is _Verdict.UNCLEAR
                removed += verdict is _Verdict.DISPENSABLE
                if verdict is _Verdict.DISPENSABLE and not dry_run:
                    self._objects.delete(path)
            total = Collected(
                total.seen + len(paths), total.removed + removed, total.kept + kept, total.erased
            )
            progress(len(paths))
        return total

    def _referenced(self, paths: list[str]) -> set[str]:
        """Tell which paths a row leads to, as far as the path itself names the record."""
        ids = [match[1] for path in paths if (match := _RECORD_PATH.search(path))]
        statement = text(
            "SELECT storage_path FROM quarantine_records WHERE id = ANY(CAST(:ids AS uuid[]))"
        )
        return self._database.transact(lambda c: set(c.execute(statement, {"ids": ids}).scalars()))

    def _verdict(self, path: str, modified: datetime, now: datetime) -> _Verdict:
        if path.startswith(ORIGINALS):
            expired = modified <= now - self._retention
            return _Verdict.DISPENSABLE if expired else _Verdict.IN_USE
        try:
            envelopes = [parse_envelope(each) for each in _members(self._objects.get(path))]
        except (NotAnEnvelope, ObjectMissing, zlib.error):
            return _Verdict.UNCLEAR  # not ours, or gone just now
        recent = {str(e.id) for e in envelopes if e.quarantined_at > now - self._retention}
        values: dict[str, Any] = {"ids": [str(envelope.id) for envelope in envelopes]}
        rows = self._database.transact(lambda c: c.execute(_SETTLED, values).all())
        if any(row.storage_path.partition("#")[0] == path for row in rows):
            return _Verdict.IN_USE
        settled = recent <= {str(row.id) for row in rows}
        return _Verdict.DISPENSABLE if settled else _Verdict.UNCLEAR


#: Where the record's own object lies; its name ends in the id.
_RECORD_PATH = re.compile(r"_([0-9a-f]{8}-[0-9a-f-]{27})\.json\Z")
_SETTLED = text(
    "SELECT id, storage_path FROM quarantine_records"
    " WHERE id = ANY(CAST(:ids AS uuid[])) AND stored_at IS NOT NULL"
    " UNION ALL SELECT id, '' FROM purged_records WHERE id = ANY(CAST(:ids AS uuid[]))"
)


def _members(body: bytes) -> Iterator[bytes]:
    """Split an object into its envelopes; blanked members of a segment are none."""
    if not body.startswith(b"\x1f\x8b") and body[:1] != b"\x00":
        yield body
        return
    rest = body.lstrip(b"\x00")
    while rest:
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        yield member.decompress(rest)
        rest = member.unused_data.lstrip(b"\x00")


def _batches(items: Iterable[ListedObject], size: int) -> Iterator[list[ListedObject]]:
    batch: list[ListedObject] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
