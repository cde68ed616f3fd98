"""From the spool to the stores."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from typing import TypeVar

import msgspec

from dataquarantine import metrics
from dataquarantine.clock import Clock
from dataquarantine.errors import SinkRejected, SinkUnavailable
from dataquarantine.store import spooled
from dataquarantine.store.availability import Availability
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.row import StoredMark
from dataquarantine.store.rows import PostgresRows
from dataquarantine.store.spool import Spool, SpoolQueue
from dataquarantine.store.spooled import SpooledPayload

logger = logging.getLogger(__name__)

ROWS_PER_BATCH = 1000
PAYLOADS_PER_BATCH = 32

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Drained:
    """How many lines left the spool."""

    rows: int = 0
    payloads: int = 0


class SpoolDrainer:
    """Empties the spool in order, whichever store is back. Blocking: call it in a thread."""

    def __init__(
        self,
        spool: Spool,
        objects: ObjectStore,
        rows: PostgresRows,
        *,
        objects_up: Availability,
        rows_up: Availability,
        clock: Clock,
    ) -> None:
        self._spool = spool
        self._objects = objects
        self._rows = rows
        self._objects_up = objects_up
        self._rows_up = rows_up
        self._clock = clock
        self._stopped = threading.Event()

    def run_once(self) -> Drained:
        """Drain until nothing is left or a store does not answer; never raises for the latter.

        With its own spool empty it takes what dead processes left beside it.
        """
        drained = self._drain(self._spool)
        if not (self._spool.rows.lines or self._spool.payloads.lines):
            for orphan in self._spool.orphans():
                more = self._drain(orphan)
                drained = Drained(drained.rows + more.rows, drained.payloads + more.payloads)
        return drained

    def stop(self) -> None:
        """Let a running `run_once` end after its current batch."""
        self._stopped.set()

    def _drain(self, spool: Spool) -> Drained:
        # Payloads first: the marks they leave follow their rows.
        payloads = self._drain_queue(
            spool.payloads,
            self._objects_up,
            partial(self._send_payloads, spool),
            PAYLOADS_PER_BATCH,
        )
        rows = self._drain_queue(
            spool.rows, self._rows_up, partial(self._send_rows, spool), ROWS_PER_BATCH
        )
        if rows or payloads:
            logger.info(
                "Drained %d rows and %d payloads from the spool; %d entries wait",
                rows,
                payloads,
                spool.records,
                extra={"action": "spool_drained", "rows": rows, "payloads": payloads},
            )
        return Drained(rows, payloads)

    def _drain_queue(
        self, queue: SpoolQueue, up: Availability, send: Callable[[list[bytes]], None], size: int
    ) -> int:
        """Send segments, each from its start until it went as a whole; returns lines gone."""
        if not queue.lines or not up.worth_a_try:
            return 0
        gone = 0
        for segment in queue.sealed():
            lines = queue.read(segment)
            try:
                while batch := list(islice(lines, size)):
                    if self._stopped.is_set():
                        return gone
                    send(batch)
            except SinkUnavailable as exc:
                up.failed()
                metrics.SINK_ERRORS.labels(exc.sink).inc()
                logger.warning(
                    "%d spooled entries wait: %s", queue.lines, exc, extra={"action": "spool_waits"}
                )
                return gone
            up.worked()
            gone += queue.remove(segment)
        return gone

    def _send_payloads(self, spool: Spool, lines: list[bytes]) -> None:
        read = [(line, self._read(spool, line, spooled.read_payload)) for line in lines]
        payloads = self._without_purged(
            [(line, payload) for line, payload in read if payload is not None]
        )
        arrived: list[StoredMark] = []
        away: SinkUnavailable | None = None
        problems = self._objects.put_all([payload.item for _, payload in payloads])
        for (line, payload), problem in zip(payloads, problems, strict=True):
            if problem is None:
                arrived.extend(payload.marks)
            elif isinstance(problem, SinkRejected):
                spool.set_aside(line, str(problem))
            else:
                away = problem
        self._mark(spool, arrived)
        if away is not None:
            raise away

    def _without_purged(
        self, payloads: list[tuple[bytes, SpooledPayload]]
    ) -> list[tuple[bytes, SpooledPayload]]:
        """Drop what was purged while it waited; unknown while Postgres is away, `gc` has it then.

        A segment goes as long as one of its records may.
        """
        if not self._rows_up.worth_a_try:
            return payloads
        ids = [mark.id for _, payload in payloads for mark in payload.marks]
        try:
            purged = self._rows.purged(ids)
        except SinkUnavailable:
            self._rows_up.failed()
            return payloads
        return [
            (line, payload)
            for line, payload in payloads
            if not payload.marks or any(mark.id not in purged for mark in payload.marks)
        ]

    def _mark(self, spool: Spool, marks: Sequence[StoredMark]) -> None:
        """Tell the rows at once, or behind those that wait, so that a mark follows its row."""
        if not marks:
            return
        if not spool.rows.lines and self._rows_up.worth_a_try:
            try:
                self._rows.mark_stored(marks, self._clock.now())
                return
            except SinkUnavailable:
                self._rows_up.failed()
        spool.rows.append([spooled.marks_line(marks)])

    def _send_rows(self, spool: Spool, lines: list[bytes]) -> None:
        read = [self._read(spool, line, spooled.read_row) for line in lines]
        for is_row, run in groupby(
            (entry for entry in read if entry is not None),
            key=lambda entry: isinstance(entry, spooled.SpooledRow),
        ):
            if is_row:
                rows = [e.row for e in run if isinstance(e, spooled.SpooledRow)]
                for row in self._rows.insert(rows).refused:
                    spool.set_aside(spooled.row_line(row), "Postgres refuses even its reduced form")
                continue
            marks = [m for e in run if isinstance(e, spooled.SpooledMarks) for m in e.marks]
            self._rows.mark_stored(marks, self._clock.now())

    def _read(self, spool: Spool, line: bytes, read: Callable[[bytes], T]) -> T | None:
        try:
            return read(line)
        except msgspec.MsgspecError as exc:
            spool.set_aside(line, f"damaged: {exc}")
            return None
