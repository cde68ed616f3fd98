"""A partition while this worker holds it: what was admitted, what is finished."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dataquarantine.records import Record, TopicPartition
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.gate import Allowance
from dataquarantine.stream.ledger import LedgerAccount

if TYPE_CHECKING:
    from dataquarantine.stream.transactions import TransactionalProducer

logger = logging.getLogger(__name__)


class PartitionOwner:
    """Tracks one partition from its assignment to its revocation.

    Chunks finish in any order; `committable` is the end of the longest run of finished ones. An
    owner is made anew at each assignment, so nothing of an older generation can move it.
    """

    def __init__(
        self,
        tp: TopicPartition,
        generation: int,
        allowance: Allowance,
        account: LedgerAccount | None = None,
    ) -> None:
        self.tp = tp
        self.account = account
        self.generation = generation
        self.first_offset: int | None = None  # of what was admitted
        self.next_offset: int | None = None  # what must be admitted next; None before the first
        self.committable: int | None = None
        self.committed: int | None = None
        self.ending = False  # nothing more is taken; what is on its way still finishes
        self.closed = False
        self.outlet: TransactionalProducer | None = None  # None: the one of all partitions
        self._allowance = allowance
        self._pending: deque[Chunk] = deque()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def is_open(self) -> bool:
        """Whether records may be fetched: not until a producer of its own took the partition."""
        return self.outlet is None or self.outlet.is_open

    @property
    def oldest(self) -> Chunk | None:
        """The first chunk that is not finished."""
        return self._pending[0] if self._pending else None

    def begin_at(self, committed: int | None) -> None:
        """Admit nothing below an offset; None: begin at the first record that is fetched.

        Raises: RuntimeError when records were admitted before: some would be read twice.
        """
        if self.first_offset is not None:
            raise RuntimeError(f"{self.tp} was read before it was known where to begin")
        if committed is not None:
            self.next_offset = self.committable = self.committed = committed

    @property
    def covered(self) -> int | None:
        """What may be committed: what is finished and, for a source, in the ledger."""
        return self.committable if self.account is None else self.account.covered

    @property
    def is_dirty(self) -> bool:
        """Whether something finished is not committed yet."""
        return self.committable is not None and self.committable != self.committed

    @property
    def is_settled(self) -> bool:
        """Whether nothing is on its way and all that finished is committed."""
        if self.is_dirty or (self.account is not None and self.account.pending is not None):
            return False
        return not any(chunk.submitted and not chunk.finished for chunk in self._pending)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being worked on."""
        return not self._pending and not self.is_dirty

    @property
    def start(self) -> int | None:
        """Where whoever reads the partition anew must begin; None when nothing was read."""
        return self.first_offset if self.committable is None else self.committable

    def admit(self, records: Sequence[Record]) -> Chunk | None:
        """Take fetched records, without those that were admitted before.

        aiokafka may fetch from a position that is older than ours (a seek to the committed offset
        while chunks are in flight). Returns None when nothing new is left, when the owner ends, is
        closed or not open yet.
        """
        if self.ending or self.closed or not self.is_open:
            return None
        if self.next_offset is not None and records[0].offset < self.next_offset:
            records = [r for r in records if r.offset >= self.next_offset]
            if not records:
                return None
        chunk = Chunk(records, self)
        if self.first_offset is None:
            self.first_offset = records[0].offset
        self.next_offset = chunk.next_offset
        self._pending.append(chunk)
        self._allowance.take(chunk.size_bytes)
        return chunk

    def finish(self, chunk: Chunk) -> None:
        """Mark a chunk as done and move `committable` over the run of finished ones."""
        if self.closed or chunk.finished:
            return
        chunk.finished = True
        pending = self._pending
        while pending and pending[0].finished:
            done = pending.popleft()
            self.committable = done.next_offset
            self._allowance.give_back(done.size_bytes)
            if self.account is not None and self.outlet is None:
                self.account.add(done)
        if not any(c.submitted and not c.finished for c in pending):
            self._idle.set()

    async def drain(self, timeout_s: float) -> bool:
        """Wait until all submitted chunks are finished; False when the time was not enough."""
        if not any(c.submitted and not c.finished for c in self._pending):
            return True
        self._idle.clear()
        try:
            await asyncio.wait_for(self._idle.wait(), timeout_s)
        except TimeoutError:
            logger.warning(
                "Outputs of %s were not acknowledged in %g s",
                self.tp,
                timeout_s,
                extra={"action": "drain_timed_out"},
            )
            return False
        return True

    def end(self) -> None:
        """Take nothing more: a chunk that is not submitted by now is stale.

        Its outputs would be acknowledged after the last commit, and come out twice.
        """
        self.ending = True

    def close(self) -> None:
        """Give the partition up: what is unfinished is dropped and will be read again."""
        self.closed = True
        for chunk in self._pending:
            self._allowance.give_back(chunk.size_bytes)
        self._pending.clear()
        self._idle.set()
