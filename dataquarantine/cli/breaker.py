"""`dataquarantine breaker`."""

from __future__ import annotations

import getpass
from typing import Any

import click

from dataquarantine.cli.context import emit, emit_list, json_option, remark
from dataquarantine.cli.stores import signed, stores, url_option

COLUMNS = ("topic", "state", "since", "reason", "seen", "bad", "who", "why")
SAMPLE_COLUMNS = ("partition", "offset", "schema", "code", "field_path", "message")


@click.group(epilog="Example: dataquarantine breaker status")
def breaker() -> None:
    """See which sources are closed, and let them flow again."""


@breaker.command(epilog="Example: dataquarantine breaker status --json")
@url_option
@json_option
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show the breaker of every source. Exit code 1: one is not closed."""
    with stores() as opened:
        rows = opened.breakers()
    emit_list(rows, columns=COLUMNS, as_json=as_json)
    if not as_json:
        _show_samples(rows)
    if any(row["state"] != "closed" for row in rows):
        context.exit(1)


def _show_samples(rows: list[dict[str, Any]]) -> None:
    """Show some of the records that closed a source."""
    for row in rows:
        if row.get("sample"):
            click.echo(f"\nSome of the records that closed {row['topic']}, not quarantined:")
            emit_list(list(row["sample"]), columns=SAMPLE_COLUMNS, as_json=False)


@breaker.command(epilog='Example: dataquarantine breaker reset raw-events --why "producer mended"')
@click.argument("topic")
@click.option(
    "--who",
    default=getpass.getuser,
    show_default="your user",
    help="Who resets; with --url, the token.",
)
@click.option("--why", required=True, help="Kept with the breaker.")
@click.option(
    "--admit-backlog",
    is_flag=True,
    help="Let what waits now into quarantine on purpose, before the trial counts.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    help="Records of the backlog a second, over all workers.  [default: as fast as it goes]",
)
@url_option
@json_option
def reset(
    topic: str, who: str, why: str, admit_backlog: bool, rate: float | None, as_json: bool
) -> None:
    """Let the source TOPIC flow again: some records on trial, then all or none."""
    if rate is not None and not admit_backlog:
        raise click.UsageError("--rate bounds what --admit-backlog lets in; give both")
    with stores() as opened:
        moved = opened.reset_breaker(
            topic, signed(why, who), admit_backlog=admit_backlog, rate=rate
        )
    emit(moved, as_json=as_json)
    if moved["admitted"] is not None:
        remark(f"the next {moved['admitted']} records are admitted before the trial")
