"""What the sink does beside its records: drain the spool, sum up counts, tend the partitions."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from dataquarantine import metrics
from dataquarantine.clock import Clock
from dataquarantine.errors import SinkUnavailable
from dataquarantine.store.backlog import Backlog
from dataquarantine.store.drain import SpoolDrainer
from dataquarantine.store.incident_book import IncidentBook
from dataquarantine.store.partitions import Partitions
from dataquarantine.store.record_counts import RecordCounts

logger = logging.getLogger(__name__)

DRAIN_EVERY_S = 1.0
FOLD_EVERY_S = 10.0
MAINTAIN_EVERY_S = 60.0


class Housekeeper:
    """Looks after spool, partitions, incidents and counts in a thread of its own until stopped."""

    def __init__(
        self,
        drainer: SpoolDrainer,
        partitions: Partitions,
        incidents: IncidentBook,
        counts: RecordCounts,
        backlog: Callable[[datetime], Backlog],
        clock: Clock,
    ) -> None:
        self._drainer = drainer
        self._partitions = partitions
        self._incidents = incidents
        self._counts = counts
        self._backlog = backlog
        self._clock = clock
        self._stop = threading.Event()
        self._next_fold_s = self._next_maintenance_s = clock.monotonic()
        # A daemon: a worker that crashed must end; what is cut off here is repeated.
        self._thread = threading.Thread(
            target=self._run, name="quarantine-housekeeping", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after the batch that is under way."""
        self._stop.set()
        self._drainer.stop()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(DRAIN_EVERY_S):
            try:
                self._drainer.run_once()
                self._fold()
                self._maintain()
            except Exception:
                # The outermost loop of this thread: records stay in the spool, next round tries.
                logger.exception(
                    "Housekeeping of the quarantine failed; it goes on",
                    extra={"action": "housekeeping_failed"},
                )

    def _fold(self) -> None:
        if self._clock.monotonic() < self._next_fold_s:
            return
        self._next_fold_s = self._clock.monotonic() + FOLD_EVERY_S
        try:
            self._counts.fold()
        except SinkUnavailable as exc:
            logger.debug("Counts are not summed up now: %s", exc)

    def _maintain(self) -> None:
        if self._clock.monotonic() < self._next_maintenance_s:
            return
        self._next_maintenance_s = self._clock.monotonic() + MAINTAIN_EVERY_S
        now = self._clock.now()
        try:
            done = self._partitions.maintain(now)
            self._incidents.move_on(now)
            metrics.show_backlog(self._backlog(now))
        except SinkUnavailable as exc:
            logger.warning(
                "Partitions and incidents are not maintained now: %s",
                exc,
                extra={"action": "maintenance_waits"},
            )
            return
        if done.made or done.dropped or done.deleted:
            logger.info(
                "Made %d day partitions, dropped %d, deleted %d expired rows",
                done.made,
                done.dropped,
                done.deleted,
                extra={"action": "partitions_maintained"},
            )
