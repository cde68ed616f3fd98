"""What the sink does beside its records: drain the spool, make and drop partitions."""

from __future__ import annotations

import logging
import threading

from dataquarantine.clock import Clock
from dataquarantine.errors import SinkUnavailable
from dataquarantine.store.drain import SpoolDrainer
from dataquarantine.store.partitions import Partitions

logger = logging.getLogger(__name__)

DRAIN_EVERY_S = 1.0
MAINTAIN_EVERY_S = 3600.0
MAINTAIN_AGAIN_AFTER_FAILURE_S = 60.0


class Housekeeper:
    """Looks after spool and partitions in a thread of its own until stopped."""

    def __init__(self, drainer: SpoolDrainer, partitions: Partitions, clock: Clock) -> None:
        self._drainer = drainer
        self._partitions = partitions
        self._clock = clock
        self._stop = threading.Event()
        self._next_maintenance_s = clock.monotonic()
        self._thread = threading.Thread(target=self._run, name="quarantine-housekeeping")

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
                self._maintain()
            except Exception:
                # The outermost loop of this thread: records stay in the spool, next round tries.
                logger.exception("Housekeeping of the quarantine failed; it goes on")

    def _maintain(self) -> None:
        if self._clock.monotonic() < self._next_maintenance_s:
            return
        try:
            done = self._partitions.maintain(self._clock.now())
        except SinkUnavailable as exc:
            self._next_maintenance_s = self._clock.monotonic() + MAINTAIN_AGAIN_AFTER_FAILURE_S
            logger.warning("Partitions are not maintained now: %s", exc)
            return
        self._next_maintenance_s = self._clock.monotonic() + MAINTAIN_EVERY_S
        if done.made or done.dropped or done.deleted:
            logger.info(
                "Made %d day partitions, dropped %d, deleted %d expired rows",
                done.made,
                done.dropped,
                done.deleted,
                extra={"action": "partitions_maintained"},
            )
