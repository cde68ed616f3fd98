"""Counts new rows into their incidents, within the transaction that stores them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import text

from dataquarantine.outcomes import ErrorType
from dataquarantine.store.row import QuarantineRow

MAX_OPEN_PER_SCHEMA = 1000
MAX_PRODUCERS = 50
#: Stands for schema names that nobody registered: they are the sender's word.
UNKNOWN_SCHEMA = "(unknown)"
OTHER_PRODUCERS = "(others)"
_LOCK = 7_301_003
_NAMELESS = frozenset([ErrorType.SCHEMA_MISSING, ErrorType.SCHEMA_NOT_FOUND])
_MAX_TITLE = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """The new records of one fingerprint in one chunk."""

    fingerprint: str
    schema_name: str
    error_type: str
    code: str | None
    field_path: str | None
    title: str
    record_count: int
    first_seen: datetime
    last_seen: datetime
    sample_id: UUID
    hours: Counter[datetime]
    producers: Counter[str]


def count_in(connection: sqlalchemy.Connection, rows: Sequence[QuarantineRow]) -> None:
    """Add rows that were just inserted to their incidents: one upsert for each fingerprint."""
    seen = group(rows)
    if not seen:
        return
    seen = _within_cap(connection, seen)
    # In order, so that two workers with the same incidents wait instead of deadlocking.
    for incident in sorted(seen, key=lambda each: each.fingerprint):
        connection.execute(_UPSERT, _values(incident))
        _count_hours(connection, incident)
        _count_producers(connection, incident)


def group(rows: Iterable[QuarantineRow]) -> list[Seen]:
    """Group rows by fingerprint."""
    groups: defaultdict[str, list[QuarantineRow]] = defaultdict(list)
    for row in rows:
        groups[row.fingerprint].append(row)
    return [_summary(fingerprint, members) for fingerprint, members in groups.items()]


def _summary(fingerprint: str, rows: Sequence[QuarantineRow]) -> Seen:
    last = max(rows, key=lambda row: row.quarantined_at)
    return Seen(
        fingerprint=fingerprint,
        schema_name=_schema(last),
        error_type=last.error_type,
        code=last.code,
        field_path=last.field_path,
        title=_title(last),
        record_count=len(rows),
        first_seen=min(row.quarantined_at for row in rows),
        last_seen=last.quarantined_at,
        sample_id=last.id,
        hours=Counter(_hour(row.quarantined_at) for row in rows),
        producers=Counter(row.producer for row in rows if row.producer),
    )


def _schema(row: QuarantineRow) -> str:
    if row.schema_name is None or row.error_type in _NAMELESS:
        return UNKNOWN_SCHEMA
    return row.schema_name


def _title(row: QuarantineRow) -> str:
    """Say what is wrong without a value of the record: the title stands for all of them."""
    what = (row.code or row.error_type).replace("_", " ").lower()
    where = f" at {row.field_path}" if row.field_path else ""
    return f"{row.schema_name or UNKNOWN_SCHEMA}: {what}{where}"[:_MAX_TITLE]


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _within_cap(connection: sqlalchemy.Connection, seen: Sequence[Seen]) -> list[Seen]:
    """Put new fingerprints of a schema that has too many open ones into one overflow incident."""
    known = _existing(connection, [each.fingerprint for each in seen])
    if all(each.fingerprint in known for each in seen):
        return list(seen)
    connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    known = _existing(connection, [each.fingerprint for each in seen])
    open_count = {
        row.schema_name: row.n
        for row in connection.execute(_OPEN, {"names": sorted({e.schema_name for e in seen})})
    }
    kept: dict[str, Seen] = {}
    for each in seen:
        if each.fingerprint not in known:
            count = open_count.get(each.schema_name, 0)
            if count >= MAX_OPEN_PER_SCHEMA:
                each = _overflow(each)
            else:
                open_count[each.schema_name] = count + 1
        there = kept.get(each.fingerprint)
        kept[each.fingerprint] = each if there is None else _merged(there, each)
    return list(kept.values())


def _existing(connection: sqlalchemy.Connection, fingerprints: Sequence[str]) -> set[str]:
    statement = text("SELECT fingerprint FROM incidents WHERE fingerprint = ANY(:fingerprints)")
    return set(connection.execute(statement, {"fingerprints": list(fingerprints)}).scalars())


def _overflow(seen: Seen) -> Seen:
    return Seen(
        f"overflow:{seen.schema_name}",
        seen.schema_name,
        seen.error_type,
        None,
        None,
        f"{seen.schema_name}: more than {MAX_OPEN_PER_SCHEMA} open incidents, the rest",
        seen.record_count,
        seen.first_seen,
        seen.last_seen,
        seen.sample_id,
        seen.hours,
        seen.producers,
    )


def _merged(one: Seen, other: Seen) -> Seen:
    return Seen(
        one.fingerprint,
        one.schema_name,
        one.error_type,
        one.code,
        one.field_path,
        one.title,
        one.record_count + other.record_count,
        min(one.first_seen, other.first_seen),
        max(one.last_seen, other.last_seen),
        other.sample_id,
        one.hours + other.hours,
        one.producers + other.producers,
    )


def _values(seen: Seen) -> dict[str, Any]:
    return {
        "fingerprint": seen.fingerprint,
        "schema_name": seen.schema_name,
        "error_type": seen.error_type,
        "code": seen.code,
        "field_path": seen.field_path,
        "title": seen.title,
        "count": seen.record_count,
        "first_seen": seen.first_seen,
        "last_seen": seen.last_seen,
        "sample_id": str(seen.sample_id),
    }


def _count_hours(connection: sqlalchemy.Connection, seen: Seen) -> None:
    for hour, count in sorted(seen.hours.items()):
        connection.execute(_HOUR, {"fingerprint": seen.fingerprint, "hour": hour, "count": count})


def _count_producers(connection: sqlalchemy.Connection, seen: Seen) -> None:
    if not seen.producers:
        return
    named = dict(seen.producers.most_common(MAX_PRODUCERS))
    statement = text("SELECT producer FROM incident_producers WHERE fingerprint = :fingerprint")
    known = set(connection.execute(statement, {"fingerprint": seen.fingerprint}).scalars())
    counts: Counter[str] = Counter()
    for producer, count in seen.producers.items():
        has_room = producer in named and len(known | set(counts)) < MAX_PRODUCERS
        counts[producer if producer in known or has_room else OTHER_PRODUCERS] += count
    for producer, count in sorted(counts.items()):
        connection.execute(
            _PRODUCER,
            {
                "fingerprint": seen.fingerprint,
                "producer": producer,
                "count": count,
                "last_seen": seen.last_seen,
            },
        )


_OPEN = text(
    "SELECT schema_name, count(*) AS n FROM incidents"
    " WHERE schema_name = ANY(:names) AND state NOT IN ('resolved', 'archived')"
    " GROUP BY schema_name"
)
# A resolved incident comes back by records of after its resolution, not by late ones of before.
_UPSERT = text(
    """
    INSERT INTO incidents AS i (fingerprint, schema_name, error_type, code, field_path, title,
        state, state_since, record_count, first_seen, last_seen, sample_id, updated_at)
    VALUES (:fingerprint, :schema_name, :error_type, :code, :field_path, :title,
        'new', :first_seen, :count, :first_seen, :last_seen, CAST(:sample_id AS uuid), :last_seen)
    ON CONFLICT (fingerprint) DO UPDATE SET
        record_count = i.record_count + EXCLUDED.record_count,
        first_seen = LEAST(i.first_seen, EXCLUDED.first_seen),
        last_seen = GREATEST(i.last_seen, EXCLUDED.last_seen),
        sample_id = EXCLUDED.sample_id,
        state = CASE WHEN i.state = 'resolved' AND EXCLUDED.last_seen > i.resolved_at
            THEN 'regressed' ELSE i.state END,
        state_since = CASE WHEN i.state = 'resolved' AND EXCLUDED.last_seen > i.resolved_at
            THEN EXCLUDED.last_seen ELSE i.state_since END,
        updated_at = GREATEST(i.updated_at, EXCLUDED.updated_at)
    """
)
_HOUR = text(
    "INSERT INTO incident_hours AS h VALUES (:fingerprint, :hour, :count)"
    " ON CONFLICT (fingerprint, hour) DO UPDATE"
    " SET record_count = h.record_count + EXCLUDED.record_count"
)
_PRODUCER = text(
    "INSERT INTO incident_producers AS p VALUES (:fingerprint, :producer, :count, :last_seen)"
    " ON CONFLICT (fingerprint, producer) DO UPDATE"
    " SET record_count = p.record_count + EXCLUDED.record_count,"
    " last_seen = GREATEST(p.last_seen, EXCLUDED.last_seen)"
)
