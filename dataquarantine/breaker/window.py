"""How long a source has delivered mostly bad records, folded from the ledger."""

from __future__ import annotations

import msgspec

from dataquarantine.audit.entry import LedgerEntry
from dataquarantine.settings import BreakerSettings


class ErrorWindow(msgspec.Struct, kw_only=True):
    """What is kept of one source topic; small however long the trouble lasts.

    Times are whole buckets since the epoch. `bad_since` is the first bucket of the present run of
    buckets that were all above the limit; `run_*` are the sums of its finished buckets.

    folded: partition -> end of what was counted, so that a range that is read again or an entry
        that is written again counts once.
    """

    folded: dict[int, int] = {}
    bucket: int = 0
    seen: int = 0
    bad: int = 0
    bad_since: int | None = None
    run_seen: int = 0
    run_bad: int = 0

    def fold(self, entry: LedgerEntry, settings: BreakerSettings) -> bool:
        """Count an entry; False when its range was counted before.

        An entry that comes late (another worker's clock) counts in the present bucket.
        """
        if entry.next_offset <= self.folded.get(entry.partition, -1):
            return False
        self.folded[entry.partition] = entry.next_offset
        if entry.seen == 0:
            return True
        bucket = int(entry.at.timestamp() // settings.bucket_s)
        if bucket > self.bucket:
            self._close_bucket(settings)
            self.bucket = bucket
        self.seen += entry.seen
        self.bad += entry.invalid + entry.error
        return True

    def trips(self, settings: BreakerSettings) -> bool:
        """Tell whether every bucket with records was bad for the whole window."""
        if not self._is_bad(settings) or self.bad_since is None:
            return False
        lasted_s = (self.bucket - self.bad_since) * settings.bucket_s
        return lasted_s >= settings.window_s and self.total_seen >= settings.min_records

    @property
    def total_seen(self) -> int:
        return self.run_seen + self.seen

    @property
    def total_bad(self) -> int:
        return self.run_bad + self.bad

    def clear(self) -> None:
        """Forget the run, as after a reset; what was folded stays known."""
        self.seen = self.bad = self.run_seen = self.run_bad = 0
        self.bad_since = None

    def _is_bad(self, settings: BreakerSettings) -> bool:
        return self.bad > settings.max_invalid_share * self.seen

    def _close_bucket(self, settings: BreakerSettings) -> None:
        if self.seen and self._is_bad(settings):
            if self.bad_since is None:
                self.bad_since = self.bucket
            self.run_seen += self.seen
            self.run_bad += self.bad
        elif self.seen:
            self.bad_since, self.run_seen, self.run_bad = None, 0, 0
        self.seen = self.bad = 0
