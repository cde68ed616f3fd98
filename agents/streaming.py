"""From our answers to the web server's."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from dataquarantine.api.http import Response, Stream


async def answer(request: Any, response: Response) -> web.StreamResponse:
    """Send an answer, piece by piece when it is a stream."""
    headers = {**response.headers, "Content-Type": response.content_type}
    if not isinstance(response.body, Stream):
        return web.Response(body=response.body, status=response.status, headers=headers)
    sent = web.StreamResponse(status=response.status, headers=headers)
    await sent.prepare(request)
    if request.method == "HEAD":
        return sent
    try:
        async for piece in response.body.pieces:
            await sent.write(piece)
    except ConnectionResetError:
        pass  # the client went
    finally:
        await response.body.pieces.aclose()
    return sent
