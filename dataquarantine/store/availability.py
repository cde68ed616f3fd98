"""Whether a store that failed is worth another try."""

from __future__ import annotations

from dataquarantine.clock import Clock

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 15.0


class Availability:
    """Spaces the tries of one store while it is away; each failure doubles the wait."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wait_s = FIRST_WAIT_S
        self._not_before = float("-inf")
        self._away_since: float | None = None

    @property
    def away_s(self) -> float:
        """How long it has not answered, from the first failure on; 0 when it did."""
        since = self._away_since
        return 0.0 if since is None else self._clock.monotonic() - since

    @property
    def worth_a_try(self) -> bool:
        return self._clock.monotonic() >= self._not_before

    def failed(self) -> None:
        """Note that the store did not answer."""
        if self._away_since is None:
            self._away_since = self._clock.monotonic()
        self._not_before = self._clock.monotonic() + self._wait_s
        self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)

    def worked(self) -> None:
        """Note that the store answered."""
        self._wait_s = FIRST_WAIT_S
        self._not_before = float("-inf")
        self._away_since = None
