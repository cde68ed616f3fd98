"""Whole folders of schemas, and comparisons: what `schema sync` and `schema diff` do, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dataquarantine.api.errors import ApiError, not_found
from dataquarantine.api.http import Request
from dataquarantine.api.identity import Role
from dataquarantine.api.routes import route
from dataquarantine.api.schemas import Propose, Reason
from dataquarantine.schemas.changes import both_ways
from dataquarantine.schemas.compatibility import Policy
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.plan import Action, Step, plan
from dataquarantine.schemas.registry import Registry

MAX_DOCUMENTS = 2000


class Sync(Reason):
    """All schemas of a repository; `documents` are as in schema files."""

    documents: list[dict[str, Any]] = Field(max_length=MAX_DOCUMENTS)
    dry_run: bool = False


class Planned(BaseModel):
    """What becomes of one document."""

    model_config = ConfigDict(from_attributes=True)

    reference: str
    action: Action
    reasons: list[str]


class SyncShown(BaseModel):
    """The plan; `written` tells whether it was carried out: all of it, or nothing."""

    items: list[Planned]
    next: None = None
    refused: bool
    written: bool


class Pair(BaseModel):
    """Two schemas: each a document, or `name@version`, or a name for its enforced version."""

    model_config = ConfigDict(extra="forbid")

    old: str | dict[str, Any]
    new: str | dict[str, Any]
    policy: Policy = Policy.STRICT


class Change(BaseModel):
    """One difference, judged in one direction."""

    direction: str
    code: str
    pointer: str
    compatible: bool
    decided_by: str
    message: str


class Changes(BaseModel):
    items: list[Change]
    next: None = None


class SchemaBatches:
    """Plans and compares on copies of the registry; proposes what a plan would write."""

    def __init__(self, registry: Registry, propose: Propose) -> None:
        self._registry = registry
        self._propose = propose

    @route("POST", "/schemas/sync", "Register what is new of a repository", errors=(504,))
    async def sync(self, request: Request, body: Sync) -> SyncShown:
        """Write nothing when any document is refused."""
        documents = [_document(each, f"documents.{n}") for n, each in enumerate(body.documents)]
        # CPU that the loop of the records must not wait for
        steps = await asyncio.to_thread(self._plan, documents, request.actor, body.why)
        refused = any(step.action is Action.REFUSED for step in steps)
        if body.dry_run or refused:
            return _shown(steps, refused=refused, written=False)
        written = [await self._carry_out(step) for step in steps]
        late = any(step.action is Action.REFUSED for step in written)
        return _shown(written, refused=late, written=not late)

    @route(
        "POST",
        "/schemas/diff",
        "List what changes between two schemas",
        role=Role.VIEWER,
        errors=(404,),
    )
    async def diff(self, request: Request, body: Pair) -> Changes:
        old, new = self._find(body.old, "old"), self._find(body.new, "new")
        found = await asyncio.to_thread(both_ways, old, new, body.policy)
        return Changes.model_validate({"items": found})

    def _plan(self, documents: Sequence[SchemaDocument], by: str, why: str) -> list[Step]:
        return list(plan(self._registry, documents, by=by, why=why, now=datetime.now(UTC)))

    async def _carry_out(self, step: Step) -> Step:
        """Propose what a step says; somebody else may have registered in between."""
        if step.proposal is None:
            return step
        try:
            answer = await self._propose(step.proposal)
        except TimeoutError as exc:
            raise ApiError(
                504,
                50401,
                "nobody answered in time; send the same again, it changes what is missing",
                id=step.proposal.id,
            ) from exc
        if answer.accepted:
            return step
        return Step(step.reference, Action.REFUSED, reasons=answer.reasons)

    def _find(self, asked: str | dict[str, Any], where: str) -> SchemaDocument:
        if isinstance(asked, dict):
            return _document(asked, where)
        name, _, version = asked.partition("@")
        registry = self._registry
        entry = registry.entry(name, version) if version else registry.enforced(name)
        if entry is None:
            raise not_found(f"schema {asked} is not registered", "see /api/v1/schemas")
        return entry.document


def _document(values: dict[str, Any], where: str) -> SchemaDocument:
    try:
        return SchemaDocument.model_validate(values)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        place = ".".join(str(part) for part in (where, *first["loc"]))
        raise ApiError(422, 42201, f"{place}: {first['msg']}") from exc


def _shown(steps: Sequence[Step], *, refused: bool, written: bool) -> SyncShown:
    items = [
        Planned(reference=s.reference, action=s.action, reasons=list(s.reasons)) for s in steps
    ]
    return SyncShown(items=items, refused=refused, written=written)
