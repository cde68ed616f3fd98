"""What the ledger says of one partition: counted as chunks finish, cut into entries."""

from __future__ import annotations

import asyncio
import copy
from collections import Counter
from typing import Any

import msgspec
from aiokafka.errors import KafkaError

from dataquarantine import __version__
from dataquarantine.audit.entry import LedgerEntry, SchemaCounts, read_ledger
from dataquarantine.clock import Clock
from dataquarantine.records import TopicPartition
from dataquarantine.stream.chunk import Chunk
from dataquarantine.validation.tally import Tally

#: An entry a second and partition at most; a little less, as the commit's tick is not exact.
EVERY_S = 0.9


class LedgerAccount:
    """What finished on a partition since its last ledger entry, from assignment to revocation.

    covered: the end of what the ledger has; no later offset may be committed.
    """

    def __init__(self, tp: TopicPartition, generation: int, mode: str) -> None:
        self.tp = tp
        self.generation = generation
        self.mode = mode
        self.covered: int | None = None
        self.first_offset: int | None = None
        self.gaps: list[tuple[int, int]] = []
        self.pending: LedgerEntry | None = None
        self.acknowledged: asyncio.Future[Any] | None = None
        self.cut_at = 0.0
        self._first_record: int | None = None
        self._end: int | None = None
        self._reset()

    def add(self, chunk: Chunk) -> None:
        """Count a finished chunk; they come in order.

        Cost: a few additions a chunk.
        Raises: RuntimeError when it begins before the end of the one before, so that what would
        be twice in the outputs is never committed.
        """
        first = chunk.records[0].offset
        if self._first_record is None:
            self._first_record = first
        elif self._end is not None and first > self._end:
            self.gaps.append((self._end, first))
        elif self._end is not None and first < self._end:
            raise RuntimeError(f"{chunk!r} begins before {self._end}, where the one before ended")
        self._end = chunk.next_offset
        self._seen += len(chunk.records)
        tally = chunk.tally
        if tally is None:
            self._sums["unjudged"] += len(chunk.records)
        else:
            self._add_tally(tally)

    def open_at(self, committed: int | None, note: str = "") -> None:
        """Begin where the owner before ended; with nobody before, at the first record.

        Args: note: what it left with its last offset, see `note`; it is taken over.
        """
        first = self._first_record
        if first is None:
            raise RuntimeError("a ledger account is opened by its first chunk")
        self.first_offset = first if committed is None else min(committed, first)
        if self.first_offset < first:
            self.gaps.append((self.first_offset, first))
        left = read_ledger(note.encode()) if note else None
        if isinstance(left, LedgerEntry) and left.next_offset == committed == self.first_offset:
            self._take_over(left)

    def close_gaps(self, expired: int) -> None:
        """Take note of how many offsets of the gaps so far were gone before they were read."""
        self._expired_before += expired
        self.gaps = []

    def note(self, clock: Clock, worker: str) -> bytes:
        """Write down what no entry tells yet, to be committed with the offset."""
        return msgspec.json.encode(self._entry(clock, worker, 0))

    def copy(self) -> LedgerAccount:
        """Make an account for trial: a transaction may fail."""
        twin = copy.copy(self)
        twin.gaps = list(self.gaps)
        twin._sums, twin._codes = self._sums.copy(), self._codes.copy()  # noqa: SLF001
        twin._schemas, twin._valid = self._schemas.copy(), self._valid.copy()  # noqa: SLF001
        return twin

    def is_due(self, now: float, *, at_once: bool) -> bool:
        """Whether an entry is to be cut."""
        if self.pending is not None or self._end is None or self._end == self.first_offset:
            return False
        return at_once or now - self.cut_at >= EVERY_S

    def cut(self, now: float, clock: Clock, worker: str, *, expired: int) -> LedgerEntry:
        """End a range and begin the next."""
        entry = self._entry(clock, worker, expired)
        self.first_offset = self._end
        self.pending, self.cut_at = entry, now
        self._reset()
        return entry

    def _entry(self, clock: Clock, worker: str, expired: int) -> LedgerEntry:
        if self.first_offset is None or self._end is None:
            raise RuntimeError("a ledger account is cut before it was opened")
        sums = self._sums
        return LedgerEntry(
            topic=self.tp.topic,
            partition=self.tp.partition,
            generation=self.generation,
            first_offset=self.first_offset,
            next_offset=self._end,
            seen=self._seen,
            valid=sums["valid"],
            invalid=sums["invalid"],
            error=sums["error"],
            tombstone_forwarded=sums["tombstones"],
            remediated=sums["remediated"],
            unjudged=sums["unjudged"],
            expired=expired + self._expired_before,
            schemas={n: SchemaCounts(c, self._valid[n]) for n, c in self._schemas.items()},
            codes=dict(self._codes),
            mode=self.mode,
            worker=worker,
            gateway_version=__version__,
            at=clock.now(),
        )

    def _take_over(self, left: LedgerEntry) -> None:
        """Go on with the range that the owner before had not ended."""
        self.first_offset = left.first_offset
        self._seen += left.seen
        self._expired_before = left.expired
        self._sums.update(
            valid=left.valid,
            invalid=left.invalid,
            error=left.error,
            tombstones=left.tombstone_forwarded,
            remediated=left.remediated,
            unjudged=left.unjudged,
        )
        self._codes.update(left.codes)
        for reference, counts in left.schemas.items():
            self._schemas[reference] += counts.seen
            self._valid[reference] += counts.valid

    def settle(self) -> KafkaError | None:
        """Take note of an acknowledgement; returns what went wrong, then it is sent again."""
        if self.pending is None or self.acknowledged is None or not self.acknowledged.done():
            return None
        acknowledged, self.acknowledged = self.acknowledged, None
        problem = acknowledged.exception()
        if problem is None:
            self.covered, self.pending = self.pending.next_offset, None
            return None
        if not isinstance(problem, KafkaError):
            raise problem
        return problem

    def _add_tally(self, tally: Tally) -> None:
        sums = self._sums
        sums["valid"] += tally.valid
        sums["invalid"] += tally.invalid
        sums["error"] += tally.error
        sums["tombstones"] += tally.tombstones_forwarded
        sums["remediated"] += tally.remediated
        for reference, schema in tally.schemas.items():
            self._schemas[reference] += schema.processed
            self._valid[reference] += schema.valid
            for code, count in schema.codes.items():
                self._codes[code.value] += count

    def _reset(self) -> None:
        self._seen = 0
        self._expired_before = 0
        self._sums: Counter[str] = Counter()
        self._schemas: Counter[str] = Counter()
        self._valid: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self.gaps = []
