"""First step: chunks of the source topics."""

from __future__ import annotations

from typing import Any

from .app import app, sources, stop_worker, to_judge


@app.agent(sources, name="ingest", on_error=stop_worker)
async def ingest(chunks: Any) -> None:
    """Pass each fetched chunk on; a chunk is N records of one partition."""
    async for chunk in chunks:
        await to_judge.send(value=chunk)
