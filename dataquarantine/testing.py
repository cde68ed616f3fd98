"""What tests of code around the gateway need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass
class ManualClock:
    """A clock that stands until it is moved; give it wherever a `Clock` is taken.

    time: what `now` says at first. seconds: what `monotonic` says at first.
    """

    time: datetime = datetime(2025, 12, 27, 16, 0, 1, tzinfo=UTC)
    seconds: float = 0.0

    def now(self) -> datetime:
        """Return the wall time."""
        return self.time

    def monotonic(self) -> float:
        """Return the seconds moved so far."""
        return self.seconds

    def advance(self, seconds: float) -> None:
        """Move both times forward."""
        self.seconds += seconds
        self.time += timedelta(seconds=seconds)
