"""The commands' way through a worker's HTTP API."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

from dataquarantine.cli.stores import Item, Step
from dataquarantine.errors import ConfigError, DataQuarantineError
from dataquarantine.quarantine.decisions import Signed
from dataquarantine.store.queries import Filters, Page

TIMEOUT_S = 60.0
_PAGE = 500
#: How the API calls a filter, where the store calls it otherwise.
_NAMES = {"fingerprint": "incident", "since": "from", "until": "to"}


class Refused(DataQuarantineError):
    """The API's own words."""


class RemoteStores:
    """Asks `URL/api/v1`; who asks is the token's name. Originals are masked unless `why` is given.

    Raises: Refused for every refusal, ConfigError for an URL that can't be used.
    """

    def __init__(self, url: str, token: str | None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"--url {url!r} is no address; expected https://host:6066")
        self._parts = parts
        self._token = token

    def records(self, filters: Filters, limit: int, cursor: str | None) -> Page:
        query = {**_query(filters), "limit": min(limit, _PAGE), "cursor": cursor}
        found = self._ask("GET", "/quarantine", query=query)
        return Page(found["items"], found["next"])

    def record(self, record_id: UUID) -> Item:
        return self._ask("GET", f"/quarantine/{record_id}")

    def original(self, record_id: UUID, why: str | None) -> Item:
        return self._ask("GET", f"/quarantine/{record_id}/payload", query=_unmasking(why))

    def export(self, filters: Filters, why: str | None) -> Iterator[Item]:
        cursor: str | None = None
        while True:
            page = self.records(filters, _PAGE, cursor)
            for item in page.items:
                try:
                    shown = self.original(UUID(item["id"]), why)
                    yield {**item, "payload": shown["payload"]}
                except Refused as exc:
                    yield {**item, "payload": None, "payload_error": str(exc)}
            if (cursor := page.next) is None:
                return

    def count(self, filters: Filters) -> int:
        found = self._ask("GET", "/quarantine/counts", query={**_query(filters), "by": "status"})
        return sum(each["count"] for each in found["items"])

    def discard_one(self, record_id: UUID, signed: Signed) -> None:
        body = {"status": "discarded", "why": signed.reason}
        self._ask("PATCH", f"/quarantine/{record_id}", body, match="*")

    def discard(self, filters: Filters, signed: Signed, step: Step) -> int:
        body = {"filters": _query(filters), "why": signed.reason}
        changed = int(self._ask("POST", "/quarantine/discard", body)["changed"])
        step(changed)
        return changed

    def incidents(
        self, schema: str | None, state: str | None, limit: int, cursor: str | None
    ) -> Page:
        query = {"schema": schema, "state": state, "limit": min(limit, _PAGE), "cursor": cursor}
        found = self._ask("GET", "/incidents", query=query)
        return Page(found["items"], found["next"])

    def incident(self, fingerprint: str) -> Item:
        return self._ask("GET", f"/incidents/{quote(fingerprint, safe='')}")

    def move_incident(self, fingerprint: str, state: str, signed: Signed) -> None:
        path = f"/incidents/{quote(fingerprint, safe='')}/state"
        self._ask("POST", path, {"state": state, "why": signed.reason}, match="*")

    def breakers(self) -> list[Item]:
        return [_breaker(each) for each in self._ask("GET", "/breakers")["items"]]

    def reset_breaker(
        self, topic: str, signed: Signed, *, admit_backlog: bool, rate: float | None
    ) -> Item:
        body = {"why": signed.reason, "admit_backlog": admit_backlog, "rate_per_s": rate}
        return _breaker(self._ask("POST", f"/breakers/{quote(topic, safe='')}/reset", body))

    def tokens(self) -> list[Item]:
        found: list[Item] = self._ask("GET", "/tokens")["items"]
        return found

    def create_token(self, name: str, role: str, signed: Signed) -> Mapping[str, str]:
        return self._ask("POST", "/tokens", {"name": name, "role": role, "why": signed.reason})

    def first_token(self, name: str, role: str) -> Mapping[str, str]:
        raise Refused("--bootstrap works on the database itself; leave --url out")

    def revoke_token(self, name: str, signed: Signed) -> None:
        self._ask("DELETE", f"/tokens/{quote(name, safe='')}")

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        match: str | None = None,
    ) -> Item:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        target = f"{self._parts.path.rstrip('/')}/api/v1{path}"
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if match is not None:
            headers["If-Match"] = match
        if body is not None:
            headers["Content-Type"] = "application/json"
        link = self._connect()
        try:
            sent = None if body is None else json.dumps(body)
            link.request(method, target + (f"?{urlencode(given)}" if given else ""), sent, headers)
            answer = link.getresponse()
            return self._read(answer.status, answer.read())
        except (OSError, http.client.HTTPException) as exc:
            raise Refused(f"{self._parts.hostname} does not answer: {exc}") from exc
        finally:
            link.close()

    def _connect(self) -> http.client.HTTPConnection:
        host, port = str(self._parts.hostname), self._parts.port
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)

    def _read(self, status: int, body: bytes) -> Item:
        try:
            found: Item = json.loads(body)
        except ValueError:
            raise Refused(f"{self._parts.hostname} answers {status}, but no JSON") from None
        if status >= 400:
            raise Refused(str(found.get("message", f"answers {status}")))
        return found


def _query(filters: Filters) -> dict[str, Any]:
    """Name filters as the API does; pseudonyms are its own affair."""
    fields = (
        *("schema", "error_type", "code", "status", "topic", "fingerprint", "key"),
        *("since", "until", "q"),
    )
    given = {_NAMES.get(name, name): getattr(filters, name) for name in fields}
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in given.items()
        if value is not None
    }


def _unmasking(why: str | None) -> dict[str, str]:
    return {} if why is None else {"unmasked": "true", "why": why}


def _breaker(shown: Item) -> Item:
    """Name the figures as the stores do."""
    return {
        **{name: shown[name] for name in ("topic", "state", "since", "reason", "admitted")},
        **shown["window"],
        "who": shown["reset_by"],
        "why": shown["reset_why"],
    }
