"""`dataquarantine worker`."""

from __future__ import annotations

import os
import socket

import click

from dataquarantine.errors import DataQuarantineError


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
    from dataquarantine.agents.app import app, gateway, settings
    from dataquarantine.log_format import logging_config

    slot, web = gateway.slot.number, settings.web
    require_port(web.host, web.port + slot, "DQ_WEB__PORT")
    if web.metrics_port is not None:
        require_port(web.metrics_host, web.metrics_port + slot, "DQ_WEB__METRICS_PORT")
    app.discover()
    process = app.Worker(loglevel=log_level, redirect_stdouts=False)
    process.logging_config = logging_config(settings.logs.format, log_level.upper())
    process.spinner = None  # it turns with each line, so it has every package make DEBUG lines
    process.execute_from_commandline()


def require_port(host: str, port: int, variable: str) -> None:
    """Make sure that a port can be listened at, before anything is started.

    Raises: DataQuarantineError naming the variable that moves it.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as exc:
        reason = exc.strerror or exc
        raise DataQuarantineError(
            f"port {port} of {host} can't be had ({reason}); set {variable} to a free one"
        ) from exc
