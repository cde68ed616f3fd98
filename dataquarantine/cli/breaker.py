"""`dataquarantine breaker`."""

from __future__ import annotations

import asyncio
import getpass

import click

from dataquarantine.cli.context import current_settings, emit, emit_list, json_option, remark

COLUMNS = ("topic", "state", "since", "reason", "seen", "bad", "who", "why")


@click.group(epilog="Example: dataquarantine breaker status")
def breaker() -> None:
    """See which sources are closed, and let them flow again."""


@breaker.command(epilog="Example: dataquarantine breaker status --json")
@json_option
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show the breaker of every source. Exit code 1: one is not closed."""
    import msgspec

    from dataquarantine.breaker.desk import read_breakers
    from dataquarantine.breaker.states import BreakerState

    found = asyncio.run(read_breakers(current_settings()))
    rows = [msgspec.to_builtins(each) for each in found]
    emit_list(rows, columns=COLUMNS, as_json=as_json)
    if any(each.state is not BreakerState.CLOSED for each in found):
        context.exit(1)


@breaker.command(epilog='Example: dataquarantine breaker reset raw-events --why "producer mended"')
@click.argument("topic")
@click.option("--who", default=getpass.getuser, show_default="your user", help="Who resets.")
@click.option("--why", required=True, help="Kept with the breaker.")
@click.option(
    "--admit-backlog",
    is_flag=True,
    help="Let what waits now into quarantine on purpose, before the trial counts.",
)
@json_option
def reset(topic: str, who: str, why: str, admit_backlog: bool, as_json: bool) -> None:
    """Let the source TOPIC flow again: some records on trial, then all or none."""
    import msgspec

    from dataquarantine.breaker.desk import reset_breaker

    settings = current_settings()
    moved = asyncio.run(reset_breaker(settings, topic, who, why, admit_backlog=admit_backlog))
    emit(msgspec.to_builtins(moved), as_json=as_json)
    if moved.admitted is not None:
        remark(f"the next {moved.admitted} records are admitted before the trial")
