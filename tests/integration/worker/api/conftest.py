"""One worker for all tests of its HTTP API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from dataquarantine.store.postgres import Database
from dataquarantine.store.tokens import TokenBook
from tests.integration.worker.api.client import GOOD, ROLES, SECRET, Client
from tests.integration.worker.package_stack import stack
from tests.integration.worker.stack import Stack

__all__ = ["stack"]

#: More than a person asks; what the limit does is tested without a worker.
REQUESTS_PER_S = 5000.0


@pytest.fixture(scope="package")
def web() -> Mapping[str, Any]:
    return {"requests_per_s": REQUESTS_PER_S}


@pytest.fixture(scope="package")
def client(stack: Stack) -> Client:
    """A worker with a token of each role, 40 bad records of three causes and 10 good ones."""
    database = Database(stack.database_url, pool_size=1)
    book, now = TokenBook(database), datetime.now(UTC)
    tokens = {role: book.create(role, role, by="setup", at=now) for role in ROLES}
    database.close()
    worker = stack.start_worker()
    header = [("trace", SECRET)]
    stack.produce([json.dumps(GOOD).encode()] * 10)
    stack.produce([{"value": _bad(n), "key": b"key", "headers": header} for n in range(20)])
    stack.produce([f"not JSON of {SECRET}".encode()] * 10)
    stack.produce([json.dumps({"_schema": "nobodys", "email": SECRET}).encode()] * 10)
    stack.wait_for_rows(40)
    return Client(worker, tokens)


def _bad(number: int) -> bytes:
    return json.dumps({"_schema": "user_event", "email": SECRET, "number": number}).encode()
