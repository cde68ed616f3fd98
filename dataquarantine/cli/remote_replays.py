"""Replays and backtests through a worker's HTTP API; its workers do them."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID

from dataquarantine.cli.api_link import ApiLink, Refused
from dataquarantine.cli.stores import Item

if TYPE_CHECKING:
    from dataquarantine.replay.requests import NewReplay

LOOK_EVERY_S = 1.0
#: A backtest may judge 21,000 records.
BACKTEST_TIMEOUT_S = 330.0
_PAGE = 500
_UNITS = (("m", 60), ("h", 3600), ("d", 86_400))
_MOST = 9999


class RemoteReplays:
    """What masked fields a repair may name depends on the token's role.

    Raises: Refused for every refusal, ConfigError for an URL that can't be used.
    """

    def __init__(self, url: str, token: str | None) -> None:
        self._ask = ApiLink(url, token).ask

    def plan(self, wanted: NewReplay) -> Item:
        body = wanted.model_dump(mode="json", by_alias=True, exclude_unset=True)
        job_id = UUID(self._ask("POST", "/replays", body)["id"])
        return self._wait(job_id, lambda job: bool(job["state"] != "planning"))

    def run(self, job_id: UUID, why: str) -> Item:
        if self.view(job_id)["state"] == "planned":
            self.tell(job_id, "run", why)
        return self._wait(job_id, _is_published)

    def view(self, job_id: UUID) -> Item:
        return self._ask("GET", f"/replays/{job_id}")

    def page(self, limit: int) -> list[Item]:
        found: list[Item] = []
        cursor: str | None = None
        while len(found) < limit:
            query = {"limit": min(limit - len(found), _PAGE), "cursor": cursor}
            page = self._ask("GET", "/replays", query=query)
            found += page["items"]
            if (cursor := page["next"]) is None:
                break
        return found

    def tell(self, job_id: UUID, verb: str, why: str) -> Item:
        return self._ask("POST", f"/replays/{job_id}/{verb}", {"why": why})

    def backtest(self, target: str, since: datetime) -> Item:
        """Judge by NAME@VERSION, or by the enforced version of NAME."""
        name, _, version = target.partition("@")
        path = f"/schemas/{quote(name, safe='')}"
        version = version or self._ask("GET", path)["enforced"] or ""
        if not version:
            raise Refused(f"no version of {name} is enforced; write {name}@VERSION")
        body = {"version": version, "last": span(datetime.now(UTC) - since)}
        return self._ask("POST", f"{path}/backtest", body, timeout_s=BACKTEST_TIMEOUT_S)

    def _wait(self, job_id: UUID, is_over: Callable[[Item], bool]) -> Item:
        while not is_over(job := self.view(job_id)):
            time.sleep(LOOK_EVERY_S)
        return job


def span(age: timedelta) -> str:
    """Say how far back in the API's words, in the finest unit that holds it, rounded up."""
    seconds = max(1, int(age.total_seconds()))
    for unit, length in _UNITS:
        if (count := -(-seconds // length)) <= _MOST:
            return f"{count}{unit}"
    return f"{_MOST}d"


def _is_published(job: Item) -> bool:
    """Tell whether nothing is left to publish; verdicts come later."""
    return job["state"] not in ("planning", "running") or job["counts"]["pending"] == 0
