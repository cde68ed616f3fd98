"""Unpacking fetched bytes: what aiokafka's own classes give, cheaper."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from dataquarantine.stream.fetching import unpack_fast

TP = TopicPartition("raw-events", 3)
ORIGINALS = fetcher.PartitionRecords, fetcher.FetchResult


@pytest.fixture(autouse=True)
def _patched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PartitionRecords", "FetchResult"):
        monkeypatch.setattr(fetcher, name, getattr(fetcher, name))
    unpack_fast()


class _Assignment:
    """One partition whose position follows what was taken."""

    active = True
    paused = False
    position = 2

    def state_value(self, tp: TopicPartition) -> _Assignment:
        return self

    def consumed_to(self, position: int) -> None:
        self.position = position


def fetched() -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 1 << 20)
    for offset in range(10):
        headers = [("h", b"1")] if offset % 2 else []
        builder.append(offset, 1000 + offset, None, b"%d" % offset, headers)
    return bytes(builder.build())


def unpacked(records_class: Any, result_class: Any, max_records: int | None) -> list[Any]:
    records = records_class(TP, MemoryRecords(fetched()), [], 2, None, None, True, 0)
    assignment = _Assignment()
    result = result_class(TP, assignment=assignment, partition_records=records, backoff=0)
    taken: list[Any] = []
    while result.has_more():
        taken.append([_fields(record) for record in result.getall(max_records)])
        taken.append(assignment.position)
    return taken


def _fields(record: Any) -> tuple[Any, ...]:
    names = ("topic", "partition", "offset", "timestamp", "timestamp_type", "key", "value")
    return (*(getattr(record, name) for name in names), list(record.headers))


@pytest.mark.parametrize("max_records", [None, 1, 3, 4, 100])
def test_records_and_positions_are_those_of_aiokafka(max_records: int | None) -> None:
    ours = unpacked(fetcher.PartitionRecords, fetcher.FetchResult, max_records)

    assert ours == unpacked(*ORIGINALS, max_records)


def test_positions_elsewhere_give_nothing() -> None:
    records = fetcher.PartitionRecords(TP, MemoryRecords(fetched()), [], 5, None, None, True, 0)
    result = fetcher.FetchResult(TP, assignment=_Assignment(), partition_records=records, backoff=0)

    assert result.getall(10) == []
