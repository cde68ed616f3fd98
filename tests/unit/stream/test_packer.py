"""Packing rows into batches, with aiokafka's real builder."""

from __future__ import annotations

from typing import Any

from aiokafka.record.memory_records import MemoryRecords

from dataquarantine.records import TopicPartition
from dataquarantine.stream.kafka_client import output_batch
from dataquarantine.stream.outputs import Packer

TP = TopicPartition("validated-events", 0)


def rows(count: int, size: int = 100) -> list[Any]:
    return [(b"k%d" % n, b"v" * size, 1000 + n, [("h", b"%d" % n)], None, n) for n in range(count)]


def packed(batch_bytes: int, *added: list[Any]) -> Packer:
    packer = Packer(lambda: output_batch(batch_bytes))
    for each in added:
        packer.add(TP, each)
    return packer


def read(builder: Any) -> list[tuple[Any, ...]]:
    sent = bytes(builder._build())  # noqa: SLF001  # what aiokafka's sender calls
    batch = MemoryRecords(sent).next_batch()
    return [(r.key, r.value, r.timestamp, list(r.headers)) for r in batch]


def test_batches_hold_all_rows_in_order_and_remember_them() -> None:
    first, second = rows(30), rows(5)

    batches = packed(1000, first, second).batches[TP]

    assert len(batches) > 3
    assert [row for batch in batches for row in batch.rows] == first + second
    assert [r for batch in batches for r in read(batch.builder)] == [
        (key, value, at, headers) for key, value, at, headers, _, _ in first + second
    ]


def test_a_record_larger_than_a_batch_gets_one_of_its_own() -> None:
    batches = packed(1000, rows(2), rows(1, size=5000), rows(1)).batches[TP]

    assert [len(batch.rows) for batch in batches] == [2, 1, 1]
