"""A real worker with real data, and Debian's or anybody's chromium before it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from dataquarantine.api.static import built_dashboard
from dataquarantine.store.postgres import Database
from dataquarantine.store.tokens import TokenBook
from tests.acceptance.test_dev import Dev, open_folder
from tests.browser.pages import Site
from tests.integration.conftest import skip_loudly, tansu
from tests.integration.store_fixtures import objects_server, postgres_server, template
from tests.integration.worker.package_stack import stack, web
from tests.integration.worker.stack import Stack, until

__all__ = ["objects_server", "postgres_server", "stack", "tansu", "template", "web"]

ARGUMENTS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROLES = ("viewer", "operator", "admin")
EVENT = {
    "_schema": "user_event",
    "user_id": "USER123456",
    "event_type": "click",
    "timestamp": "2025-12-27T16:00:00Z",
}


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None or built_dashboard() is None:
        missing = "chromium" if path is None else "a built dashboard (make dashboard)"
        skip_loudly(f"the dashboard is NOT tested: {missing} is missing on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site(chromium: Browser, stack: Stack) -> Iterator[Site]:
    """A worker with a token of each role, good records and bad ones of three causes."""
    database = Database(stack.database_url, pool_size=1)
    book, now = TokenBook(database), datetime.now(UTC)
    tokens = {role: book.create(role, role, by="setup", at=now) for role in ROLES}
    database.close()
    worker = stack.start_worker()
    code, _ = stack.dq("schema", "sync", "--json")
    assert code == 0
    stack.produce([as_bytes(EVENT)] * 30)
    stack.produce([{"value": value, "headers": [("client-id", "checkout")]} for value in _bad()])
    stack.wait_for_rows(24)
    made = Site(chromium, worker.port, tokens)
    until(made.has_figures, 60, "the first figures of the ledger")
    yield made


@pytest.fixture(scope="package")
def dev_site(chromium: Browser) -> Iterator[Site]:
    """What `make run` starts: no tokens, sample events that go on, a few of them bad."""
    with open_folder() as folder:
        dev = Dev(folder)
        found = re.search(r"^dashboard +(http://127\.0\.0\.1:(\d+)/)", dev.said(), re.MULTILINE)
        assert found, dev.said()
        made = Site(chromium, int(found[2]), {})
        until(lambda: "ENUM_MISMATCH" in made.incidents(), 120, "a sample incident")
        yield made
        dev.stop()


def as_bytes(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()


def _bad() -> list[bytes]:
    missing = {name: value for name, value in EVENT.items() if name != "user_id"}
    return [
        *[as_bytes({**missing, "session": 12345678901234567 + 2 * n}) for n in range(12)],
        *[as_bytes({**EVENT, "user_id": n}) for n in range(8)],
        *[b"not JSON"] * 4,
    ]
