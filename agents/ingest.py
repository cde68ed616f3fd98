"""First step: chunks of the source topics."""

from __future__ import annotations

from typing import Any

from .app import app, sources, to_judge


@app.agent(sources, name="ingest")
async def ingest(fetches: Any) -> None:
    """Pass on what was fetched: chunks, each N records of one partition."""
    async for chunks in fetches:
        await to_judge.send(value=chunks)
