"""`dataquarantine worker`."""

from __future__ import annotations

import click


@click.command(epilog="Example: dataquarantine worker --log-level WARNING")
@click.option("--log-level", default="INFO", show_default=True, help="DEBUG, INFO, WARNING, ERROR.")
def worker(log_level: str) -> None:
    """Run one worker of the gateway until it is told to stop.

    Start as many as the source topic has partitions; they share the work as one consumer group.
    `faust -A dataquarantine.agents.app worker` starts the same thing.
    """
    import mode.loop

    mode.loop.use("uvloop")  # before Faust is imported: it decides which loop Faust gets
    from dataquarantine.agents.app import app

    app.discover()
    app.Worker(loglevel=log_level, redirect_stdouts=False).execute_from_commandline()
