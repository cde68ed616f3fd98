"""Our own paths of the registry, `/api/v1/schemas`: states, histories, checks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dataquarantine.api.confluent import wire
from dataquarantine.api.confluent.wire import Request, Response
from dataquarantine.api.errors import ApiError, not_found
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
Handler = Callable[..., Awaitable[Any]]
Body = TypeVar("Body", bound=BaseModel)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    why: str = Field("", max_length=2000)


class _Registration(_Body):
    document: dict[str, Any]
    state: Literal[State.REGISTERED, State.SHADOW, State.ENFORCED] = State.REGISTERED


class _Move(_Body):
    state: State
    guard: Guard | None = None
    sampling: float = Field(1.0, gt=0, le=1)
    force: bool = False


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    document: dict[str, Any]


class SchemasApi:
    """Answers requests below `/api/v1`; reads the registry, proposes changes.

    Args: propose: appends a proposal and waits for its answer; TimeoutError when none comes.
    """

    def __init__(
        self, registry: Registry, propose: Propose, *, model_packages: tuple[str, ...] = ()
    ) -> None:
        self._registry = registry
        self._propose = propose
        self._model_packages = model_packages
        one = "schemas/{}/versions/{}"
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = [
            _route("GET", "schemas", self.list_schemas),
            _route("POST", "schemas", self.register),
            _route("GET", "schemas/{}", self.show_schema),
            _route("GET", one, self.show_version),
            _route("POST", f"{one}/state", self.set_state),
            _route("POST", "schemas/{}/rollback", self.roll_back),
            _route("POST", "schemas/{}/compatibility", self.check),
            _route("GET", "schemas/{}/history", self.show_history),
        ]

    async def handle(self, request: Request) -> Response:
        """Answer one request; a refusal is an answer too."""
        path = request.path.strip("/")
        try:
            for method, pattern, handler in self._routes:
                match = pattern.fullmatch(path)
                if match is not None and method == request.method:
                    return Response(200, await handler(request, *map(unquote, match.groups())))
            raise not_found(f"there is no {request.method} {path}", "see the reference", 404)
        except wire.ApiError as exc:  # of a body that is no JSON object
            return _response(ApiError(exc.status, exc.code, exc.message))
        except ApiError as exc:
            return _response(exc)

    async def list_schemas(self, request: Request) -> Any:
        """List every version; `?state=` and `?name=` narrow the list down."""
        state, name = request.query.get("state"), request.query.get("name")
        entries = [
            entry
            for each in sorted(self._registry.names)
            for entry in self._registry.versions(each)
            if state in (None, entry.state.value) and name in (None, each)
        ]
        return {"items": [summary(entry) for entry in entries], "next": None}

    async def show_schema(self, request: Request, name: str) -> Any:
        known = self._known(name)
        enforced = self._registry.enforced(name)
        return {
            "name": name,
            "enforced": enforced.version if enforced else None,
            "compatibility": self._registry.compatibility(name),
            "policy": self._registry.policy(name).value,
            "mode": self._registry.mode(name),
            "versions": [summary(entry) for entry in known],
        }

    async def show_version(self, request: Request, name: str, version: str) -> Any:
        return detail(self._registry, self._entry(name, version))

    async def show_history(self, request: Request, name: str) -> Any:
        self._known(name)
        return {"items": life(self._registry, name), "next": None}

    async def register(self, request: Request) -> Any:
        body = _read(_Registration, request)
        return await self._ask(Register(by=request.user, **body.model_dump()))

    async def set_state(self, request: Request, name: str, version: str) -> Any:
        body = _read(_Move, request)
        self._entry(name, version)
        move = SetState(by=request.user, name=name, version=version, **body.model_dump())
        return await self._ask(move)

    async def roll_back(self, request: Request, name: str) -> Any:
        body = _read(_Body, request)
        return await self._ask(Rollback(by=request.user, why=body.why, name=name))

    async def check(self, request: Request, name: str) -> Any:
        """Tell whether a document could be registered now; writes nothing."""
        document = {"name": name, **_read(_Question, request).document}
        if document["name"] != name:
            raise ApiError(422, 42201, f"the document is named {document['name']}, not {name}")
        task = review_task(
            self._registry,
            Register(by=request.user, document=document),
            model_packages=self._model_packages,
        )
        # CPU that the loop of the records must not wait for
        result = await asyncio.to_thread(task.run)
        return {
            "compatible": result.refusal is None and result.document is not None,
            "refusal": result.refusal or (Refusal.INVALID_SCHEMA if not result.document else None),
            "reasons": list(result.problems),
            "suggested_version": result.suggested_version or None,
            "report": result.details,
        }

    async def _ask(self, proposal: Proposal) -> Any:
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
        return answer.model_dump(mode="json", exclude={"sequence", "offset"})

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


def _read(kind: type[Body], request: Request) -> Body:
    try:
        return kind.model_validate(request.json())
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ApiError(422, 42202, f"{where}: {first['msg']}") from exc


def _response(refusal: ApiError) -> Response:
    return Response(refusal.status, refusal.body())


def _route(method: str, path: str, handler: Handler) -> tuple[str, re.Pattern[str], Handler]:
    return method, re.compile(path.replace("{}", "([^/]+)")), handler
