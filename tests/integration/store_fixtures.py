"""Real Postgres and real S3, one of each for the session; every test gets its own database."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest
from pydantic import SecretStr

from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.dev.postgres import EmbeddedPostgres
from dataquarantine.settings import S3Settings
from dataquarantine.store import migrations
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.postgres import Database

ACCESS_KEY = "access-key-of-tests"
SECRET_KEY = "secret-key-of-tests"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    # Not below pytest's own folder: each session closes that to other users again, and root's
    # Postgres runs as one of them.
    with tempfile.TemporaryDirectory(prefix="dataquarantine-postgres-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder), password=uuid4().hex, durable=False)
        server.start()
        yield server
        server.stop()
        server.remove()


@pytest.fixture(scope="session")
def objects_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedObjects]:
    server = EmbeddedObjects(
        tmp_path_factory.mktemp("objects"), access_key=ACCESS_KEY, secret_key=SECRET_KEY
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def template(postgres_server: EmbeddedPostgres) -> str:
    """A migrated database that is copied for each test."""
    return new_template(postgres_server)[0]


def new_template(server: EmbeddedPostgres) -> tuple[str, str]:
    """Make a migrated database; returns its name and its URL."""
    name = f"template_{uuid4().hex}"
    _execute(server, f"CREATE DATABASE {name}")
    url = _url(server, name)
    migrations.upgrade(url)
    return name, url


@pytest.fixture
def empty_database_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    _execute(postgres_server, f"CREATE DATABASE {name}")
    yield _url(postgres_server, name)
    _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(postgres_server: EmbeddedPostgres, template: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    _execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _url(postgres_server, name)
    if not postgres_server.service.running:
        postgres_server.start()
    _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def new_database(postgres_server: EmbeddedPostgres, template: str) -> Iterator[str]:
    """Make a database that lives as long as whoever asks for it."""
    name = f"test_{uuid4().hex}"
    _execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _url(postgres_server, name)
    _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def module_database_url(postgres_server: EmbeddedPostgres, template: str) -> Iterator[str]:
    """A database that the tests of a module share."""
    with new_database(postgres_server, template) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, pool_size=4)
    yield database
    database.close()


@pytest.fixture
def s3_settings(objects_server: EmbeddedObjects) -> S3Settings:
    return S3Settings(
        endpoint_url=objects_server.endpoint_url,
        access_key=SecretStr(ACCESS_KEY),
        secret_key=SecretStr(SECRET_KEY),
        bucket=f"bucket-{uuid4().hex[:12]}",
    )


@pytest.fixture
def objects(s3_settings: S3Settings, objects_server: EmbeddedObjects) -> Iterator[ObjectStore]:
    store = ObjectStore(s3_settings)
    store.ensure_bucket()
    yield store
    store.close()
    if not objects_server.service.running:
        objects_server.start()


def _url(server: EmbeddedPostgres, database: str) -> str:
    return server.url.rpartition("/")[0] + f"/{database}"


def _execute(server: EmbeddedPostgres, statement: str) -> None:
    url = _url(server, "postgres").replace("+psycopg2", "")
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
