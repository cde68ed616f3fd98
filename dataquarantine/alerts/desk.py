"""Who is told of what, and how often."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from dataquarantine.alerts.alert import Alert, AlertKind, Notice
from dataquarantine.alerts.channel import Channel
from dataquarantine.clock import Clock
from dataquarantine.settings import Settings

logger = logging.getLogger(__name__)


class AlertDesk:
    """Tells each alert once, again after `repeat_after_s` while it lasts, and its end.

    Costs a look-up while nothing changes; sending happens elsewhere.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        worker: str,
        channels: Sequence[Channel] | None = None,
    ) -> None:
        alerts = settings.alerts
        self.channels = (
            [Channel(each, alerts) for each in alerts.channels]
            if channels is None
            else list(channels)
        )
        self._repeat_after_s = alerts.repeat_after_s
        self._clock = clock
        self._cluster_id = settings.cluster_id
        self._worker = worker
        self._firing: dict[str, tuple[Alert, float]] = {}

    def fire(self, alert: Alert) -> None:
        """Say that something is wrong; say it as often as you like."""
        told = self._firing.get(alert.key)
        now = self._clock.monotonic()
        if told is not None and now - told[1] < self._repeat_after_s:
            return
        self._firing[alert.key] = (alert, now)
        if told is None:
            logger.error("Alert %s: %s", alert.key, alert.summary)
        self._tell(alert, resolved=False)

    def resolve(self, kind: AlertKind, subject: str) -> None:
        """Say that it is over; nothing happens when it was not firing."""
        told = self._firing.pop(f"{kind}/{subject}", None)
        if told is not None:
            logger.warning("Alert %s/%s is over", kind, subject)
            self._tell(told[0], resolved=True)

    def forget(self, kind: AlertKind, subject: str) -> None:
        """Leave an alert to another worker."""
        self._firing.pop(f"{kind}/{subject}", None)

    async def run(self) -> None:
        """Send what comes to every channel, for ever."""
        await asyncio.gather(*(channel.run() for channel in self.channels))

    def _tell(self, alert: Alert, *, resolved: bool) -> None:
        notice = Notice(alert, resolved, self._clock.now(), self._cluster_id, self._worker)
        for channel in self._channels_for(alert):
            channel.put(notice)

    def _channels_for(self, alert: Alert) -> list[Channel]:
        """Pick the channels of the owners; those without owners take what is left."""
        owners = frozenset(alert.owners)
        named = [channel for channel in self.channels if channel.owners & owners]
        return named or [channel for channel in self.channels if not channel.owners]
