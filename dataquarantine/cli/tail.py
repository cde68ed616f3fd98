"""`dataquarantine tail`."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from datetime import UTC, datetime
from typing import Any

import click

from dataquarantine.cli.context import current_settings, json_option
from dataquarantine.errors import DataQuarantineError

#: End offsets would tell the end exactly, but Tansu's lag behind.
QUIET_S = 2.0


@click.command(epilog="Example: dataquarantine tail quarantine-dlq --from-start --limit 5")
@click.argument("topic")
@click.option("--from-start", is_flag=True, help="Begin with the oldest record.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after this many.")
@click.option(
    "--follow/--no-follow",
    default=True,
    help="Wait for more (the default), or stop when all is quiet.",
)
@json_option
def tail(topic: str, from_start: bool, limit: int | None, follow: bool, as_json: bool) -> None:
    """Print records of TOPIC until Ctrl-C. Values are shown as they are, unmasked.

    With --json one object a line. Joins no consumer group and commits nothing.
    """
    settings = current_settings()
    try:
        asyncio.run(_tail(settings, topic, from_start, limit, follow, as_json))
    except KeyboardInterrupt:
        click.echo(err=True)


async def _tail(
    settings: Any, topic: str, from_start: bool, limit: int | None, follow: bool, as_json: bool
) -> None:
    from aiokafka import AIOKafkaConsumer, TopicPartition
    from aiokafka.errors import KafkaError

    from dataquarantine.quarantine.topic_reader import partition_numbers
    from dataquarantine.stream.kafka_client import client_options

    consumer = AIOKafkaConsumer(**client_options(settings.kafka), enable_auto_commit=False)
    try:
        await consumer.start()
        numbers = (await partition_numbers(settings.kafka)).get(topic)
        if not numbers:
            raise DataQuarantineError(
                f"there is no topic {topic}; `dataquarantine topics create` makes the pipelines'"
            )
        partitions = [TopicPartition(topic, number) for number in numbers]
        consumer.assign(partitions)
        await (consumer.seek_to_beginning if from_start else consumer.seek_to_end)(*partitions)
        for _ in range(limit) if limit else itertools.count():
            quiet_s = None if follow else QUIET_S
            record = await asyncio.wait_for(consumer.getone(), quiet_s)
            click.echo(_line(record, as_json))
    except TimeoutError:
        return
    except (KafkaError, OSError) as exc:
        raise DataQuarantineError(
            f"topic {topic} at {settings.kafka.bootstrap_servers} can't be read: "
            f"{type(exc).__name__}; start the broker or set DQ_KAFKA__BOOTSTRAP_SERVERS"
        ) from exc
    finally:
        await consumer.stop()


def _line(record: Any, as_json: bool) -> str:
    at = datetime.fromtimestamp(max(record.timestamp, 0) / 1000, UTC)
    fields = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": at.isoformat(timespec="milliseconds"),
        "key": _text(record.key),
        "value": _text(record.value),
        "headers": [[name, _text(value)] for name, value in record.headers],
    }
    if as_json:
        return json.dumps(fields, ensure_ascii=False)
    key = "-" if record.key is None else fields["key"]
    return f"{record.partition}/{record.offset}  {at:%H:%M:%S}  {key}  {fields['value']}"


def _text(value: bytes | None) -> Any:
    """Show bytes as text, else as base64; null stays null."""
    if value is None:
        return None
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}
