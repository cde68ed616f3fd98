"""Questions people ask about quarantined records."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy
from sqlalchemy import text

from dataquarantine.errors import DataQuarantineError
from dataquarantine.store.postgres import Database

QUERY_TIMEOUT_S = 10.0
MAX_LIMIT = 1000
#: Records that a count reads where `record_counts` can't answer.
MOST_COUNTED = 1000

#: A row as it is shown; the names are the table's columns.
Item = dict[str, Any]
Values = dict[str, Any]


class BadCursor(DataQuarantineError):
    """A cursor that no list gave out."""

    def __init__(self) -> None:
        super().__init__("the cursor can't be read; use `next` of the page before")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which records; all that are given must hold.

    schema: a name, or `name@version`. since, until: time of quarantine, `until` excluded.
    q: an id, `topic/partition/offset`, a key or a field path as a whole, or part of a message.
    pseudonym: what rows hold instead of the key that `key` or `q` gives (`PrivateKeys`).
    """

    schema: str | None = None
    error_type: str | None = None
    code: str | None = None
    status: str | None = None
    topic: str | None = None
    fingerprint: str | None = None
    key: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    q: str | None = None
    pseudonym: str | None = None
    ids: tuple[UUID, ...] | None = None

    @property
    def are_of_kinds(self) -> bool:
        """Whether they ask for nothing that tells two records of a kind apart."""
        single = (self.key, self.since, self.until, self.ids, (self.q or "").strip() or None)
        return all(each is None for each in single)


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list; `next` is the cursor of what follows, None at the end."""

    items: list[Item]
    next: str | None


@dataclass(frozen=True, slots=True)
class Counted:
    """Records by value; without `is_exact` there are more, and these are of the newest."""

    items: list[Item]
    is_exact: bool = True


class QuarantineQueries:
    """Reads `quarantine_records`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, filters: Filters, *, limit: int = 50, cursor: str | None = None) -> Page:
        """List records, newest first.

        Raises: BadCursor, SinkUnavailable.
        Cost: one index range over at most `limit` rows of each day partition, whatever the depth;
            for `q` one for each thing that it may be.
        """
        limit = max(1, min(limit, MAX_LIMIT))
        statement, values = _newest(filters, "*", cursor)
        rows = self._read(text(statement), values | {"limit": limit + 1})
        items = [as_item(row) for row in rows[:limit]]
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(items, None if last is None else _cursor(last["quarantined_at"], last["id"]))

    def all(self, filters: Filters, *, batch: int = 500) -> Iterator[Item]:
        """Go through every record, newest first, a page at a time."""
        cursor: str | None = None
        while True:
            page = self.page(filters, limit=batch, cursor=cursor)
            yield from page.items
            if (cursor := page.next) is None:
                return

    def get(self, record_id: UUID) -> Item | None:
        """Find one record."""
        statement = text("SELECT * FROM quarantine_records WHERE id = CAST(:id AS uuid)")
        rows = self._read(statement, {"id": str(record_id)})
        return as_item(rows[0]) if rows else None

    def count(self, filters: Filters) -> int:
        """Count records; reads all of them."""
        where, values = conditions(filters)
        statement = text(f"SELECT count(*) AS n FROM quarantine_records {_where(where)}")
        return int(self._read(statement, values)[0]["n"])

    def counts(self, by: str, filters: Filters) -> Counted:
        """Count records by a column (`schema` is its name), the most frequent first.

        Cost: a sum over `record_counts`, where the filters ask for nothing that it doesn't have;
            else a look at no more than `MOST_COUNTED` records, the newest.
        """
        column = _COUNTED[by]
        if filters.are_of_kinds:
            where, values = conditions(filters)
            summed, source = "sum(record_count)::bigint", f"record_counts {_where(where)}"
        else:
            some, values = _newest(filters, f"{column}, quarantined_at, id")
            summed, source = "count(*)", f"({some}) s"
        statement = text(
            f"SELECT {column} AS value, {summed} AS count FROM {source} GROUP BY {column}"
            f" HAVING {summed} <> 0 ORDER BY {summed} DESC, {column} LIMIT 200"
        )
        rows = self._read(statement, values | {"limit": MOST_COUNTED + 1})
        items = [as_item(row) for row in rows]
        total = sum(each["count"] for each in items)
        return Counted(items, is_exact=filters.are_of_kinds or total <= MOST_COUNTED)

    def count_some(self, statuses: Sequence[str]) -> int:
        """Count the records in some states; reads none of them."""
        statement = text(
            "SELECT COALESCE(sum(record_count), 0)::bigint AS n FROM record_counts"
            " WHERE status = ANY(:all)"
        )
        return int(self._read(statement, {"all": list(statuses)})[0]["n"])

    def lineage(self, lineage_id: UUID) -> list[Item]:
        """List the attempts at one source record, the first one first."""
        statement = text(
            "SELECT id, attempt, status, quarantined_at FROM quarantine_records"
            " WHERE lineage_id = CAST(:lineage AS uuid) ORDER BY attempt, quarantined_at LIMIT 100"
        )
        return [as_item(row) for row in self._read(statement, {"lineage": str(lineage_id)})]

    def _read(
        self, statement: sqlalchemy.TextClause, values: Mapping[str, Any]
    ) -> list[sqlalchemy.RowMapping]:
        return self._database.transact(
            lambda connection: list(connection.execute(statement, values).mappings()),
            timeout_s=QUERY_TIMEOUT_S,
        )


def _newest(filters: Filters, columns: str, cursor: str | None = None) -> tuple[str, Values]:
    """Select the newest records, `:limit` of them, after a cursor; returns SQL and its values.

    Raises: BadCursor.
    """
    where, values = conditions(replace(filters, q=None))
    if cursor is not None:
        at, after = _read_cursor(cursor)
        where.append("(quarantined_at, id) < (:cursor_at, CAST(:cursor_id AS uuid))")
        values |= {"cursor_at": at, "cursor_id": str(after)}
    branches, found = _search(filters.q, filters.pseudonym)
    newest = "ORDER BY quarantined_at DESC, id DESC LIMIT :limit"
    selected = f"SELECT {columns} FROM quarantine_records"
    if not branches:
        return f"{selected} {_where(where)} {newest}", values
    # One OR of all branches would be planned as a walk through every row.
    parts = " UNION ALL ".join(
        f"({selected} {_where([*where, branch])} {newest})" for branch in branches
    )
    return f"SELECT DISTINCT ON (quarantined_at, id) * FROM ({parts}) r {newest}", values | found


_COUNTED = {
    "status": "status",
    "schema": "schema_name",
    "code": "code",
    "error_type": "error_type",
}


def conditions(filters: Filters) -> tuple[list[str], dict[str, Any]]:
    """Turn filters into SQL conditions and their values."""
    where: list[str] = []
    values: dict[str, Any] = {}
    for column in ("error_type", "code", "status", "topic", "fingerprint"):
        if (value := getattr(filters, column)) is not None:
            where.append(f"{column} = :{column}")
            values[column] = value
    if filters.ids is not None:
        where.append("id = ANY(CAST(:ids AS uuid[]))")
        values["ids"] = [str(each) for each in filters.ids]
    if filters.key is not None:
        where.append("key IN (:key, :pseudonym)")
        values |= {"key": filters.key, "pseudonym": filters.pseudonym}
    if filters.schema is not None:
        name, _, version = filters.schema.partition("@")
        where.append("schema_name = :schema_name")
        values["schema_name"] = name
        if version:
            where.append("schema_version = :schema_version")
            values["schema_version"] = version
    if filters.since is not None:
        where.append("quarantined_at >= :since")
        values["since"] = filters.since
    if filters.until is not None:
        where.append("quarantined_at < :until")
        values["until"] = filters.until
    branches, found = _search(filters.q, filters.pseudonym)
    if branches:
        where.append(f"({' OR '.join(branches)})")
    return where, values | found


def _search(q: str | None, pseudonym: str | None) -> tuple[list[str], dict[str, Any]]:
    """List what `q` may be, as conditions of which one must hold, and their values."""
    if not q or not (q := q.strip()):
        return [], {}
    try:
        return ["id = CAST(:q AS uuid)"], {"q": str(UUID(q))}
    except ValueError:
        pass
    topic, _, rest = q.partition("/")
    partition, _, offset = rest.partition("/")
    if partition.isdecimal() and offset.isdecimal() and len(partition) < 10 and len(offset) < 19:
        condition = '(topic = :q_topic AND partition = :q_partition AND "offset" = :q_offset)'
        return [condition], {
            "q_topic": topic,
            "q_partition": int(partition),
            "q_offset": int(offset),
        }
    pattern = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    # Each branch is planned over all partitions; these two are found by one look at two indexes.
    whole = "(key IN (:q, :q_pseudonym) OR field_path = :q)"
    return [whole, "error_message ILIKE :q_like"], {
        "q": q,
        "q_pseudonym": pseudonym,
        "q_like": f"%{pattern}%",
    }


def _where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def as_item(row: sqlalchemy.RowMapping) -> Item:
    """Show a row as JSON does."""
    return {
        column: str(value)
        if isinstance(value, UUID)
        else value.isoformat()
        if isinstance(value, datetime)
        else value
        for column, value in row.items()
    }


def _cursor(at: datetime, last: UUID) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([at, last])).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        decoded = base64.urlsafe_b64decode(padded)
        return msgspec.json.decode(decoded, type=tuple[datetime, UUID])
    except (binascii.Error, ValueError) as exc:
        raise BadCursor from exc
