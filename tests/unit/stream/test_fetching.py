"""Unpacking fetched bytes: what aiokafka's own classes give, cheaper."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import google_crc32c
import pytest
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.structs import TopicPartition

from dataquarantine.stream.fetching import unpack_fast

TP = TopicPartition("raw-events", 3)
NAMES = ("MemoryRecords", "PartitionRecords", "FetchResult")
ORIGINALS = tuple(getattr(fetcher, name) for name in NAMES)


@pytest.fixture(autouse=True)
def _patched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
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


def fetched(first: int = 0, key: bytes | None = None) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 1 << 20)
    for offset in range(10):
        headers = [("h", b"1")] if offset % 2 else []
        builder.append(offset, 1000 + offset, key, b"%d" % offset, headers)
    built = builder.build()
    return first.to_bytes(8, "big") + bytes(built[8:])  # as brokers do


def changed(batch: bytes, place: slice, to: bytes) -> bytes:
    """Change a batch and its sum with it."""
    built = bytearray(batch)
    built[place] = to
    built[17:21] = google_crc32c.value(bytes(built[21:])).to_bytes(4, "big")
    return bytes(built)


def compacted(first: int) -> bytes:
    """Make a batch that ends five offsets behind its last record."""
    return changed(fetched(first), slice(23, 27), (14).to_bytes(4, "big"))


def control(first: int) -> bytes:
    """Make what ends a transaction that is committed."""
    return changed(fetched(first, b"\0\0\0\1"), slice(21, 23), (0x20).to_bytes(2, "big"))


def records_of(
    batches: bytes, classes: tuple[Any, ...] = (), *, position: int = 2, isolation: int = 0
) -> Any:
    """Unpack a fetch by the classes in use."""
    memory, partition, _ = classes or tuple(getattr(fetcher, name) for name in NAMES)
    return partition(TP, memory(batches), [], position, None, None, True, isolation)


def unpacked(
    batches: bytes, max_records: int | None, isolation: int, classes: tuple[Any, ...] = ()
) -> list[Any]:
    records = records_of(batches, classes, isolation=isolation)
    result_class = classes[2] if classes else fetcher.FetchResult
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


def old_format(magic: int) -> bytes:
    builder = LegacyRecordBatchBuilder(magic, 0, 1 << 20)
    for offset in range(10):
        builder.append(offset, 1000 + offset, None, b"%d" % offset)
    return bytes(builder.build())


@pytest.mark.parametrize("max_records", [None, 1, 3, 4, 100])
@pytest.mark.parametrize(
    "batches",
    [
        pytest.param(fetched(), id="one batch"),
        pytest.param(fetched() + fetched(10), id="two batches"),
        pytest.param(fetched() + fetched(10)[:-1], id="the second is cut off"),
        pytest.param(compacted(0) + fetched(15), id="compacted"),
        pytest.param(fetched() + compacted(10), id="compacted at the end"),
        pytest.param(control(0) + fetched(10) + control(20), id="control batches"),
        pytest.param(old_format(1), id="format of Kafka 0.10"),
        pytest.param(b"", id="nothing"),
    ],
)
@pytest.mark.parametrize("isolation", [0, 1], ids=["uncommitted", "committed"])
def test_records_and_positions_are_those_of_aiokafka(
    batches: bytes, max_records: int | None, isolation: int
) -> None:
    ours = unpacked(batches, max_records, isolation)

    assert ours == unpacked(batches, max_records, isolation, ORIGINALS)


@pytest.mark.parametrize("place", [17, 25, 61, -1])
@pytest.mark.parametrize("first", [b"", fetched()], ids=["the first", "the second"])
def test_a_damaged_batch_is_refused(first: bytes, place: int) -> None:
    damaged = bytearray(fetched(10 if first else 0))
    damaged[place] ^= 1
    records = records_of(first + bytes(damaged))

    with pytest.raises(CorruptRecordException):
        records.take(None)


def test_a_damaged_batch_of_an_old_format_is_refused() -> None:
    damaged = bytearray(old_format(1))
    damaged[-1] ^= 1

    with pytest.raises(CorruptRecordException):
        records_of(bytes(damaged)).take(None)


@pytest.mark.parametrize("isolation", [0, 1], ids=["uncommitted", "committed"])
def test_what_was_taken_is_let_go_without_a_collection(isolation: int) -> None:
    records = records_of(fetched() + fetched(10), isolation=isolation)
    gone = weakref.ref(records)

    gc.disable()
    try:
        while records.take(3):
            pass
        del records
        assert gone() is None
    finally:
        gc.enable()


def test_single_records_are_taken_too() -> None:
    records = records_of(fetched() + control(10) + fetched(20))

    assert [record.offset for record in records] == [*range(2, 10), *range(20, 30)]
    assert records.next_fetch_offset == 30


def test_positions_elsewhere_give_nothing() -> None:
    records = records_of(fetched(), position=5)
    result = fetcher.FetchResult(TP, assignment=_Assignment(), partition_records=records, backoff=0)

    assert result.getall(10) == []
