"""Rounds of a store: what joins them, what ends them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from dataquarantine.errors import SinkUnavailable
from dataquarantine.records import SourceRecord, TopicPartition
from dataquarantine.stream.gate import Allowance, Gate
from dataquarantine.stream.store_rounds import MAX_RECORDS, StoreRounds, insist

WITHIN_S = 5.0


class Arrived:
    """What rounds know of a chunk."""

    def __init__(self, partition: int, count: int = 1, *, is_stale: bool = False) -> None:
        self.tp = TopicPartition("dlq", partition)
        self.records = [SourceRecord(b"x", "dlq", partition, n, 0) for n in range(count)]
        self.is_stale = is_stale
        self.finished = asyncio.Event()

    def finish(self) -> None:
        self.finished.set()


class Store:
    """Keeps what it is given, once it may; refuses so often, and more than so many records."""

    def __init__(self, refusals: int = 0, most: int = 10**6) -> None:
        self.rounds: list[list[int]] = []
        self.may_go_on = threading.Event()
        self._refusals = refusals
        self._most = most

    def __call__(self, records: Sequence[Any]) -> None:
        assert self.may_go_on.wait(WITHIN_S)
        if self._refusals or len(records) > self._most:
            self._refusals = max(0, self._refusals - 1)
            raise SinkUnavailable("store", "away", retry_after_s=0.0)
        self.rounds.append([record.partition for record in records])


async def stored(store: Store, *chunks: Any) -> Gate:
    """Let chunks arrive, the first by itself, and wait until those that are fresh are stored."""
    gate = Gate([(["dlq"], Allowance(10**9, 100))])
    rounds = StoreRounds(store, gate)
    running = asyncio.create_task(rounds.run())
    rounds.add(chunks[0])
    await asyncio.sleep(0)  # the first round begins
    for chunk in chunks[1:]:
        rounds.add(chunk)
    store.may_go_on.set()
    fresh = [chunk.finished.wait() for chunk in chunks if not chunk.is_stale]
    try:
        await asyncio.wait_for(asyncio.gather(*fresh), WITHIN_S)
    finally:
        running.cancel()
    return gate


async def stored_as_they_come(gather_s: float, *chunks: Any) -> list[list[int]]:
    """Let chunks arrive 10 ms apart at a store that takes them; returns its rounds."""
    store = Store()
    store.may_go_on.set()
    gate = Gate([(["dlq"], Allowance(10**9, 100))])
    rounds = StoreRounds(store, gate, gather_s=gather_s)
    running = asyncio.create_task(rounds.run())
    for chunk in chunks:
        rounds.add(chunk)
        await asyncio.wait([running], timeout=0.01)
    try:
        for chunk in chunks:
            await asyncio.wait_for(chunk.finished.wait(), WITHIN_S)
    finally:
        running.cancel()
    return store.rounds


def test_what_arrives_during_a_round_is_stored_at_once_after_it() -> None:
    store = Store()
    asyncio.run(stored(store, Arrived(0), Arrived(1), Arrived(2), Arrived(1)))
    assert store.rounds == [[0], [1, 2, 1]]


def test_a_round_is_bounded_but_for_one_large_chunk() -> None:
    store = Store()
    sizes = [1, MAX_RECORDS + 1, MAX_RECORDS - 1, 1, 1]
    asyncio.run(stored(store, *(Arrived(n, size) for n, size in enumerate(sizes))))
    assert [len(each) for each in store.rounds] == [1, MAX_RECORDS + 1, MAX_RECORDS, 1]


def test_what_comes_soon_after_a_round_began_is_gathered() -> None:
    rounds = asyncio.run(stored_as_they_come(0.5, Arrived(0), Arrived(1), Arrived(2)))
    assert rounds == [[0], [1, 2]]


def test_where_much_arrives_rounds_are_further_apart() -> None:
    much = Arrived(0, MAX_RECORDS // 2)
    rounds = asyncio.run(stored_as_they_come(0.0, much, Arrived(1), Arrived(2)))
    assert rounds[1:] == [[1, 2]]


def test_a_whole_round_does_not_wait() -> None:
    chunks = Arrived(0), Arrived(1, MAX_RECORDS // 2), Arrived(2, MAX_RECORDS)
    asyncio.run(stored_as_they_come(3600, *chunks))
    assert all(chunk.finished.is_set() for chunk in chunks)


def test_a_refused_round_comes_again_and_its_topic_is_open_after() -> None:
    store = Store(refusals=2)
    gate = asyncio.run(stored(store, Arrived(0), Arrived(1)))
    assert store.rounds == [[0], [1]]
    assert gate.is_open(TopicPartition("dlq", 0))


def test_what_does_not_fit_together_is_stored_chunk_by_chunk() -> None:
    store = Store(most=2)
    asyncio.run(stored(store, Arrived(0), Arrived(1, 2), Arrived(2), Arrived(3)))
    assert store.rounds == [[0], [1, 1], [2], [3]]


def test_a_topic_is_not_held_for_what_was_revoked(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate([(["dlq"], Allowance(10**9, 100))])
    tries: list[str] = []

    def refuse(item: str) -> None:
        tries.append(item)
        raise SinkUnavailable("store", "full", retry_after_s=0.0)

    stored = asyncio.run(insist(gate, "dlq", refuse, "x", is_wanted=lambda: not tries))

    assert (stored, tries) == (False, ["x"])
    assert gate.is_open(TopicPartition("dlq", 0))
    assert caplog.messages == []


def test_a_topic_opens_when_what_held_it_was_revoked() -> None:
    gate = Gate([(["dlq"], Allowance(10**9, 100))])
    held: list[bool] = []

    def refuse(item: str) -> None:
        raise SinkUnavailable("store", "full", retry_after_s=0.0)

    def is_wanted() -> bool:
        held.append(not gate.is_open(TopicPartition("dlq", 0)))
        return not held[-1]

    assert asyncio.run(insist(gate, "dlq", refuse, "x", is_wanted=is_wanted)) is False
    assert held[-1]
    assert gate.is_open(TopicPartition("dlq", 0))


def test_what_was_revoked_is_not_stored() -> None:
    store = Store()
    asyncio.run(stored(store, Arrived(0), Arrived(1, is_stale=True), Arrived(2)))
    assert store.rounds == [[0], [2]]


def test_broken_machinery_ends_the_rounds() -> None:
    async def run() -> None:
        def broken(records: Sequence[Any]) -> None:
            raise ValueError("broken")

        rounds = StoreRounds(broken, Gate([(["dlq"], Allowance(1, 1))]))
        rounds.add(Arrived(0))  # type: ignore[arg-type]  # what rounds know of a chunk
        await asyncio.wait_for(rounds.run(), WITHIN_S)

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(run())
