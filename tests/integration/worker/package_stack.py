"""One gateway for all tests of a package: import `stack` and `web` into its conftest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from dataquarantine.dev.broker import EmbeddedBroker
from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.dev.postgres import EmbeddedPostgres
from tests.integration.store_fixtures import new_database
from tests.integration.worker.conftest import stack_of
from tests.integration.worker.stack import Stack


@pytest.fixture(scope="package")
def web() -> Mapping[str, Any]:
    """Settings of the web port; a package may have others."""
    return {}


@pytest.fixture(scope="package")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: EmbeddedPostgres,
    template: str,
    objects_server: EmbeddedObjects,
    tansu: EmbeddedBroker,
    web: Mapping[str, Any],
) -> Iterator[Stack]:
    """Topics, database and bucket, without a worker yet."""
    home = tmp_path_factory.mktemp("stack")
    with new_database(postgres_server, template) as url:
        made = stack_of(home, tansu.bootstrap_servers, False, url, objects_server)
        made.web = web
        made.create_topics()
        yield made
        made.stop()
