"""FastStream on aiokafka: a subscriber of batches; a batch goes out by `publish_batch`."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage

from benchmarks.contenders.judge import Judge, Refused, letter


async def undecoded(message: Any) -> list[bytes]:
    """Leave values as they came; FastStream would read their JSON."""
    return [record.value for record in message.raw_message]


async def main(servers: str, source: str, valid: str, dead_letter: str, schema_file: str) -> None:
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
        good: list[bytes] = []
        bad: list[bytes] = []
        for value, raw in zip(values, message.raw_message, strict=True):
            try:
                judge.key_of(value)
                good.append(value)
            except Refused as problem:
                bad.append(letter(value, problem, raw.topic, raw.partition, raw.offset))
        if good:
            await broker.publish_batch(*good, topic=valid)
        if bad:
            await broker.publish_batch(*bad, topic=dead_letter)

    app: Any = FastStream(broker)
    await app.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:6]))
