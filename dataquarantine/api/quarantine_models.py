"""What the paths of quarantined records take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from dataquarantine.api.fields import Asked, Cursor, Limit, Moment, Reason, Text, Why
from dataquarantine.quarantine.private_keys import PrivateKeys
from dataquarantine.quarantine.states import RecordState
from dataquarantine.store.queries import Filters

#: What people decide; all other states follow from stores and replays.
Decidable = Literal[
    RecordState.IN_REVIEW, RecordState.FIXED, RecordState.DISCARDED, RecordState.PARKED
]
DECIDABLE = frozenset(
    [RecordState.IN_REVIEW, RecordState.FIXED, RecordState.DISCARDED, RecordState.PARKED]
)


class RecordFilters(Asked):
    """Which records; all that are given must hold.

    schema: a name, or `name@version`. from, to: time of quarantine, `to` excluded.
    q: an id, `topic/partition/offset`, a key or a field path as a whole, or part of a message.
    """

    schema_: Text | None = Field(None, alias="schema")
    error_type: Text | None = None
    code: Text | None = None
    status: RecordState | None = None
    topic: Text | None = None
    incident: Text | None = None
    key: Text | None = None
    since: Moment | None = Field(None, alias="from")
    until: Moment | None = Field(None, alias="to")
    q: Text | None = None

    def chosen(self, keys: PrivateKeys) -> Filters:
        """Turn them into what the store takes."""
        asked = self.key or (self.q or "").strip()
        return Filters(
            schema=self.schema_,
            error_type=self.error_type,
            code=self.code,
            status=self.status,
            topic=self.topic,
            fingerprint=self.incident,
            key=self.key,
            since=self.since,
            until=self.until,
            q=self.q,
            pseudonym=keys.pseudonym(asked) if asked else None,
        )


class RecordsQuery(RecordFilters):
    """Which records, and which part of the list."""

    limit: Limit = 50
    cursor: Cursor | None = None


class CountsQuery(RecordFilters):
    """Which records, and what to count them by."""

    by: Literal["status", "schema", "code", "error_type"]


class PayloadQuery(Asked):
    """unmasked: shows personal data; needs a role that may, and `why`, which is kept."""

    unmasked: bool = False
    why: Why | None = None


class RecordShown(BaseModel):
    """A row of `quarantine_records`; keys are pseudonyms, personal data in messages is masked."""

    id: UUID
    topic: str
    partition: int
    offset: int
    timestamp: datetime
    schema_name: str | None
    schema_version: str | None
    error_type: str
    error_message: str | None
    field_path: str | None
    storage_path: str
    status: RecordState
    code: str | None
    fingerprint: str
    violations: list[dict[str, Any]]
    key: str | None
    producer: str | None
    attempt: int
    lineage_id: UUID
    source_timestamp_ms: int
    dlq_partition: int
    dlq_offset: int
    payload_crc32c: int | None
    quarantined_at: datetime
    stored_at: datetime | None
    updated_at: datetime


class Records(BaseModel):
    items: list[RecordShown]
    next: str | None


class Change(BaseModel):
    """An entry of the audit log about one thing."""

    at: datetime
    actor: str
    action: str
    reason: str | None
    details: dict[str, Any]


class Relative(BaseModel):
    """An attempt at the same source record."""

    id: UUID
    attempt: int
    status: RecordState
    quarantined_at: datetime


class RecordDetail(RecordShown):
    """A record with its headers (values masked; null while out of reach) and its life."""

    headers: list[tuple[str, str | None]] | None
    history: list[Change]
    lineage: list[Relative]
    allowed_states: list[RecordState]


class Payload(BaseModel):
    """An original record; masked unless asked for otherwise.

    masked_paths: JSON Pointers of what is hidden here, at most 200.
    """

    id: UUID
    encoding: Literal["json", "text", "base64", "empty"]
    payload: Any
    masked_paths: list[str]
    from_: Literal["s3", "dlq"] = Field(alias="from")


class Move(Reason):
    """A state to give to a record."""

    status: Decidable


class Discard(Reason):
    """Records to give up: by ids or by filters."""

    ids: list[UUID] | None = Field(None, min_length=1, max_length=1000)
    filters: RecordFilters | None = None

    @model_validator(mode="after")
    def _one_choice(self) -> Discard:
        chosen = self.filters is not None and bool(self.filters.model_fields_set)
        if (self.ids is None) == (not chosen):
            raise ValueError("name records by ids or by at least one filter")
        return self


class Discarded(BaseModel):
    changed: int


class ValueCount(BaseModel):
    """How many records have a value; null counts those without one."""

    value: str | None
    count: int


class Counts(BaseModel):
    """Counts by value; without `is_exact` (only with key, from, to or q) of the newest 1,000."""

    items: list[ValueCount]
    is_exact: bool
    next: None = None
