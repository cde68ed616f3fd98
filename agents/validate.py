"""Second step: judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dataquarantine.stream.lobby import Lobby

from .app import app, gateway, to_judge, to_route


async def _judge(chunks: Sequence[Any]) -> None:
    await to_route.send(value=[(chunk, await gateway.judge(chunk)) for chunk in chunks])


def _is_kept(chunk: Any) -> bool:
    return lobby.keeps(chunk, gateway.feed.wait_for(chunk.tp.topic, chunk.records))


lobby = Lobby(lambda chunk: _judge([chunk]), app.crash)


@app.agent(to_judge, name="validate")
async def validate(fetches: Any) -> None:
    """Judge each chunk against its records' schemas; bad data is an outcome."""
    async for chunks in fetches:
        free = [chunk for chunk in chunks if not chunk.is_stale and not _is_kept(chunk)]
        if free:
            await _judge(free)
