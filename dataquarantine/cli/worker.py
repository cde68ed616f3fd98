"""`dataquarantine worker`."""

from __future__ import annotations

import os

import click


@click.command(epilog="Example: dataquarantine worker --log-level WARNING")
@click.option(
    "--log-level",
    type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"], case_sensitive=False),
    default="INFO",
    show_default=True,
    help="What is logged, and all that is more severe.",
)
@click.option(
    "--log-format",
    type=click.Choice(["console", "json"]),
    help="Sentences, or one JSON object a line; default `logs.format`.",
)
def worker(log_level: str, log_format: str | None) -> None:
    """Run one worker of the gateway until it is told to stop.

    Start as many as the source topic has partitions; they share the work as one consumer group.
    `faust -A dataquarantine.agents.app worker` starts the same thing.
    """
    if log_format is not None:
        os.environ["DQ_LOGS__FORMAT"] = log_format  # the app reads its settings by itself
    import mode.loop

    mode.loop.use("uvloop")  # before Faust is imported: it decides which loop Faust gets
    from dataquarantine.agents.app import app

    app.discover()
    app.Worker(loglevel=log_level, redirect_stdouts=False).execute_from_commandline()
