"""How often somebody may ask."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from dataquarantine.api.errors import ApiError

#: Names that are remembered; who was forgotten starts with a full bucket.
REMEMBERED = 10_000


class RateLimit:
    """A bucket of requests for each name, filled at a rate, holding two seconds' worth."""

    def __init__(
        self, per_second: float, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> None:
        """Count a request.

        Raises: ApiError 429.
        """
        now = self._monotonic()
        most = 2 * self._per_second
        left, at = self._buckets.pop(name, (most, now))
        left = min(most, left + (now - at) * self._per_second)
        self._buckets[name] = (max(left - 1, 0) if left >= 1 else left, now)
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        if left < 1:
            raise ApiError(
                429,
                42901,
                f"more than {self._per_second:g} requests a second; wait",
                retry_after_s=1,
            )
