"""`dataquarantine produce`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from dataquarantine.cli.context import current_settings, emit, json_option

if TYPE_CHECKING:
    from dataquarantine.dev.feed import ToProduce

CHUNK = 1000


@click.command(epilog='Example: echo \'{"_schema": "user_event"}\' | dataquarantine produce -')
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--topic", help="Where to; default the first pipeline's source.")
@click.option("--key", help="The key of all records.")
@click.option("--key-field", help="Take the key from this field of each JSON value.")
@click.option("--header", "headers", multiple=True, metavar="NAME=TEXT", help="May be repeated.")
@json_option
def produce(
    file: BinaryIO,
    topic: str | None,
    key: str | None,
    key_field: str | None,
    headers: tuple[str, ...],
    as_json: bool,
) -> None:
    """Produce one record for each line of FILE, as it stands; `-` is standard input."""
    from dataquarantine.dev.feed import Feed

    if key and key_field:
        raise click.UsageError("give --key or --key-field, not both")
    named = [_header(text) for text in headers]
    settings = current_settings()
    feed = Feed(settings.kafka, topic or settings.pipelines[0].source)

    async def run() -> None:
        async with feed:
            records = _records(file, key, key_field, named)
            while chunk := list(islice(records, CHUNK)):
                await feed.send(chunk)
            await feed.flush()

    asyncio.run(run())
    emit({"topic": feed.topic, "records": feed.sent}, as_json=as_json)


def _records(
    file: BinaryIO, key: str | None, key_field: str | None, headers: list[tuple[str, bytes]]
) -> Iterator[ToProduce]:
    from dataquarantine.dev.feed import ToProduce

    for line in file:
        value = line.rstrip(b"\r\n")
        name = key if key_field is None else _field(value, key_field)
        yield ToProduce(None if name is None else name.encode(), value, headers)


def _field(value: bytes, name: str) -> str | None:
    """Read a field of a JSON object as text; None when there is none, for such records pass too."""
    import msgspec

    try:
        document: Any = msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    found = document.get(name) if isinstance(document, dict) else None
    return None if found is None else str(found)


def _header(text: str) -> tuple[str, bytes]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"{text!r} is not NAME=TEXT", param_hint="--header")
    return name, value.encode()
