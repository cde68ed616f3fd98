"""Rounds of produce requests against real brokers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from dataquarantine.dev.kafka import KafkaCluster
from dataquarantine.errors import ProduceRefused
from dataquarantine.records import SourceRecord, TopicPartition
from dataquarantine.settings import KafkaSettings
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.gate import Allowance
from dataquarantine.stream.kafka_client import output_batch, output_producer
from dataquarantine.stream.outputs import OutputRow, Outputs
from dataquarantine.stream.owner import PartitionOwner
from dataquarantine.stream.producer import RoundProducer
from tests.integration.stream.conftest import Broker

Replace = Callable[[TopicPartition, OutputRow, str], Awaitable[Outputs]]


async def refuse(tp: TopicPartition, row: OutputRow, reason: str) -> Outputs:
    raise ProduceRefused(tp.topic, reason)


@asynccontextmanager
async def running(
    settings: KafkaSettings, replace: Replace = refuse
) -> AsyncIterator[RoundProducer]:
    producer = RoundProducer(
        lambda: output_producer(settings),
        output_batch,
        max_batch_bytes=settings.max_batch_bytes,
        replace=replace,
    )
    await producer.start()
    rounds = asyncio.create_task(producer.run())
    try:
        yield producer
        assert not rounds.done(), rounds.exception()
    finally:
        rounds.cancel()
        await asyncio.wait([rounds])
        await producer.stop()


@pytest.fixture
def owner() -> PartitionOwner:
    return PartitionOwner(TopicPartition("raw-events", 0), 1, Allowance(1 << 30, 1000))


def chunk_of(owner: PartitionOwner, count: int) -> Chunk:
    start = owner.next_offset or 0
    chunk = owner.admit([SourceRecord(b"", offset=start + n) for n in range(count)])
    assert chunk is not None
    return chunk


def row(chunk: Chunk, index: int, value: bytes, timestamp_ms: int = 1_700_000_000_000) -> OutputRow:
    return (b"key", value, timestamp_ms, [("h", b"v"), ("n", None)], chunk, index)


def with_value(refused: OutputRow, value: bytes) -> OutputRow:
    key, _, timestamp_ms, headers, chunk, index = refused
    return (key, value, timestamp_ms, headers, chunk, index)


async def finished(owner: PartitionOwner, next_offset: int) -> None:
    async with asyncio.timeout(60):
        while owner.committable != next_offset:
            await asyncio.sleep(0.005)


async def test_a_chunk_is_finished_once_all_its_outputs_are_on_the_broker(
    broker: Broker, owner: PartitionOwner
) -> None:
    topic = broker.topic("out", 2)
    async with running(broker.settings(max_batch_bytes=2000)) as producer:
        for _ in range(5):
            chunk = chunk_of(owner, 100)
            rows = [row(chunk, n, b"%d" % (chunk.next_offset - 100 + n)) for n in range(100)]
            outputs = {
                TopicPartition(topic, 0): rows[:50],
                TopicPartition(topic, 1): rows[50:],
            }
            producer.submit(chunk, outputs)
        await finished(owner, 500)

    first, second = broker.read(topic, 0), broker.read(topic, 1)
    in_order = [n for n in range(500) if n % 100 < 50]
    assert [int(m.value()) for m in first] == in_order
    assert [int(m.value()) for m in second] == [n + 50 for n in in_order]
    assert first[0].headers() == [("h", b"v"), ("n", None)]
    assert first[0].timestamp()[1] == 1_700_000_000_000


async def test_a_chunk_without_outputs_is_finished_too(
    broker: Broker, owner: PartitionOwner
) -> None:
    async with running(broker.settings()) as producer:
        producer.submit(chunk_of(owner, 3), {})

        await finished(owner, 3)


async def test_records_without_key_or_value_are_produced(
    broker: Broker, owner: PartitionOwner
) -> None:
    topic = broker.topic("out")
    async with running(broker.settings()) as producer:
        chunk = chunk_of(owner, 1)
        rows: list[OutputRow] = [
            (b"key", None, 1, [], chunk, 0),
            (None, b"value", 2, [], chunk, 0),
        ]
        producer.submit(chunk, {TopicPartition(topic, 0): rows})
        await finished(owner, 1)

    assert [(m.key(), m.value()) for m in broker.read(topic)] == [(b"key", None), (None, b"value")]


async def test_one_refused_record_is_replaced_and_the_others_keep_their_order(
    kafka: Broker, owner: PartitionOwner
) -> None:
    topic = kafka.topic("out", config={"max.message.bytes": "50000"})
    dead_letters = kafka.topic("dlq")
    reasons = []

    async def replace(tp: TopicPartition, refused: OutputRow, reason: str) -> Outputs:
        reasons.append((tp.topic, refused[5], reason))
        return {TopicPartition(dead_letters, 0): [with_value(refused, b"too large")]}

    async with running(kafka.settings(), replace) as producer:
        chunk = chunk_of(owner, 40)
        values = [b"%d" % n if n != 23 else b"x" * 60_000 for n in range(40)]
        rows = [row(chunk, n, value) for n, value in enumerate(values)]
        producer.submit(chunk, {TopicPartition(topic, 0): rows})
        after = chunk_of(owner, 1)
        producer.submit(after, {TopicPartition(topic, 0): [row(after, 0, b"after")]})
        await finished(owner, 41)

    expected = [b"%d" % n for n in range(40) if n != 23]
    assert [m.value() for m in kafka.read(topic)] == [*expected, b"after"]
    assert [m.value() for m in kafka.read(dead_letters)] == [b"too large"]
    assert reasons == [(topic, 23, "it is larger than the broker accepts")]


async def test_a_refused_timestamp_is_replaced(kafka: Broker, owner: PartitionOwner) -> None:
    topic = kafka.topic("out", config={"message.timestamp.before.max.ms": "1000"})
    dead_letters = kafka.topic("dlq")

    async def replace(tp: TopicPartition, refused: OutputRow, reason: str) -> Outputs:
        return {TopicPartition(dead_letters, 0): [with_value(refused, reason.encode())]}

    async with running(kafka.settings(), replace) as producer:
        chunk = chunk_of(owner, 1)
        producer.submit(chunk, {TopicPartition(topic, 0): [row(chunk, 0, b"old", 1)]})
        await finished(owner, 1)

    assert [m.value() for m in kafka.read(dead_letters)] == [b"the broker refused its timestamp"]


async def test_produce_goes_on_when_the_broker_comes_back(
    own_kafka: Broker, own_cluster: KafkaCluster, owner: PartitionOwner
) -> None:
    topic = own_kafka.topic("out")
    async with running(own_kafka.settings()) as producer:
        first = chunk_of(owner, 1)
        producer.submit(first, {TopicPartition(topic, 0): [row(first, 0, b"before")]})
        await finished(owner, 1)

        # First: what is under way when a broker goes may rightly be delivered twice
        await asyncio.to_thread(own_cluster.kill_broker, 0)
        for n in range(20):
            chunk = chunk_of(owner, 1)
            producer.submit(chunk, {TopicPartition(topic, 0): [row(chunk, 0, b"%d" % n)]})
            await asyncio.sleep(0)
        await asyncio.to_thread(own_cluster.start_broker, 0)
        await finished(owner, 21)

    values = [m.value() for m in own_kafka.read(topic)]
    assert values == [b"before", *(b"%d" % n for n in range(20))]
