"""How soon a fetch follows the one before."""

from __future__ import annotations

import time
from collections.abc import Callable

#: A chunk costs some 0.7 ms however few records it holds. With a fetch for every single record,
#: 1,000 records a second took 70 % of a core, and their p95 was 66 to 150 ms; with the pause 32 %
#: and 34 to 37 ms (2 cores, broker and stores beside it).
PAUSE_S = 0.008
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
        """How long to wait before the next fetch; 0 for not at all."""
        return max(0.0, self._until - self._clock())

    def fetched(self, count: int) -> None:
        """Take note of what a fetch brought."""
        if 0 < count < FEW_RECORDS:
            self._until = self._clock() + PAUSE_S
