"""What the paths of replays take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from dataquarantine.api.fields import Asked
from dataquarantine.replay.jobs import JobState
from dataquarantine.replay.requests import OnFailure
from dataquarantine.replay.verdicts import Result


class EditedRecord(Asked):
    """A quarantined record and its payload as somebody edited it, masked fields as shown."""

    id: UUID
    edited: Any


class PageQuery(Asked):
    """Which part of a list."""

    limit: int = Field(50, ge=1, le=1000)
    cursor: str | None = Field(None, max_length=200)


class ItemsQuery(PageQuery):
    """Which items of a replay."""

    result: Result | None = None


class RecipeShown(BaseModel):
    """What one edit says: exactly, and in general if steps can say it."""

    patch: list[dict[str, Any]]
    recipe: list[dict[str, Any]] | None
    explanation: list[str]


class Counts(BaseModel):
    """Items by what the dry run said, and by where they stand; each stands in one place."""

    selected: int
    would_pass: int
    would_fail: int
    unchanged: int
    pending: int
    sent: int
    reprocessed: int
    failed_again: int
    parked: int
    skipped: int


class ReasonShown(BaseModel):
    """Why records would not pass."""

    code: str | None
    field_path: str | None
    count: int


class SampleShown(BaseModel):
    """One record before and after the repair, masked."""

    id: str
    before: Any
    after: Any
    outcome: Literal["pass", "fail", "unchanged"]
    violations: list[dict[str, Any]]
    problem: str | None = None


class JobSummary(BaseModel):
    """A replay without its samples."""

    model_config = ConfigDict(populate_by_name=True)

    id: UUID
    state: JobState
    created_at: datetime
    created_by: str
    why: str
    selection: dict[str, Any]
    repair: dict[str, Any]
    schema_: str | None = Field(alias="schema")
    target: str | None
    rate_per_s: float | None
    on_failure: OnFailure
    counts: Counts
    reasons: list[ReasonShown]
    newer_valid_keys: int | None
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None


class JobShown(JobSummary):
    """A replay with what its dry run found."""

    samples: list[SampleShown]


class Jobs(BaseModel):
    """Replays, newest first."""

    items: list[JobSummary]
    next: str | None


class ItemShown(BaseModel):
    """One record of a replay."""

    item_id: UUID
    record_id: UUID
    fate: str | None
    schema_ref: str | None
    code: str | None
    field_path: str | None
    result: Result
    reason: str | None
    attempt: int | None
    coordinates: str | None


class Items(BaseModel):
    """Items in the order in which they are published."""

    items: list[ItemShown]
    next: str | None
