"""What stands before every page of the web port."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from dataquarantine.api.guard import is_loopback, refusal


def guard_for(host: str) -> Any:
    """Make the middleware that refuses other machines' names and other sites' pages."""
    local_only = is_loopback(host)

    @web.middleware
    async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
        problem = refusal(request.method, request.headers, local_only=local_only)
        if problem is not None:
            return web.json_response({"error_code": 40301, "message": problem}, status=403)
        response: web.StreamResponse = await handler(request)
        return response

    return guard
