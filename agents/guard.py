"""What stands before every page of the web port."""

from __future__ import annotations

import hmac
from typing import Any

from aiohttp import web

from dataquarantine.api.access import Access, presented
from dataquarantine.api.errors import ApiError
from dataquarantine.api.guard import (
    OPEN_PATHS,
    READS,
    SECURITY_HEADERS,
    is_loopback,
    is_static,
    refusal,
)
from dataquarantine.api.identity import Identity
from dataquarantine.api.rate import RateLimit
from dataquarantine.api.service import refusal as refused
from dataquarantine.settings import WebSettings

#: Under this key a request carries who asks.
IDENTITY = web.RequestKey("identity", Identity)
REGISTRY = "/registry"


def guard_for(settings: WebSettings, access: Access) -> Any:
    """Make the middleware that lets requests in."""
    limit = RateLimit(settings.requests_per_s)

    @web.middleware
    async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            if request.path not in OPEN_PATHS:
                await _check(request, settings, access, limit)
            response: web.StreamResponse = await handler(request)
        except ApiError as exc:
            return _answer(exc)
        except web.HTTPMethodNotAllowed as exc:
            allowed = ", ".join(sorted(exc.allowed_methods))
            return _answer(ApiError(405, 405, f"only {allowed} is answered here", allowed=allowed))
        except web.HTTPException as exc:
            return _answer(ApiError(exc.status, exc.status, exc.reason))
        return response

    return guard


async def _check(
    request: web.Request, settings: WebSettings, access: Access, limit: RateLimit
) -> None:
    """Let a request in, and note who asks.

    Raises: ApiError.
    """
    local_only = is_loopback(settings.host)
    problem = refusal(request.method, request.headers, local_only=local_only)
    if problem is not None:
        raise ApiError(403, 40301, problem)
    if (request.content_length or 0) > settings.max_body_bytes:  # before anything is read
        raise ApiError(413, 413, f"the body is larger than {settings.max_body_bytes} bytes")
    if is_static(request.method, request.path) or _is_scraper(request, settings):
        return
    identity = await access.identify(
        {name.lower(): value for name, value in request.headers.items()},
        is_read=request.method in READS,
        takes_basic=request.path.startswith(REGISTRY),
    )
    limit.take(identity.actor)
    request[IDENTITY] = identity


def identity_of(request: Any) -> Identity:
    """Return who asks, as the guard found; nobody else is answered.

    Raises: ApiError 401.
    """
    found: Identity | None = request.get(IDENTITY)
    if found is None:
        raise ApiError(401, 40101, "a token is needed: Authorization: Bearer TOKEN")
    return found


def add_headers(settings: WebSettings) -> Any:
    """Make the signal that adds security headers to every answer; a page's own win."""
    headers = dict(SECURITY_HEADERS)
    if settings.tls_cert is not None:
        headers["Strict-Transport-Security"] = "max-age=31536000"

    async def add(request: web.Request, response: web.StreamResponse) -> None:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        response.headers["Server"] = "DataQuarantine"  # not which server in which version

    return add


def _is_scraper(request: web.Request, settings: WebSettings) -> bool:
    """Tell whether this is `/metrics` with the token that is for it alone."""
    if request.path != "/metrics" or settings.metrics_token is None:
        return False
    given = presented(request.headers.get("Authorization", "")) or ""
    wanted = settings.metrics_token.get_secret_value()
    return hmac.compare_digest(given.encode(), wanted.encode())


def _answer(error: ApiError) -> web.Response:
    response = refused(error)
    return web.Response(
        body=response.body if isinstance(response.body, bytes) else b"",
        status=response.status,
        headers={**response.headers, "Content-Type": response.content_type},
    )
