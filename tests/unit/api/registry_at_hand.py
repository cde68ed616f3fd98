"""A registry whose proposals are decided at once, as the agent decides them from the log."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from dataquarantine.api.confluent import ConfluentApi, Request
from dataquarantine.schemas.decisions import apply, decide
from dataquarantine.schemas.proposals import Answer, Proposal
from dataquarantine.schemas.registry import Registry

NOW = datetime(2026, 5, 1, tzinfo=UTC)


class RegistryAtHand:
    """The API over a registry in memory."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.notes: list[tuple[Any, ...]] = []
        self.api = ConfluentApi(self.registry, self.propose, self._note)
        self.times_out = False

    async def propose(self, proposal: Proposal) -> Answer:
        if self.times_out:
            raise TimeoutError
        return apply(self.registry, decide(self.registry, proposal, NOW))

    async def _note(self, *change: Any) -> None:
        self.notes.append(change)

    def call(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        """Send one request; a body that is not bytes goes as JSON."""
        if not isinstance(body, bytes):
            body = b"" if body is None else json.dumps(body).encode()
        response = asyncio.run(self.api.handle(Request(method, path, query, body, "ann")))
        return response.status, json.loads(response.body)
