"""Second step: judge."""

from __future__ import annotations

from typing import Any

from dataquarantine.stream.lobby import Lobby

from .app import app, gateway, to_judge, to_route


async def _judge(chunk: Any) -> None:
    await to_route.send(value=(chunk, await gateway.judge(chunk)))


lobby = Lobby(_judge, app.crash)


@app.agent(to_judge, name="validate")
async def validate(chunks: Any) -> None:
    """Judge each chunk against its records' schemas; bad data is an outcome."""
    async for chunk in chunks:
        if not chunk.is_stale:
            await lobby.pass_on(chunk, gateway.feed.wait_for(chunk.tp.topic, chunk.records))
