"""Replays: verdicts into the database, and jobs that wait for somebody to do them."""

from __future__ import annotations

from typing import Any

from dataquarantine.replay.foreman import Foreman

from .app import app, gateway, outcomes

foreman = Foreman(gateway.settings, gateway.catalog.versions)


@app.agent(outcomes, name="replay")
async def settle(fetches: Any) -> None:
    """Bring the verdicts of replayed records to their rows."""
    async for chunks in fetches:
        for chunk in chunks:
            gateway.settling.add(chunk)


@app.task
async def work_on_jobs() -> None:
    """Start a process for each replay that nobody works on."""
    try:
        await foreman.run()
    finally:
        await foreman.stop()
