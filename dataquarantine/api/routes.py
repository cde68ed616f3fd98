"""Routes, declared once beside their handlers.

A resource is a plain class in a file of its own; `Api` takes an instance of it:

    class Replays:
        @route("POST", "/replays/{job}/run", "Start a planned replay", errors=(404, 409))
        def run(self, request: Request, job: UUID, body: Why) -> Job: ...

What the signature says is all there is: parameters named in the path are converted to their
types, `query` and `body` are pydantic models (aliases for names like `from`, unknown names are
refused), the return type describes the answer. `Reply[Model]` adds an ETag, `Stream` sends
pieces. A plain `def` runs in a thread, so it may block (database, S3); an `async def` runs in the
records' loop and must not. Handlers raise `ApiError`, or one of our errors that `refusals` knows.
The OpenAPI document and `docs/reference/http.md` follow from the same declaration.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter

from dataquarantine.api.http import JSON, Ready, Reply, Request, Stream
from dataquarantine.api.identity import Role

Handler = TypeVar("Handler", bound=Callable[..., Any])

_PARAMETER = re.compile(r"{(\w+)(:path)?}")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What stands in the decorator."""

    method: str
    path: str
    summary: str
    role: Role
    errors: tuple[int, ...]
    media: str
    needs_match: bool
    body_may_be_left_out: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """A route with everything its handler's signature says."""

    declared: Declaration
    handler: Callable[..., Any]
    pattern: re.Pattern[str]
    parameters: dict[str, TypeAdapter[Any]]
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    answer: TypeAdapter[Any] | None
    has_etag: bool

    @property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self.handler)

    @property
    def name(self) -> str:
        """The operation's id in the OpenAPI document."""
        return f"{type(self.handler.__self__).__name__.lower()}_{self.handler.__name__}"  # type: ignore[attr-defined]  # bound

    @property
    def sort_key(self) -> tuple[tuple[bool, str], ...]:
        """Words before parameters, so that `/x/counts` is not taken for an `/x/{id}`."""
        return tuple((part.startswith("{"), part) for part in self.declared.path.split("/"))


def route(
    method: str,
    path: str,
    summary: str,
    *,
    role: Role | None = None,
    errors: tuple[int, ...] = (),
    media: str = JSON,
    needs_match: bool = False,
    body_may_be_left_out: bool = False,
) -> Callable[[Handler], Handler]:
    """Declare a handler's route.

    Args: path: below `/api/v1`; `{name}` is one segment, `{name:path}` the rest.
        role: who may; by default viewers read and operators do everything else.
        errors: statuses beside those that every route has. needs_match: a change, refused
        without `If-Match`; the handler calls `request.check_match`.
    """
    needed = role or (Role.VIEWER if method == "GET" else Role.OPERATOR)
    declared = Declaration(
        method, path, summary, needed, errors, media, needs_match, body_may_be_left_out
    )

    def declare(handler: Handler) -> Handler:
        handler.__route__ = declared  # type: ignore[attr-defined]  # read by operations_of
        return handler

    return declare


def operations_of(resource: object) -> Iterator[Operation]:
    """Read what a resource declares, in the order of its methods."""
    for name, member in vars(type(resource)).items():
        declared = getattr(member, "__route__", None)
        if declared is not None:
            yield _operation(declared, getattr(resource, name))


def _operation(declared: Declaration, handler: Callable[..., Any]) -> Operation:
    hints = get_type_hints(handler, include_extras=True)
    returned = hints.pop("return")
    has_etag = get_origin(returned) is Reply
    answer = get_args(returned)[0] if get_origin(returned) in (Reply, Ready) else returned
    names = [name for name, _ in _PARAMETER.findall(declared.path)]
    unknown = {
        name
        for name, kind in hints.items()
        if name not in (*names, "query", "body") and kind is not Request
    }
    if unknown or not set(names) <= set(hints):
        raise TypeError(f"{handler!r} and its path {declared.path} name different parameters")
    return Operation(
        declared,
        handler,
        _pattern(declared.path),
        {name: TypeAdapter(hints[name]) for name in names},
        hints.get("query"),
        hints.get("body"),
        None if answer is Stream else TypeAdapter(answer),
        has_etag,
    )


def _pattern(path: str) -> re.Pattern[str]:
    """Match one path; parameters are still percent-encoded, so a slash separates."""
    parts = _PARAMETER.split(path)
    found = re.escape(parts[0])
    for at in range(1, len(parts), 3):
        kind = ".+" if parts[at + 1] else "[^/]+"
        found += f"(?P<{parts[at]}>{kind})" + re.escape(parts[at + 2])
    return re.compile(found)
