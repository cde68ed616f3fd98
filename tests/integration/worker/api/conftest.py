"""One worker for all tests of its HTTP API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from dataquarantine.dev.broker import EmbeddedBroker
from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.dev.postgres import EmbeddedPostgres
from dataquarantine.store.postgres import Database
from dataquarantine.store.tokens import TokenBook
from tests.integration.store_fixtures import new_database
from tests.integration.worker.api.client import GOOD, ROLES, SECRET, Client
from tests.integration.worker.conftest import stack_of
from tests.integration.worker.stack import Stack

#: More than a person asks; what the limit does is tested without a worker.
REQUESTS_PER_S = 5000.0


@pytest.fixture(scope="package")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: EmbeddedPostgres,
    template: str,
    objects_server: EmbeddedObjects,
    tansu: EmbeddedBroker,
) -> Iterator[Stack]:
    home = tmp_path_factory.mktemp("api")
    with new_database(postgres_server, template) as url:
        made = stack_of(home, tansu.bootstrap_servers, False, url, objects_server)
        made.web = {"requests_per_s": REQUESTS_PER_S}
        made.create_topics()
        yield made
        made.stop()


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
