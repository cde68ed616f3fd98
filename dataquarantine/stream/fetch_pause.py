"""How soon a fetch follows the one before."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

#: A chunk costs some 0.7 ms however few records it holds. With a fetch for every single record,
#: 1,000 records a second took 70 % of a core, and their p95 was 66 to 150 ms; with the pause 46 %
#: and 19 ms (2 cores, broker and stores beside it). With 8 ms p50 and p99 at 10,000 a second were
#: 28 and 171 ms, with 5 ms 17 and 75, with 3 ms 21 and 83 (medians of three rounds in turns).
PAUSE_S = 0.005
#: Answers of several brokers come apart; they are taken so far apart at least.
SPACING_S = PAUSE_S / 2
#: More than that is a backlog, which is read without a pause.
FEW_RECORDS = 1000


class FetchPause:
    """After a fetch that brought few records more are let gather.

    A record that comes when nothing came for a while is not held up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = clock()

    @property
    def left_s(self) -> float:
        """How long to wait before the broker is asked again; 0 for not at all."""
        return max(0.0, self._until - self._clock())

    @property
    def spacing_left_s(self) -> float:
        """How long to wait before more records are taken; 0 for not at all."""
        return max(0.0, self.left_s - (PAUSE_S - SPACING_S))

    def fetched(self, count: int) -> None:
        """Take note of what a fetch brought."""
        if 0 < count < FEW_RECORDS:
            self._until = self._clock() + PAUSE_S


def hold_fetches(fetcher: Any, pause: FetchPause) -> None:
    """Let a consumer's requests wait for a pause, instead of their answers.

    aiokafka asks for more as soon as records were taken. Were the pause after that, an answer with
    the records of the pause before would lie here for as long as the pause lasts: 8 ms more for
    every record.

    Args: fetcher: aiokafka's.
    """
    ask = fetcher._proc_fetch_request  # noqa: SLF001  # no public name

    async def ask_after_pause(assignment: Any, node_id: int, request: Any) -> bool:
        try:
            await asyncio.sleep(pause.left_s)
        except asyncio.CancelledError:  # as aiokafka's own, which its end waits for
            return False
        return bool(assignment.active and await ask(assignment, node_id, request))

    fetcher._proc_fetch_request = ask_after_pause  # noqa: SLF001
