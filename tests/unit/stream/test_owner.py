"""What may be committed while chunks finish in any order."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dataquarantine.records import SourceRecord, TopicPartition
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.gate import Allowance
from dataquarantine.stream.owner import PartitionOwner

TP = TopicPartition("raw-events", 0)


@pytest.fixture
def allowance() -> Allowance:
    return Allowance(max_bytes=1_000_000, max_chunks=10)


@pytest.fixture
def owner(allowance: Allowance) -> PartitionOwner:
    return PartitionOwner(TP, 1, allowance)


def records(*offsets: int) -> list[SourceRecord]:
    return [SourceRecord(b"{}", offset=offset) for offset in offsets]


def admitted(owner: PartitionOwner, *offsets: int) -> Chunk:
    chunk = owner.admit(records(*offsets))
    assert chunk is not None
    return chunk


@pytest.mark.parametrize(
    ("order", "committable"),
    [
        pytest.param([0, 1, 2], [10, 20, 30], id="in order"),
        pytest.param([1, 2, 0], [None, None, 30], id="first last"),
        pytest.param([2, 0, 1], [None, 10, 30], id="mixed"),
        pytest.param([0, 0, 2], [10, 10, 10], id="twice is once"),
    ],
)
def test_committable_is_the_end_of_the_longest_finished_run(
    owner: PartitionOwner, order: list[int], committable: list[int | None]
) -> None:
    chunks = [admitted(owner, *range(n, n + 10)) for n in (0, 10, 20)]

    seen = []
    for position in order:
        chunks[position].finish()
        seen.append(owner.committable)

    assert seen == committable


def test_gaps_between_offsets_do_not_stop_the_commit(owner: PartitionOwner) -> None:
    first, second = admitted(owner, 3, 7), admitted(owner, 50)

    first.finish()
    second.finish()

    assert owner.committable == 51


def test_records_admitted_before_are_trimmed(owner: PartitionOwner) -> None:
    admitted(owner, 0, 1, 2)

    overlap = admitted(owner, 1, 2, 3, 4)

    assert [r.offset for r in overlap.records] == [3, 4]
    assert owner.admit(records(2, 3)) is None


def test_a_closed_owner_admits_and_finishes_nothing(owner: PartitionOwner) -> None:
    chunk = admitted(owner, 0)

    owner.close()
    chunk.finish()

    assert chunk.is_stale
    assert owner.committable is None
    assert owner.admit(records(1)) is None


def test_an_owner_that_ends_finishes_what_is_on_its_way_and_takes_nothing_more(
    owner: PartitionOwner,
) -> None:
    """Seen at a worker's stop: what was submitted during the last commit came out twice."""
    sent, waiting = admitted(owner, 0), admitted(owner, 1)
    sent.submit()

    owner.end()

    assert (sent.is_stale, waiting.is_stale, owner.admit(records(2))) == (False, True, None)
    sent.finish()
    assert owner.committable == 1


def test_the_allowance_is_given_back_once(owner: PartitionOwner, allowance: Allowance) -> None:
    done, pending = admitted(owner, 0), admitted(owner, 1)
    done.finish()
    assert allowance.chunks == 1

    owner.close()
    pending.finish()

    assert (allowance.chunks, allowance.bytes) == (0, 0)


async def test_drain_waits_for_submitted_chunks_only(owner: PartitionOwner) -> None:
    submitted, _queued = admitted(owner, 0), admitted(owner, 1)
    submitted.submit()

    assert not await owner.drain(0.01)
    submitted.finish()

    assert await owner.drain(0.01)
    assert owner.committable == 1


def test_an_owner_is_dirty_until_its_commit_is_noted(owner: PartitionOwner) -> None:
    assert not owner.is_dirty
    admitted(owner, 0).finish()
    assert owner.is_dirty

    owner.committed = owner.committable

    assert not owner.is_dirty


def test_an_owner_is_settled_once_all_that_went_out_is_committed(owner: PartitionOwner) -> None:
    first, second = admitted(owner, *range(10)), admitted(owner, *range(10, 20))
    assert (owner.is_settled, owner.start) == (True, 0)

    first.submit()
    assert not owner.is_settled
    first.finish()
    assert not owner.is_settled
    owner.committed = owner.committable
    assert (owner.is_settled, owner.start) == (True, 10)
    second.submit()
    assert not owner.is_settled


def test_nothing_is_admitted_before_its_producer_took_the_partition(owner: PartitionOwner) -> None:
    """Seen as 82 records twice in one transaction: a fetch asked for by the owner before."""
    producer: Any = SimpleNamespace(is_open=False)
    owner.outlet = producer
    assert owner.admit(records(10, 11)) is None

    owner.begin_at(7)
    producer.is_open = True

    assert [r.offset for r in admitted(owner, 7, 8).records] == [7, 8]


@pytest.mark.parametrize(("committed", "next_offset"), [(None, 3), (7, 7)])
def test_where_to_begin_is_what_is_committed_else_what_is_known(
    owner: PartitionOwner, committed: int | None, next_offset: int
) -> None:
    owner.next_offset = 3  # after a rewind, before any commit

    owner.begin_at(committed)

    assert owner.next_offset == next_offset


def test_an_owner_that_was_read_cannot_begin_elsewhere(owner: PartitionOwner) -> None:
    admitted(owner, 10, 11)

    with pytest.raises(RuntimeError, match="before it was known where to begin"):
        owner.begin_at(7)
