"""Second step: judge."""

from __future__ import annotations

from typing import Any

from .app import app, gateway, to_judge, to_route


@app.agent(to_judge, name="validate")
async def validate(chunks: Any) -> None:
    """Judge each chunk against its records' schemas; bad data is an outcome."""
    async for chunk in chunks:
        if not chunk.is_stale:
            await to_route.send(value=(chunk, await gateway.judge(chunk)))
