"""Asks a worker's HTTP API, as somebody."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from tests.integration.worker.stack import Worker

ROLES = ("viewer", "operator", "admin")
#: Stands in the payloads, and nowhere that is not meant to show it.
SECRET = "jane.doe@example.com"
GOOD = {
    "_schema": "user_event",
    "user_id": "USER123456",
    "event_type": "click",
    "timestamp": "2025-12-27T16:00:00Z",
}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks one worker, as somebody."""

    def __init__(self, worker: Worker, tokens: dict[str, str]) -> None:
        self.worker = worker
        self.tokens = tokens

    def ask(
        self, method: str, path: str, body: Any = None, *, who: str | None = "admin", **headers: str
    ) -> Answer:
        """Send one request; `_` in the name of a header stands for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None:
            sent["Authorization"] = f"Bearer {self.tokens.get(who, who)}"
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        link = http.client.HTTPConnection("127.0.0.1", self.worker.port, timeout=30)
        try:
            link.request(method, path, body, sent)
            answer = link.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            link.close()

    def get(self, path: str, **more: Any) -> Any:
        """Read something that is there."""
        answer = self.ask("GET", f"/api/v1{path}", **more)
        assert answer.status == 200, answer
        return answer.json

    @contextmanager
    def following(self, who: str) -> Iterator[Iterator[bytes]]:
        """Follow the live figures; gives each event's data."""
        link = http.client.HTTPConnection("127.0.0.1", self.worker.port, timeout=30)
        link.request("GET", "/api/v1/live", headers={"Authorization": f"Bearer {self.tokens[who]}"})
        with link.getresponse() as answer:
            assert answer.status == 200
            yield (line[6:] for line in answer if line.startswith(b"data: "))
        link.close()

    def one(self, **filters: str) -> str:
        """Name a record."""
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        return str(self.get(f"/quarantine?limit=1&{query}")["items"][0]["id"])
