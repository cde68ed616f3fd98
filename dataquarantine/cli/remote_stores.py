"""The commands' way through a worker's HTTP API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from dataquarantine.cli.api_link import ApiLink, Refused
from dataquarantine.cli.stores import Item, Step
from dataquarantine.quarantine.decisions import Signed
from dataquarantine.store.queries import Filters, Page

_PAGE = 500
#: How the API calls a filter, where the store calls it otherwise.
_NAMES = {"fingerprint": "incident", "since": "from", "until": "to"}


class RemoteStores:
    """Asks `URL/api/v1`; who asks is the token's name. Originals are masked unless `why` is given.

    Raises: Refused for every refusal, ConfigError for an URL that can't be used.
    """

    def __init__(self, url: str, token: str | None) -> None:
        self._ask = ApiLink(url, token).ask

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
        query = {"why": signed.reason or None}
        self._ask("DELETE", f"/tokens/{quote(name, safe='')}", query=query)


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
