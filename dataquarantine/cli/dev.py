"""`dataquarantine dev`."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataquarantine.cli.context import remark
from dataquarantine.errors import DataQuarantineError

if TYPE_CHECKING:
    from dataquarantine.dev.counts import Counts
    from dataquarantine.dev.stack import Stack

#: Brokers that are ours to fill.
EMBEDDED = ("tansu", "kafka")
LOOK_EVERY_S = 1.0
#: Without a terminal, a line only this often.
PLAIN_EVERY_S = 5.0


@click.command(epilog="Example: dataquarantine dev --fresh --rate 50")
@click.option("--fresh", is_flag=True, help="Delete the data of earlier runs first.")
@click.option(
    "--broker",
    default="tansu",
    show_default=True,
    help="tansu (embedded), kafka (real; needs Java and Maven) or HOST:PORT of yours.",
)
@click.option(
    "--load/--no-load",
    default=None,
    help="Produce sample events, good and bad; by default only into an embedded broker.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    default=20.0,
    show_default=True,
    help="Sample events a second.",
)
@click.option(
    "--invalid",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="Share of bad sample events.",
)
@click.option(
    "--folder",
    default=".dq",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where data and logs are kept.",
)
def dev(
    fresh: bool, broker: str, load: bool | None, rate: float, invalid: float, folder: Path
) -> None:
    """Run everything on this machine until Ctrl-C: broker, Postgres, S3, a worker, sample events.

    Other commands started in the same folder find it by themselves.
    """
    from dataquarantine.dev.stack import Stack

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    if fresh:
        _remove(folder)
    stack = Stack(folder.resolve(), broker=broker, say=click.echo)
    try:
        with stack.running():
            click.echo("ready      Ctrl-C stops it; data is kept\n")
            wanted = broker in EMBEDDED if load is None else load
            share = (rate, invalid) if wanted else None
            asyncio.run(_run(stack, share))
            remark("stopping")
    except KeyboardInterrupt:
        remark("stopped")
    remark(f"data is kept in {folder}; `dataquarantine dev --fresh` starts over")


def _interrupt(number: int, _frame: Any) -> None:
    raise KeyboardInterrupt(f"signal {number}")


def _remove(folder: Path) -> None:
    from dataquarantine.dev.endpoints import ownership
    from dataquarantine.dev.postgres import EmbeddedPostgres

    if not folder.exists():
        return
    with ownership(folder):
        EmbeddedPostgres(folder, password="").remove()
        for each in folder.iterdir():
            if each.name == "lock":
                continue
            shutil.rmtree(each) if each.is_dir() else each.unlink()


async def _run(stack: Stack, share: tuple[float, float] | None) -> None:
    """Show counts and feed samples until a signal comes.

    Raises: DataQuarantineError when a part ended by itself.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as tasks:
        feeding = None
        if share is not None:
            feeding = asyncio.create_task(_feed(stack, *share))
            tasks.push_async_callback(_cancelled, feeding)
        await _show(stack, stop, feeding)


async def _feed(stack: Stack, rate: float, invalid: float) -> None:
    from dataquarantine.dev.feed import Feed, load
    from dataquarantine.dev.generator import Generator, Mix
    from dataquarantine.dev.samples import sample_schema

    settings = stack.settings
    generator = Generator(sample_schema(settings), Mix(invalid_share=invalid, key_skew=1.0))
    async with Feed(settings.kafka, settings.pipelines[0].source) as feed:
        await load(generator, feed, rate=rate, limit=None)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _show(stack: Stack, stop: asyncio.Event, feeding: asyncio.Task[None] | None) -> None:
    from dataquarantine.dev.counts import Counter

    every = LOOK_EVERY_S if sys.stdout.isatty() else PLAIN_EVERY_S
    with contextlib.closing(Counter(stack.settings)) as counter:
        while not stop.is_set():
            _print(await asyncio.to_thread(counter.look))
            if service := stack.failed():
                raise DataQuarantineError(f"{service.name} ended by itself; see {service.log}")
            if feeding is not None and feeding.done():
                await feeding  # raises what ended it
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), every)
    if sys.stdout.isatty():
        click.echo()


def _print(counts: Counts) -> None:
    shown = {
        "judged": counts.judged,
        "valid": counts.valid,
        "invalid": counts.invalid,
        "rows in Postgres": counts.rows,
        "payloads in S3": counts.stored,
    }
    line = "   ".join(f"{k} {'N/A' if v is None else format(v, ',')}" for k, v in shown.items())
    # On a terminal the line is written over; otherwise each is a line of its own.
    click.echo(f"\r{line}\x1b[K" if sys.stdout.isatty() else line, nl=not sys.stdout.isatty())
