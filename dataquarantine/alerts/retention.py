"""How long until retention deletes records that nobody has read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from dataquarantine import metrics
from dataquarantine.clock import Clock
from dataquarantine.records import TopicPartition
from dataquarantine.settings import Settings
from dataquarantine.stream.probe import Probe
from dataquarantine.topics import TopicsRefused, retention_ms

logger = logging.getLogger(__name__)

EVERY_S = 60.0


class RetentionWatch:
    """Asks once a minute about partitions that are closed or stand still.

    The broker deletes whole segments, so the truth is a little later; a topic that is bounded by
    bytes alone is not foreseen.
    """

    def __init__(self, settings: Settings, probe: Probe, clock: Clock) -> None:
        self._settings = settings
        self._probe = probe
        self._clock = clock
        self.left_s: Mapping[str, float] = {}

    async def run(self, unread: Callable[[], Awaitable[Mapping[TopicPartition, int]]]) -> None:
        """Look for ever.

        Args: unread: tells where partitions stand that are closed or stalled and have lag.
        """
        while True:
            await asyncio.sleep(EVERY_S)
            await self.look(await unread())

    async def look(self, unread: Mapping[TopicPartition, int]) -> None:
        """Look once; what can't be known keeps its last figure."""
        metrics.RETENTION_LEFT_SECONDS.clear()
        if not unread:
            self.left_s = {}
            return
        try:
            kept_ms = await retention_ms(self._settings, {tp.topic for tp in unread})
        except TopicsRefused as exc:
            logger.warning("Retention is not known: %s", exc)
            return
        now_ms = self._clock.now().timestamp() * 1000
        left_s: dict[str, float] = {}
        for tp, produced_ms in (await self._probe.timestamps_ms(unread)).items():
            if produced_ms < 0 or tp.topic not in kept_ms:
                continue
            left = max(0.0, (produced_ms + kept_ms[tp.topic] - now_ms) / 1000)
            metrics.RETENTION_LEFT_SECONDS.labels(tp.topic, str(tp.partition)).set(left)
            left_s[tp.topic] = min(left, left_s.get(tp.topic, left))
        self.left_s = left_s
