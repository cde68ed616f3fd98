"""One webhook: a bounded queue, and a task that empties it without hurry."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

import aiohttp

from dataquarantine import __version__, metrics
from dataquarantine.alerts.alert import Notice
from dataquarantine.settings import AlertChannel, AlertSettings

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
#: After about six minutes an alert is old news.
MAX_TRIES = 10
#: Answers that may differ the next time.
TRY_AGAIN = frozenset({408, 425, 429})


class Channel:
    """Sends notices to one URL, one after the other.

    A receiver that hangs or refuses holds up its own queue alone; what does not fit into it drops
    the oldest. The URL is a secret: no log line, no exception and no metric shows it.
    """

    def __init__(
        self,
        channel: AlertChannel,
        settings: AlertSettings,
        *,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self.name = channel.name
        self.owners = frozenset(channel.owners)
        self._url = channel.url.get_secret_value()
        self._slack = channel.form == "slack"
        self._timeout = aiohttp.ClientTimeout(total=settings.timeout_s)
        self._first_pause_s = first_pause_s
        self._queue: deque[Notice] = deque(maxlen=settings.max_queue)
        self._arrived = asyncio.Event()
        self._burst = settings.max_per_minute
        self._sent_at: deque[float] = deque(maxlen=settings.max_per_minute)

    def put(self, notice: Notice) -> None:
        """Take a notice; never waits."""
        if len(self._queue) == self._queue.maxlen:
            self._count("dropped")
        self._queue.append(notice)
        self._arrived.set()

    async def run(self) -> None:
        """Send what comes, for ever."""
        async with aiohttp.ClientSession(timeout=self._timeout) as session:
            while True:
                while not self._queue:
                    self._arrived.clear()
                    await self._arrived.wait()
                await self._keep_rate()
                await self._deliver(session, self._queue.popleft())

    async def _keep_rate(self) -> None:
        """Wait until fewer than `max_per_minute` went out within the last minute."""
        now = asyncio.get_running_loop().time
        if len(self._sent_at) == self._burst:
            await asyncio.sleep(max(0.0, self._sent_at[0] + 60.0 - now()))
        self._sent_at.append(now())

    async def _deliver(self, session: aiohttp.ClientSession, notice: Notice) -> None:
        pause_s = self._first_pause_s
        problem: str | None = ""
        for attempt in range(MAX_TRIES):
            if attempt:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            try:
                problem, again = await self._post(session, notice)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as exc:
                problem, again = type(exc).__name__, True  # its text would show the URL
            if problem is None:
                self._count("sent")
                return
            if not again:
                break
            if not attempt:
                logger.warning("Alert channel %s: %s, trying again", self.name, problem)
        self._count("failed")
        logger.error("Alert %s did not reach %s: %s", notice.alert.key, self.name, problem)

    async def _post(
        self, session: aiohttp.ClientSession, notice: Notice
    ) -> tuple[str | None, bool]:
        """Send once; returns what went wrong and whether another try may help."""
        body = notice.to_slack() if self._slack else notice.to_json()
        headers = {"User-Agent": f"dataquarantine/{__version__}"}
        # A redirect would carry the alert to a host that nobody named.
        async with session.post(
            self._url, json=body, headers=headers, allow_redirects=False
        ) as answer:
            if 200 <= answer.status < 300:
                return None, False
            return f"HTTP {answer.status}", answer.status >= 500 or answer.status in TRY_AGAIN

    def _count(self, outcome: str) -> None:
        metrics.ALERTS.labels(self.name, outcome).inc()
