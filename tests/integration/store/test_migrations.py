"""Every migration, up and down, on a real Postgres."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from uuid import uuid4

import pytest
import sqlalchemy
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from dataquarantine.dev.postgres import EmbeddedPostgres
from dataquarantine.errors import SinkUnavailable
from dataquarantine.store import migrations
from dataquarantine.store.postgres import Database

SCHEMA = text(
    "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
    " WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
    " UNION ALL SELECT tablename, indexname, indexdef, '' FROM pg_indexes"
    " WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1, 2"
)


def revisions() -> list[str]:
    """Oldest first."""
    config = Config()
    config.set_main_option("script_location", str(migrations.folder()))
    return [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()][::-1]


def schema_of(url: str) -> list[tuple[str, ...]]:
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(SCHEMA)]
    engine.dispose()
    return found


def test_each_migration_can_be_undone(empty_database_url: str) -> None:
    before = {}
    for revision in revisions():
        before[revision] = schema_of(empty_database_url)
        assert migrations.upgrade(empty_database_url, revision) == revision

    for revision in reversed(revisions()):
        migrations.downgrade(empty_database_url, "-1")

        assert schema_of(empty_database_url) == before[revision]


def test_messages_are_searched_without_the_extension_where_it_is_not_allowed(
    database_of_another: str,
) -> None:
    assert migrations.upgrade(database_of_another) == migrations.latest()

    indexes = {row[1] for row in schema_of(database_of_another)}
    assert "quarantine_records_field_path" in indexes
    assert "quarantine_records_message" not in indexes
    migrations.downgrade(database_of_another, "base")


@pytest.fixture
def database_of_another(empty_database_url: str) -> Iterator[str]:
    """The URL for somebody who owns no database and may make tables only."""
    name = f"role_{uuid4().hex}"
    engine = sqlalchemy.create_engine(empty_database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'test'"))
        connection.execute(text(f"GRANT ALL ON SCHEMA public TO {name}"))
        yield str(
            engine.url.set(username=name, password="test").render_as_string(hide_password=False)
        )
        connection.execute(text(f"DROP OWNED BY {name}"))
        connection.execute(text(f"DROP ROLE {name}"))
    engine.dispose()


def test_upgrading_twice_changes_nothing(empty_database_url: str) -> None:
    none = migrations.current(empty_database_url)

    first = migrations.upgrade(empty_database_url)
    again = migrations.upgrade(empty_database_url)

    assert none is None
    assert first == again == migrations.current(empty_database_url) == migrations.latest()


def test_workers_that_start_together_migrate_once(empty_database_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    workers = [
        spawn.Process(target=migrations.upgrade, args=[empty_database_url]) for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert migrations.current(empty_database_url) == migrations.latest()


@pytest.mark.parametrize("revision", revisions())
def test_each_migration_says_when_it_may_run(revision: str) -> None:
    [path] = (migrations.folder() / "versions").glob(f"{revision}_*.py")

    assert "\nexpand: " in path.read_text() or "\ncontract: " in path.read_text()


def test_a_database_that_is_away_is_said_so(
    postgres_server: EmbeddedPostgres, database: Database
) -> None:
    postgres_server.stop()
    try:
        with pytest.raises(SinkUnavailable, match="postgres is unavailable"):
            migrations.upgrade(str(database.engine.url.render_as_string(hide_password=False)))
    finally:
        postgres_server.start()
