"""Last step for bad records: from `quarantine-dlq` into S3 and Postgres."""

from __future__ import annotations

from typing import Any

from .app import app, dead_letters, gateway


@app.agent(dead_letters, name="quarantine")
async def quarantine(fetches: Any) -> None:
    """Store each chunk of dead letters, then let it be committed."""
    async for chunks in fetches:
        for chunk in chunks:
            gateway.quarantining.add(chunk)
