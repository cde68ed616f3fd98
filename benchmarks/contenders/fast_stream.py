"""FastStream on aiokafka: a subscriber of batches; each record goes out with its key and headers.

`publish_batch` would be quicker, but sends a batch to one partition and knows one set of headers
for all of it: `fast_stream_batches.py`.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage

from benchmarks.contenders.judge import Judge, Refused, headers, letter

#: A key, a value, and the record as it was read.
Output = tuple[bytes | None, bytes, Any]
#: Sends to a topic and waits until all is acknowledged.
Send = Callable[[KafkaBroker, str, Sequence[Output]], Awaitable[None]]


async def one_by_one(broker: KafkaBroker, topic: str, records: Sequence[Output]) -> None:
    """Keep what a consumer needs: the key, so its partition, and where the record comes from."""
    sent = [
        await broker.publish(
            value,
            topic,
            key=key,
            headers={name: text.decode() for name, text in headers(*raw_position(raw))},
            # FastStream would make a UUID for each
            correlation_id="-",
            no_confirm=True,
        )
        for key, value, raw in records
    ]
    await asyncio.gather(*sent)


def raw_position(raw: Any) -> tuple[str, int, int]:
    return raw.topic, raw.partition, raw.offset


async def undecoded(message: Any) -> list[bytes]:
    """Leave values as they came; FastStream would read their JSON."""
    return [record.value for record in message.raw_message]


async def main(
    send: Send, servers: str, source: str, valid: str, dead_letter: str, schema_file: str
) -> None:
    judge = Judge(schema_file)
    # Errors only: a line a message would cost more than the message
    logger = logging.getLogger("contender")
    logger.setLevel(logging.ERROR)
    broker = KafkaBroker(servers, acks="all", linger_ms=5, max_batch_size=1_000_000, logger=logger)

    @broker.subscriber(
        source,
        batch=True,
        max_records=2000,
        group_id=f"faststream-{valid}",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.ACK,
        no_reply=True,
        decoder=undecoded,
    )
    async def validate(values: list[bytes], message: KafkaMessage) -> None:
        judge.start_batch()
        good: list[Output] = []
        bad: list[Output] = []
        for value, raw in zip(values, message.raw_message, strict=True):
            try:
                good.append((judge.key_of(value), value, raw))
            except Refused as problem:
                bad.append((raw.key, letter(value, problem, *raw_position(raw)), raw))
        if good:
            await send(broker, valid, good)
        if bad:
            await send(broker, dead_letter, bad)

    app: Any = FastStream(broker)
    await app.run()


if __name__ == "__main__":
    asyncio.run(main(one_by_one, *sys.argv[1:6]))
