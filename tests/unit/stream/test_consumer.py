"""What a fetch delivers that was under way through a rebalance."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from dataquarantine.records import TopicPartition
from dataquarantine.stream.consumer import ChunkConsumer
from dataquarantine.stream.fetch_pause import FetchPause
from dataquarantine.stream.fetching import FetchedRecord
from dataquarantine.stream.gate import Allowance, Gate
from dataquarantine.stream.owner import PartitionOwner

PLACE = TP("raw-events", 0)
#: Records by partition.
FEW = {PLACE: 2}


class Fetching(ChunkConsumer):
    """A consumer whose fetches return what the test says; it has no broker."""

    flow_active = True
    should_stop = False

    def __init__(
        self, owner: PartitionOwner, allowance: Allowance, fetched: Mapping[TP, int] = FEW
    ) -> None:
        self.fetched = fetched
        self.gate = Gate([(["raw-events"], allowance)])
        self.owners = {
            TP("raw-events", n): PartitionOwner(TopicPartition("raw-events", n), 1, allowance)
            for n in range(3)
        }
        self.owners[PLACE] = owner
        self.app = SimpleNamespace(
            rebalancing=False,
            consumer_generation_id=1,
            monitor=SimpleNamespace(track_tp_end_offset=lambda tp, offset: None),
        )
        self.scheduler = SimpleNamespace(iterate=lambda singles: iter(()))
        self._read_offset: dict[TP, int | None] = {}
        self.position: int | None = None
        self._thread = SimpleNamespace(pause=FetchPause())

    async def _wait_next_records(self, timeout: float) -> Any:
        records = {
            tp: [_record(tp, 10 + n) for n in range(count)] for tp, count in self.fetched.items()
        }
        return records, set(records)

    def _go_to(self, tp: TP, offset: int) -> None:
        self.position = offset

    def highwater(self, tp: TP) -> int:
        return 12

    async def messages(self) -> list[Any]:
        return [message async for _, message in self.getmany(1.0)]


def _record(tp: TP, offset: int) -> FetchedRecord:
    return FetchedRecord(tp.topic, tp.partition, offset, 1_800_000, 0, None, b"{}", ())


@pytest.fixture
def allowance() -> Allowance:
    return Allowance(max_bytes=1_000_000, max_chunks=10)


@pytest.fixture
def owner(allowance: Allowance) -> PartitionOwner:
    return PartitionOwner(TopicPartition(*PLACE), 1, allowance)


async def test_a_fetch_is_a_chunk(owner: PartitionOwner, allowance: Allowance) -> None:
    consumer = Fetching(owner, allowance)

    (message,) = await consumer.messages()
    (chunk,) = message.value

    assert (chunk.next_offset, owner.next_offset, consumer.position) == (12, 12, None)


async def test_small_chunks_come_together(owner: PartitionOwner, allowance: Allowance) -> None:
    places = [TP("raw-events", n) for n in range(3)]
    consumer = Fetching(owner, allowance, dict.fromkeys(places, 2))

    (message,) = await consumer.messages()

    assert [chunk.tp for chunk in message.value] == places
    assert (message.tp, message.offset, message.generation_id) == (PLACE, 11, 1)


async def test_large_chunks_come_by_themselves(owner: PartitionOwner, allowance: Allowance) -> None:
    places = [TP("raw-events", n) for n in range(3)]
    consumer = Fetching(owner, allowance, dict.fromkeys(places, 400))

    messages = await consumer.messages()

    assert [[chunk.tp for chunk in message.value] for message in messages] == [[p] for p in places]


async def test_what_comes_before_the_tables_are_restored_is_read_again(
    owner: PartitionOwner, allowance: Allowance
) -> None:
    """Faust empties the queues then: seen as a partition that stood still for good."""
    consumer = Fetching(owner, allowance)
    consumer.app.rebalancing = True

    assert await consumer.messages() == []
    assert (owner.next_offset, consumer.position) == (None, 10)


async def test_what_comes_before_a_producer_took_the_partition_is_read_again(
    owner: PartitionOwner, allowance: Allowance
) -> None:
    producer: Any = SimpleNamespace(is_open=False)
    owner.outlet = producer
    consumer = Fetching(owner, allowance)

    assert await consumer.messages() == []
    assert (owner.next_offset, consumer.position) == (None, 10)
