"""Requests and answers, whatever web server carries them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dataquarantine.api.errors import ApiError
from dataquarantine.api.identity import NOBODY, Identity

Value = TypeVar("Value")

JSON = "application/json"
NDJSON = "application/x-ndjson"
EVENTS = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Request:
    """One request below the mount point.

    path: still percent-encoded. headers: names in lower case.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    identity: Identity = NOBODY

    @property
    def actor(self) -> str:
        """Who asks, for the audit trail."""
        return self.identity.actor

    def check_match(self, etag: str) -> None:
        """Refuse a change of something that has changed since it was read (RFC 9110, 13.1.1).

        Raises: ApiError 412.
        """
        given = self.headers.get("if-match", "")
        tags = {tag.strip() for tag in given.split(",")}
        if "*" not in tags and f'"{etag}"' not in tags:
            raise ApiError(412, 41201, "it has changed since it was read; read it again")


@dataclass(frozen=True, slots=True)
class Reply(Generic[Value]):
    """A value with headers; `etag` is its version, without quotes."""

    value: Value
    etag: str


@dataclass(frozen=True, slots=True)
class Ready(Generic[Value]):
    """A value that is JSON text already, so that its numbers stay exact."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Stream:
    """A body in pieces; closed when the client goes."""

    pieces: AsyncGenerator[bytes, None]


@dataclass(frozen=True, slots=True)
class Response:
    """What goes out."""

    status: int
    body: bytes | Stream
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
