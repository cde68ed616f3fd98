"""Third step: produce to `validated-events` or `quarantine-dlq`."""

from __future__ import annotations

from typing import Any

from .app import app, gateway, to_route


@app.agent(to_route, name="route")
async def route(judged_chunks: Any) -> None:
    """Hand outputs to the producer; a chunk is committed once all of them are acknowledged."""
    async for chunks in judged_chunks:
        for chunk, judged in chunks:
            if not chunk.is_stale:
                await gateway.route(chunk, judged)
