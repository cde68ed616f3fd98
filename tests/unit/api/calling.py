"""Requests to an API without a web server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from dataquarantine.api.http import Request, Response
from dataquarantine.api.identity import Identity, Role
from dataquarantine.api.service import Api


def ask(
    api: Api,
    method: str,
    path: str,
    body: Any = None,
    *,
    role: Role = Role.ADMIN,
    headers: dict[str, str] | None = None,
    **query: str,
) -> Response:
    """Send one request; a body that is not bytes goes as JSON."""
    if not isinstance(body, bytes):
        body = b"" if body is None else json.dumps(body).encode()
    who = Identity("ann", role)
    asked = Request(method, path, tuple(query.items()), headers or {}, body, who)
    return asyncio.run(api.handle(asked))


def call(api: Api, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
    """Send one request; returns status and value."""
    response = ask(api, method, path, body, **more)
    assert isinstance(response.body, bytes)
    return response.status, json.loads(response.body)
