"""What each step of the path costs a record, without a broker: `python -m benchmarks.path`.

The bytes of a fetch go through the worker's own code: unpacked into records, judged with 3 rules,
counted, routed and packed into batches ready to be sent. CPU time of this process, in turns with
`orjson.loads` of the same events: read the ratios, machines differ.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from benchmarks.events import event, schema_with_rules
from benchmarks.judging import Fixed
from dataquarantine import metrics
from dataquarantine.clock import SystemClock
from dataquarantine.quarantine.deadletters import DeadLetterWriter
from dataquarantine.records import TopicPartition
from dataquarantine.schemas.catalog import Catalog
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.settings import PipelineSettings
from dataquarantine.stream.fetching import unpack_fast
from dataquarantine.stream.gate import Allowance
from dataquarantine.stream.kafka_client import output_batch
from dataquarantine.stream.memory import tune_gc
from dataquarantine.stream.outputs import Outputs, Packer
from dataquarantine.stream.owner import PartitionOwner
from dataquarantine.stream.router import Router
from dataquarantine.validation.engine import Engine
from dataquarantine.validation.tally import count_outcomes

CHUNK = 2000
CHUNKS = 10
PARTITIONS = 4
BATCH_BYTES = 900_000
T = TypeVar("T")


class Path:
    """One worker's steps, fed from memory."""

    def __init__(self, invalid: float) -> None:
        rnd = random.Random(7)
        self.values = [event(n, rnd, invalid=invalid) for n in range(CHUNK)]
        self.fetched = _record_batch(self.values)
        catalog = Catalog([Fixed(SchemaDocument.model_validate(schema_with_rules()))])
        catalog.refresh()
        pipeline = PipelineSettings()
        self.engine = Engine(catalog, pipeline)
        partitions = {pipeline.valid: PARTITIONS, pipeline.dead_letter: PARTITIONS}
        self.router = Router(pipeline, DeadLetterWriter("bench"), partitions)
        self.clock = SystemClock()
        self.costs: dict[str, float] = defaultdict(float)

    def round(self) -> dict[str, float]:
        """Run CHUNKS chunks, then the yardstick; returns CPU us a record by step."""
        self.costs.clear()
        owner = PartitionOwner(TopicPartition("raw-events", 0), 1, Allowance(1 << 40, 1 << 40))
        for _ in range(CHUNKS):
            self._chunk(owner)
            owner.next_offset = None
        self._timed(
            "orjson.loads", lambda: [orjson.loads(v) for _ in range(CHUNKS) for v in self.values]
        )
        return {name: cost / CHUNK / CHUNKS * 1e6 for name, cost in self.costs.items()}

    def _chunk(self, owner: PartitionOwner) -> None:
        timed = self._timed
        records = timed("unpack", lambda: _unpack(self.fetched))
        chunk = timed("admit", lambda: owner.admit(records))
        assert chunk is not None
        judged = timed("judge", lambda: self.engine.judge(chunk.records))
        tally = timed("count", lambda: count_outcomes(judged))
        timed("count", lambda: metrics.count_chunk("raw-events", tally))
        routed = timed("route", lambda: self.router.route(chunk, judged, self.clock.now()))
        packer = Packer(lambda: output_batch(BATCH_BYTES))
        timed("pack", lambda: _pack(packer, routed.outputs))
        batches: list[Any] = [b.builder for each in packer.batches.values() for b in each]
        timed("build", lambda: [batch._build() for batch in batches])  # noqa: SLF001  # aiokafka's
        timed("free", chunk.finish)

    def _timed(self, step: str, call: Callable[[], T]) -> T:
        started = time.process_time()
        result = call()
        self.costs[step] += time.process_time() - started
        return result


def _pack(packer: Packer, outputs: Outputs) -> None:
    for tp, rows in outputs.items():
        packer.add(tp, rows)


def _unpack(fetched: bytes) -> list[Any]:
    records = fetcher.PartitionRecords(
        KafkaTopicPartition("raw-events", 0),
        fetcher.MemoryRecords(fetched),
        [],
        0,
        None,
        None,
        True,
        0,
    )
    taken: list[Any] = records.take(None)
    return taken


def _record_batch(values: list[bytes]) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 1 << 30)
    for offset, value in enumerate(values):
        builder.append(offset, 1_700_000_000_000 + offset // 50, None, value, [])
    return bytes(builder.build())


def measure(rounds: int, invalid: float) -> dict[str, float]:
    """Return the median CPU us a record of every step."""
    unpack_fast()
    path = Path(invalid)
    path.round()
    tune_gc()
    found = [path.round() for _ in range(rounds)]
    return {step: statistics.median(each[step] for each in found) for step in found[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--invalid", type=float, default=0.02)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    costs = asyncio.run(_measured(arguments.rounds, arguments.invalid))
    yardstick = costs.pop("orjson.loads")
    costs["all"] = sum(costs.values())
    if arguments.json:
        print(json.dumps({"yardstick": yardstick, **costs}))
        return
    for step, cost in costs.items():
        print(f"{step:<8} {cost:6.2f} us  {cost / yardstick:5.1f} x orjson.loads")


async def _measured(rounds: int, invalid: float) -> dict[str, float]:
    return measure(rounds, invalid)


if __name__ == "__main__":
    main()
