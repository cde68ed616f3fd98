"""Chunks that wait for what is needed to judge them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from dataquarantine.records import TopicPartition
from dataquarantine.stream.lobby import Lobby


@dataclass(frozen=True)
class Passing:
    """What the lobby knows of a chunk."""

    tp: TopicPartition
    number: int
    is_stale: bool = False


class Hall:
    """A lobby and what came out of it."""

    def __init__(self) -> None:
        self.out: list[int] = []
        self.failures: list[BaseException] = []
        self.lobby = Lobby(self._proceed, self._failed)

    async def _proceed(self, chunk: Any) -> None:
        if chunk.number < 0:
            raise ValueError("broken")
        self.out.append(chunk.number)

    async def _failed(self, exc: BaseException) -> None:
        self.failures.append(exc)

    async def come(self, chunk: Any, ready: Any = None) -> None:
        if not self.lobby.keeps(chunk, ready):
            await self._proceed(chunk)

    async def settle(self) -> None:
        me = asyncio.current_task()
        await asyncio.gather(*(task for task in asyncio.all_tasks() if task is not me))


def chunk(partition: int, number: int, *, is_stale: bool = False) -> Any:
    return Passing(TopicPartition("t", partition), number, is_stale)


async def wait(event: asyncio.Event) -> None:
    await event.wait()


def over() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


async def test_what_needs_nothing_goes_on_at_once() -> None:
    hall = Hall()

    await hall.come(chunk(0, 1))

    assert hall.out == [1]


async def test_a_waiting_chunk_holds_its_own_partition_alone_and_keeps_the_order() -> None:
    hall, slow = Hall(), asyncio.Event()
    await hall.come(chunk(0, 1), wait(slow))
    await hall.come(chunk(0, 2))
    await hall.come(chunk(1, 3))
    await hall.come(chunk(0, 4), wait(over()))

    assert hall.out == [3]
    slow.set()
    await hall.settle()
    await hall.come(chunk(0, 5))

    assert hall.out == [3, 1, 2, 4, 5]


async def test_a_chunk_that_went_stale_while_it_waited_is_dropped() -> None:
    hall = Hall()

    await hall.come(chunk(0, 1, is_stale=True), wait(over()))
    await hall.settle()

    assert hall.out == []


async def test_a_failure_behind_the_lobby_is_told() -> None:
    hall = Hall()

    await hall.come(chunk(0, -1), wait(over()))
    await hall.settle()

    assert [str(failure) for failure in hall.failures] == ["broken"]
