"""Run the migrations on the connection that was handed in, else on the configured database."""

from __future__ import annotations

import sqlalchemy

from alembic import context


def run(connection: sqlalchemy.Connection) -> None:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql")
    with context.begin_transaction():
        context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    from dataquarantine.settings import load_settings

    url = load_settings().postgres.url.get_secret_value()
    with sqlalchemy.create_engine(url).connect() as own:
        run(own)
        own.commit()
