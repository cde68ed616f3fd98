"""What the paths of the registry answer."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from dataquarantine.schemas.proposals import Refusal
from dataquarantine.schemas.states import State


class UnregisteredVersion(BaseModel):
    """A version without its schema, as its document alone describes it."""

    name: str
    version: str
    type: str
    owner: str | None
    key: str | None
    description: str
    compatibility: str | None
    examples: int
    counter_examples: int


class VersionSummary(UnregisteredVersion):
    """A version without its schema; `id` and `number` as Confluent's clients know them."""

    id: int
    number: int
    state: State
    since: str
    content_hash: str


class Registered(BaseModel):
    """Who made a version known."""

    at: str
    by: str
    why: str


class VersionDetail(VersionSummary):
    """A version with its document, and what its shadow has shown while it is one."""

    registered: Registered
    document: dict[str, Any]
    sampling: float | None = None
    shadow: dict[str, Any] | None = None


class Versions(BaseModel):
    items: list[VersionSummary]
    next: None = None


class SchemaShown(BaseModel):
    """A schema: what judges now, how new versions are checked, all versions."""

    name: str
    enforced: str | None
    compatibility: str
    policy: str
    mode: str
    versions: list[VersionSummary]


class Step(BaseModel):
    """One change of a version."""

    at: str
    by: str
    version: str
    from_: str | None = Field(alias="from")
    to: str
    rollback: bool
    why: str
    effect: Any


class History(BaseModel):
    items: list[Step]
    next: None = None


class Check(BaseModel):
    """Whether a document could be registered, and what stands in the way."""

    compatible: bool
    refusal: Refusal | None
    reasons: list[str]
    suggested_version: str | None
    report: dict[str, Any] | None


class AnswerShown(BaseModel):
    """The registry's decision on a proposal.

    `healed_at`, of a version that is enforced now: where to ask how many open records it accepts.
    """

    proposal: str
    accepted: bool
    at: str
    refusal: Refusal | None
    reasons: list[str]
    name: str
    version: str
    id: int | None
    number: int | None
    content_hash: str
    state: State | None
    existing: bool
    suggested_version: str
    details: dict[str, Any] | None
    healed_at: str | None = None
