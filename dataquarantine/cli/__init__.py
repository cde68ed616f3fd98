"""The command line: `dataquarantine` (short `dq`); one module per command, imported when called."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import click

import dataquarantine
from dataquarantine.errors import ConfigError, DataQuarantineError, SinkUnavailable

CONFIG_ENV = "DQ_CONFIG"

#: Command -> what it does. `x` is the click command `x` (or `x_`) of module `dataquarantine.cli.x`.
COMMANDS = {
    "breaker": "See which sources are closed, and let them flow again.",
    "audit": "Prove from the ledger that nothing was lost.",
    "capacity": "Say what a rate needs: workers, partitions, brokers, stores, money.",
    "config": "Show the effective settings.",
    "db": "Bring the database to a version of its schema.",
    "dev": "Run everything on this machine: broker, Postgres, S3, a worker, sample events.",
    "doctor": "Check every dependency and say the remedy.",
    "incidents": "Look at quarantined records, grouped by their cause.",
    "load": "Produce generated records at a rate.",
    "produce": "Produce records from a file or standard input.",
    "quarantine": "Look at quarantined records, give them up, erase or rebuild them.",
    "replay": "Repair quarantined records and publish them again.",
    "schema": "Look at schemas, check their files, register and roll out versions.",
    "tail": "Print records of a topic.",
    "token": "Say who may use the HTTP API.",
    "topics": "Create the topics of the gateway.",
    "validate": "Judge records of files, offline.",
    "worker": "Run one worker of the gateway.",
}


#: What to do when a store is away; a reason that has a remedy of its own needs none.
_REMEDIES = {
    "postgres": "; start it or set DQ_POSTGRES__URL (a running `dev` is found from its folder)",
    "s3": "; start it or set DQ_S3__ENDPOINT_URL, DQ_S3__ACCESS_KEY and DQ_S3__SECRET_KEY",
}


class LazyGroup(click.Group):
    """Imports a command when it is called; turns our errors into messages and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"dataquarantine.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name, None) or getattr(module, f"{cmd_name}_")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DataQuarantineError as exc:
            click.echo(f"Error: {_told(exc)}", err=True)
            ctx.exit(2 if isinstance(exc, ConfigError) else 1)


@click.group(cls=LazyGroup, epilog="Example: dataquarantine dev")
@click.version_option(dataquarantine.__version__, prog_name="dataquarantine")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file; default DQ_CONFIG, a running `dev`, then dataquarantine.yaml.",
)
@click.pass_context
def main(context: click.Context, config: Path | None) -> None:
    """Judge every record of a Kafka topic; quarantine, store and explain the bad ones.

    Results go to standard output, remarks to standard error. Exit code 0: done; 1: refused or
    something was found; 2: wrong usage or settings.
    """
    # Said once, as our error; without a handler of its own it would also be printed raw.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    if config is None and (config := _running_dev()) is not None:
        context.obj = config
    if config is not None:
        # Whatever reads settings from here on, the Faust app too, reads this file.
        context.with_resource(_environment(CONFIG_ENV, str(config)))


def _told(error: DataQuarantineError) -> str:
    if isinstance(error, SinkUnavailable):  # its own text promises a retry, as the worker does
        remedy = "" if ";" in error.reason else _REMEDIES.get(error.sink, "")
        return f"{error.sink} is unavailable: {error.reason}{remedy}"
    return str(error)


def _running_dev() -> Path | None:
    from dataquarantine.dev.endpoints import names_connection, running_dev

    return None if names_connection() else running_dev()


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
