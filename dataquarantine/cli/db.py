"""`dataquarantine db`."""

from __future__ import annotations

import click

from dataquarantine.cli.context import current_settings, emit, json_option


@click.group(epilog="Example: dataquarantine db upgrade")
def db() -> None:
    """Bring the database to a version of its schema."""


@db.command(epilog="Example: dataquarantine db upgrade")
@click.argument("revision", default="head")
@json_option
def upgrade(revision: str, as_json: bool) -> None:
    """Apply migrations up to REVISION (default: the newest); safe to run twice."""
    from dataquarantine.store import migrations

    url = current_settings().postgres.url.get_secret_value()
    reached = migrations.upgrade(url, revision)
    emit({"revision": reached}, as_json=as_json)


@db.command(epilog="Example: dataquarantine db downgrade base --yes")
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Don't ask.")
@json_option
def downgrade(revision: str, yes: bool, as_json: bool) -> None:
    """Undo migrations down to REVISION; `base` removes every table and its rows."""
    from dataquarantine.store import migrations

    url = current_settings().postgres.url.get_secret_value()
    if not yes:
        click.confirm(f"Undo migrations down to {revision}? Rows are lost", abort=True, err=True)
    reached = migrations.downgrade(url, revision)
    emit({"revision": reached}, as_json=as_json)


@db.command(epilog="Example: dataquarantine db recount")
@json_option
def recount(as_json: bool) -> None:
    """Count all quarantined records anew, as after rows were changed past the gateway.

    Counts follow every change of `quarantine_records`, but not one of a day's partition by its own
    name (a restored one, say). The sinks wait meanwhile: about 5 s for ten million records.
    """
    from dataquarantine.store.postgres import Database
    from dataquarantine.store.record_counts import RecordCounts

    database = Database(current_settings().postgres.url.get_secret_value(), pool_size=1)
    try:
        counted = RecordCounts(database).recount()
    finally:
        database.close()
    emit({"records": counted}, as_json=as_json)
