"""Packing rows into batches, with aiokafka's real builder."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from aiokafka.record.memory_records import MemoryRecords

from dataquarantine.records import TopicPartition
from dataquarantine.stream.kafka_client import output_batch
from dataquarantine.stream.outputs import Packer

TP = TopicPartition("validated-events", 0)


class Source:
    """Stands for a chunk."""

    def __init__(self, name: str) -> None:
        self.name = name


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
    assert [row for batch in batches for row in batch.rows()] == first + second


def test_batches_are_sent_with_all_rows_in_order() -> None:
    first, second = rows(30), rows(5)

    batches = packed(1000, first, second).batches[TP]

    assert [r for batch in batches for r in read(batch.builder)] == [
        (key, value, at, headers) for key, value, at, headers, _, _ in first + second
    ]


@pytest.mark.parametrize("transactional", [False, True])
def test_a_row_is_read_back_as_it_was(transactional: bool) -> None:
    chunk = Source("a")
    kept: list[Any] = [
        (None, b"no key", 1_700_000_000_000, [], chunk, 3),
        (b"", b"", -1, [("", b"")], chunk, 4),
        (b"tombstone", None, 1, [("null", None), ("\u00e4", b"\xff")], chunk, 700),
        (b"k", b"v" * 100_000, 2**53, [("same", b"1"), ("same", b"2")], chunk, 70_000),
    ]
    packer = Packer(lambda: output_batch(900_000, transactional=transactional))
    packer.add(TP, kept)
    [batch] = packer.batches[TP]

    assert [(*row[:3], list(row[3]), *row[4:]) for row in batch.rows()] == kept
    read(batch.builder)
    assert len(batch.rows()) == 4  # also once it was built to be sent


def test_rows_of_several_chunks_are_packed_again_with_their_own() -> None:
    a, b = Source("a"), Source("b")
    mixed: list[Any] = [
        (b"k%d" % n, b"v" * 100, 1000, [], chunk, n) for n, chunk in enumerate([a, a, b, a, b, b])
    ]
    packer = Packer(lambda: output_batch(400))

    packer.add_again(TP, mixed)

    found = [row for batch in packer.batches[TP] for row in batch.rows()]
    assert [(row[4], row[5]) for row in found] == [(row[4], row[5]) for row in mixed]


def test_rows_are_let_go_of_once_they_are_packed() -> None:
    chunk = Source("a")
    value = bytes(100)
    holders = sys.getrefcount(value)
    packer = Packer(lambda: output_batch(1000))

    packer.add(TP, [(b"k", value, 1000, [], chunk, 0)])  # type: ignore[list-item]

    assert sys.getrefcount(value) == holders


def test_a_record_larger_than_a_batch_gets_one_of_its_own() -> None:
    batches = packed(1000, rows(2), rows(1, size=5000), rows(1)).batches[TP]

    assert [len(batch.rows()) for batch in batches] == [2, 1, 1]
