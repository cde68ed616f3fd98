"""First step: chunks of the source topics."""

from __future__ import annotations

from typing import Any

from .app import app, sources, to_judge


@app.agent(sources, name="ingest")
async def ingest(chunks: Any) -> None:
    """Pass each fetched chunk on; a chunk is N records of one partition."""
    async for chunk in chunks:
        await to_judge.send(value=chunk)
