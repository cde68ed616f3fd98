"""`dataquarantine incidents`."""

from __future__ import annotations

from typing import IO

import click

from dataquarantine.cli.context import (
    emit,
    emit_list,
    json_option,
    limit_option,
    reason_option,
)
from dataquarantine.cli.quarantine import why_option, write_lines
from dataquarantine.cli.stores import signed, stores, url_option

COLUMNS = (*("fingerprint", "title", "state", "record_count", "first_seen", "last_seen", "owner"),)


@click.group(epilog="Example: dataquarantine incidents list --state open")
def incidents() -> None:
    """Look at quarantined records, grouped by their cause."""


@incidents.command("list", epilog="Example: dataquarantine incidents list --schema user_event")
@click.option("--schema", help="Name.")
@click.option(
    "--state",
    type=click.Choice(
        ["open", "new", "ongoing", "escalating", "regressed", "resolved", "archived"]
    ),
    help="open: all that are neither resolved nor archived.",
)
@limit_option
@click.option("--cursor", help="Go on where a page ended.")
@url_option
@json_option
def list_(
    schema: str | None, state: str | None, limit: int, cursor: str | None, as_json: bool
) -> None:
    """List incidents, the one seen last first."""
    with stores() as opened:
        page = opened.incidents(schema, state, limit, cursor)
    emit_list(
        page.items, columns=COLUMNS, as_json=as_json, cursor=page.next, empty="no incident matches"
    )


@incidents.command(epilog="Example: dataquarantine incidents show v1:ea9826e1669ee0f21c33ad89")
@click.argument("fingerprint")
@url_option
@json_option
def show(fingerprint: str, as_json: bool) -> None:
    """Show one incident with its producers and its last 24 hours."""
    with stores() as opened:
        incident = opened.incident(fingerprint)
    emit(incident, as_json=as_json)


@incidents.command(epilog='Example: dataquarantine incidents resolve v1:ea98... --why "fixed"')
@click.argument("fingerprint")
@reason_option("Kept with the incident.")
@url_option
@json_option
def resolve(fingerprint: str, reason: str, as_json: bool) -> None:
    """Say that the cause is mended; the incident comes back as `regressed` if it isn't."""
    _move(fingerprint, "resolved", reason, as_json)


@incidents.command(epilog='Example: dataquarantine incidents archive v1:ea98... --why "known"')
@click.argument("fingerprint")
@reason_option("Kept with the incident.")
@url_option
@json_option
def archive(fingerprint: str, reason: str, as_json: bool) -> None:
    """Say that it is of no interest; it stays archived when it is seen again."""
    _move(fingerprint, "archived", reason, as_json)


@incidents.command("export", epilog="Example: dataquarantine incidents export v1:ea98...")
@click.argument("fingerprint")
@click.option(
    "--output",
    type=click.File("w", encoding="utf-8"),
    default="-",
    help="A file; default standard output.",
)
@why_option
@url_option
def export_(fingerprint: str, output: IO[str], why: str | None) -> None:
    """Write its records with their original payloads as NDJSON for the producer's team."""
    from dataquarantine.store.queries import Filters

    write_lines(Filters(fingerprint=fingerprint), output, why)


def _move(fingerprint: str, wanted: str, reason: str, as_json: bool) -> None:
    with stores() as opened:
        opened.move_incident(fingerprint, wanted, signed(reason))
    emit({"fingerprint": fingerprint, "state": wanted}, as_json=as_json)
