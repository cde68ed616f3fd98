"""Where chunks wait for what is needed to judge them, without holding up other partitions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from dataquarantine.records import TopicPartition
from dataquarantine.stream.chunk import Chunk

Step = Callable[[Chunk], Awaitable[None]]


class Lobby:
    """Keeps the order within a partition: what comes behind a waiting chunk waits too.

    Args: proceed: takes a chunk on that was kept.
        on_failure: told of the exception when that failed.
    """

    def __init__(
        self, proceed: Step, on_failure: Callable[[BaseException], Awaitable[None]]
    ) -> None:
        self._proceed = proceed
        self._on_failure = on_failure
        self._last: dict[TopicPartition, asyncio.Task[None]] = {}

    def keeps(self, chunk: Chunk, ready: Awaitable[None] | None) -> bool:
        """Keep a chunk until it can proceed; False when nothing holds it up.

        Args: ready: returns when the chunk can proceed; None: it can, as far as it goes.
        """
        before = self._last.get(chunk.tp)
        if before is None and ready is None:
            return False
        task = asyncio.create_task(self._later(chunk, before, ready), name="lobby")
        self._last[chunk.tp] = task
        task.add_done_callback(lambda done: self._forget(chunk.tp, done))
        return True

    async def _later(
        self, chunk: Chunk, before: asyncio.Task[None] | None, ready: Awaitable[None] | None
    ) -> None:
        try:
            if ready is not None:
                await ready
            if before is not None:
                await asyncio.wait([before])
            if not chunk.is_stale:
                await self._proceed(chunk)
        except Exception as exc:  # the worker ends by it, as by an agent's
            await self._on_failure(exc)

    def _forget(self, tp: TopicPartition, task: asyncio.Task[None]) -> None:
        if self._last.get(tp) is task:
            del self._last[tp]
