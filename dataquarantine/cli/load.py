"""`dataquarantine load`."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

import click

from dataquarantine.cli.context import current_settings, emit, json_option, progress


@click.command(epilog="Example: dataquarantine load --records 100000 --invalid 0.02")
@click.option("--records", type=click.IntRange(min=1), help="How many; default until Ctrl-C.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Records a second.")
@click.option(
    "--invalid",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of bad records, made after the counter_examples.",
)
@click.option("--size", default=0, show_default=True, help="Pad values to this many bytes.")
@click.option(
    "--keys",
    default=1000,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many different ones.",
)
@click.option("--skew", default=0.0, show_default=True, help="Zipf exponent of the keys.")
@click.option("--seed", default=1, show_default=True, help="The same seed, the same records.")
@click.option(
    "--schema", "reference", help="NAME or NAME@VERSION; default the first with examples."
)
@click.option("--topic", help="Where to; default the first pipeline's source.")
@json_option
def load(
    records: int | None,
    rate: float | None,
    invalid: float,
    size: int,
    keys: int,
    skew: float,
    seed: int,
    reference: str | None,
    topic: str | None,
    as_json: bool,
) -> None:
    """Produce records made after a schema's examples and counter_examples.

    Without --rate as fast as it goes.
    """
    from dataquarantine.dev.feed import Feed
    from dataquarantine.dev.feed import load as run
    from dataquarantine.dev.generator import Generator, Mix
    from dataquarantine.dev.samples import sample_schema

    settings = current_settings()
    mix = Mix(invalid_share=invalid, size_bytes=size, keys=keys, key_skew=skew, seed=seed)
    document = sample_schema(settings, reference)
    selection = settings.pipelines[0].selection
    selector = selection.field if selection.from_ == "field" else None
    generator = Generator(document, mix, selector=selector)
    feed = Feed(settings.kafka, topic or settings.pipelines[0].source)

    async def produce(advance: Callable[[int], None]) -> None:
        async with feed:
            await run(generator, feed, rate=rate, limit=records, progress=advance)

    started = time.monotonic()
    with progress(feed.topic, records) as advance, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(produce(advance))
    seconds = time.monotonic() - started
    result = {
        "topic": feed.topic,
        "schema": document.reference,
        "records": feed.sent,
        "invalid": generator.invalid_made,
        "seconds": round(seconds, 3),
        "records_per_second": round(feed.sent / seconds) if seconds else 0,
    }
    emit(result, as_json=as_json)
