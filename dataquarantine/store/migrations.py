"""Bring the database to a version of its schema."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import sqlalchemy
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import dataquarantine
from alembic import command
from dataquarantine.errors import ConfigError
from dataquarantine.store.postgres import Database, translated

#: Two starting workers must not migrate at once; any constant number does.
_LOCK = 7_301_001


def upgrade(url: str, revision: str = "head") -> str | None:
    """Apply migrations up to a revision; returns the revision the database has then.

    Raises: SinkUnavailable when the database does not answer.
    """
    return _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> str | None:
    """Undo migrations down to a revision (`base` undoes all); returns the one reached."""
    return _run(url, lambda config: command.downgrade(config, revision))


def current(url: str) -> str | None:
    """Tell the revision of a database; None before the first migration."""
    database = Database(url, pool_size=1)
    try:
        return database.transact(
            lambda connection: MigrationContext.configure(connection).get_current_revision()
        )
    finally:
        database.close()


def latest() -> str:
    """Tell the newest revision this package knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise ConfigError(f"{folder()} holds no migration; reinstall the package")
    return head


def folder() -> Path:
    """Find the migrations: beside the package in a checkout, inside it when installed."""
    package = Path(dataquarantine.__file__).parent
    for candidate in (package.parent / "alembic", package / "migrations"):
        if (candidate / "env.py").exists():
            return candidate
    raise ConfigError(f"no migrations lie beside {package}; reinstall the package")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    return config


def _run(url: str, action: Callable[[Config], None]) -> str | None:
    database = Database(url, pool_size=1)
    config = _config()
    try:
        with translated(), database.engine.connect() as connection:
            connection.execute(sqlalchemy.text(f"SELECT pg_advisory_lock({_LOCK})"))
            connection.commit()
            config.attributes["connection"] = connection
            action(config)
            connection.commit()
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        database.close()
