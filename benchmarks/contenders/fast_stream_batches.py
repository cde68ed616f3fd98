"""FastStream with `publish_batch`: quicker than record by record, and less is sent.

A batch goes to one partition, whatever its keys, with one set of headers: the order of a key is
lost, and where a record comes from. Values alone are sent, which is the least work.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from faststream.kafka import KafkaBroker

from benchmarks.contenders.fast_stream import Output, main


async def values_alone(broker: KafkaBroker, topic: str, records: Sequence[Output]) -> None:
    await broker.publish_batch(*(value for _, value, _ in records), topic=topic)


if __name__ == "__main__":
    asyncio.run(main(values_alone, *sys.argv[1:6]))
