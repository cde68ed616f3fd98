"""Our own paths of the registry, `/api/v1/schemas`: states, histories, checks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from dataquarantine.api.errors import ApiError, not_found
from dataquarantine.api.fields import Remark
from dataquarantine.api.http import Request
from dataquarantine.api.identity import Role
from dataquarantine.api.routes import route
from dataquarantine.api.schema_models import (
    AnswerShown,
    Check,
    History,
    SchemaShown,
    VersionDetail,
    Versions,
    VersionSummary,
)
from dataquarantine.errors import DataQuarantineError
from dataquarantine.schemas.lives import detail, life, summary
from dataquarantine.schemas.proposals import (
    Answer,
    Guard,
    Proposal,
    Refusal,
    Register,
    Rollback,
    SetState,
)
from dataquarantine.schemas.registry import Entry, Registry
from dataquarantine.schemas.reviews import review_task
from dataquarantine.schemas.states import State

Propose = Callable[[Proposal], Awaitable[Answer]]


class VersionsQuery(BaseModel):
    """What narrows the list down."""

    model_config = ConfigDict(extra="forbid")

    state: State | None = None
    name: str | None = None


class Reason(BaseModel):
    """Why it is done; kept in the history."""

    model_config = ConfigDict(extra="forbid")

    why: Remark = ""


class Registration(Reason):
    """A version to make known; `document` is as in a schema file."""

    document: dict[str, Any]
    state: Literal[State.REGISTERED, State.SHADOW, State.ENFORCED] = State.REGISTERED


class Move(Reason):
    """A step of a version's life."""

    state: State
    guard: Guard | None = None
    sampling: float = Field(1.0, gt=0, le=1)
    force: bool = False


class Question(BaseModel):
    """A document that may be registered later."""

    model_config = ConfigDict(extra="forbid")

    document: dict[str, Any]


class Schemas:
    """Reads the registry, proposes changes.

    Args: propose: appends a proposal and waits for its answer; TimeoutError when none comes.
    """

    def __init__(
        self, registry: Registry, propose: Propose, *, model_packages: tuple[str, ...] = ()
    ) -> None:
        self._registry = registry
        self._propose = propose
        self._model_packages = model_packages

    @route("GET", "/schemas", "List every version of every schema")
    async def list_versions(self, request: Request, query: VersionsQuery) -> Versions:
        entries = [
            entry
            for each in sorted(self._registry.names)
            for entry in self._registry.versions(each)
            if query.state in (None, entry.state) and query.name in (None, each)
        ]
        return Versions.model_validate({"items": [summary(entry) for entry in entries]})

    @route("GET", "/schemas/{name}", "Show a schema")
    async def show(self, request: Request, name: str) -> SchemaShown:
        known = self._known(name)
        enforced = self._registry.enforced(name)
        return SchemaShown(
            name=name,
            enforced=enforced.version if enforced else None,
            compatibility=self._registry.compatibility(name),
            policy=self._registry.policy(name).value,
            mode=self._registry.mode(name),
            versions=[VersionSummary.model_validate(summary(entry)) for entry in known],
        )

    @route("GET", "/schemas/{name}/versions/{version}", "Show a version with its document")
    async def show_version(self, request: Request, name: str, version: str) -> VersionDetail:
        return VersionDetail.model_validate(detail(self._registry, self._entry(name, version)))

    @route("GET", "/schemas/{name}/history", "List every change of a schema's versions")
    async def history(self, request: Request, name: str) -> History:
        self._known(name)
        return History.model_validate({"items": life(self._registry, name)})

    @route("POST", "/schemas", "Register a version", errors=(404, 409, 504))
    async def register(self, request: Request, body: Registration) -> AnswerShown:
        return await self._ask(Register(by=request.actor, **body.model_dump()))

    @route("POST", "/schemas/{name}/versions/{version}/state", "Move a version", errors=(409, 504))
    async def set_state(self, request: Request, name: str, version: str, body: Move) -> AnswerShown:
        self._entry(name, version)
        move = SetState(by=request.actor, name=name, version=version, **body.model_dump())
        return await self._ask(move)

    @route(
        "POST",
        "/schemas/{name}/rollback",
        "Enforce the version before again",
        errors=(409, 504),
        body_may_be_left_out=True,
    )
    async def roll_back(self, request: Request, name: str, body: Reason) -> AnswerShown:
        return await self._ask(Rollback(by=request.actor, why=body.why, name=name))

    @route("POST", "/schemas/{name}/compatibility", "Check a document", role=Role.VIEWER)
    async def check(self, request: Request, name: str, body: Question) -> Check:
        """Tell whether a document could be registered now; writes nothing."""
        document = {"name": name, **body.document}
        if document["name"] != name:
            raise ApiError(422, 42201, f"the document is named {document['name']}, not {name}")
        task = review_task(
            self._registry,
            Register(by=request.actor, document=document),
            model_packages=self._model_packages,
        )
        # CPU that the loop of the records must not wait for
        result = await asyncio.to_thread(task.run)
        return Check(
            compatible=result.refusal is None and result.document is not None,
            refusal=result.refusal or (Refusal.INVALID_SCHEMA if not result.document else None),
            reasons=list(result.problems),
            suggested_version=result.suggested_version or None,
            report=result.details,
        )

    async def _ask(self, proposal: Proposal) -> AnswerShown:
        try:
            answer = await self._propose(proposal)
        except TimeoutError as exc:
            raise ApiError(
                504, 50401, "nobody answered in time; the proposal stays on the log", id=proposal.id
            ) from exc
        except DataQuarantineError as exc:
            raise ApiError(503, 50301, str(exc)) from exc
        if not answer.accepted:
            raise _refused(answer)
        shown = answer.model_dump(exclude={"sequence", "offset"})
        return AnswerShown.model_validate({**shown, "healed_at": _healed_at(answer)})

    def _known(self, name: str) -> list[Entry]:
        known = self._registry.versions(name)
        if not known:
            raise not_found(f"schema {name} is not registered", "see /api/v1/schemas")
        return known

    def _entry(self, name: str, version: str) -> Entry:
        known = self._known(name)
        entry = self._registry.entry(name, version)
        if entry is None:
            versions = [each.version for each in known]
            raise not_found(
                f"{name} has no version {version}",
                f"known: {', '.join(versions[-5:])}",
                40402,
                known=versions,
            )
        return entry


def _healed_at(answer: Answer) -> str | None:
    """Say where to ask: judging 20,000 stored records takes longer than a decision may."""
    if answer.state is not State.ENFORCED:
        return None
    return f"/api/v1/schemas/{quote(answer.name)}/versions/{quote(answer.version)}/healed"


_CODES = {
    Refusal.UNKNOWN_NAME: (404, 40401),
    Refusal.UNKNOWN_VERSION: (404, 40402),
    Refusal.INVALID_SCHEMA: (422, 42201),
    Refusal.INVALID_PROPOSAL: (422, 42202),
    Refusal.WRONG_VERSION: (422, 42204),
    Refusal.READ_ONLY: (422, 42205),
    Refusal.INCOMPATIBLE: (409, 409),
    Refusal.VERSION_EXISTS: (409, 40901),
    Refusal.MOVE_REFUSED: (409, 40902),
    Refusal.GUARD_NOT_MET: (409, 40903),
}


def _refused(answer: Answer) -> ApiError:
    status, code = _CODES[answer.refusal or Refusal.INVALID_PROPOSAL]
    details = {
        "refusal": answer.refusal,
        "reasons": list(answer.reasons),
        "suggested_version": answer.suggested_version or None,
        "report": answer.details,
    }
    return ApiError(status, code, answer.message, **details)
