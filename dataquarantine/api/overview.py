"""The cluster's figures: `/api/v1/overview`, `/live` and `/topics`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator

from dataquarantine.api.access import Access
from dataquarantine.api.cluster import Cluster
from dataquarantine.api.errors import ApiError
from dataquarantine.api.http import EVENTS, Request, Stream
from dataquarantine.api.identity import Identity
from dataquarantine.api.overview_models import Overview, Topics
from dataquarantine.api.routes import route

logger = logging.getLogger(__name__)

EVERY_S = 1.0
MOST_LISTENERS = 200
MAX_EVENT_BYTES = 32 * 1024
#: A token that was revoked ends its stream after so many events.
_CHECK_EVERY = 5


class Live:
    """Makes one event a second for all listeners; with nobody listening, none."""

    def __init__(self, cluster: Cluster, access: Access) -> None:
        self._cluster = cluster
        self._access = access
        self._listeners = 0
        self._event = b""
        self._made = asyncio.Condition()
        self._making: asyncio.Task[None] | None = None
        self._is_closed = False

    async def events(self, identity: Identity) -> AsyncGenerator[bytes, None]:
        """Yield the present event and each that follows; a slow listener misses some."""
        self._listeners += 1
        try:
            if self._making is None or self._making.done():
                self._making = asyncio.create_task(self._make())
            sent = 0
            while not self._is_closed:
                async with self._made:
                    await self._made.wait()
                if self._is_closed:
                    return
                yield self._event
                sent += 1
                if sent % _CHECK_EVERY == 0 and not await self._access.still_knows(identity):
                    return
        finally:
            self._listeners -= 1

    @property
    def is_full(self) -> bool:
        return self._listeners >= MOST_LISTENERS

    async def close(self) -> None:
        """End all streams."""
        self._is_closed = True
        async with self._made:
            self._made.notify_all()

    async def _make(self) -> None:
        while self._listeners and not self._is_closed:
            try:
                self._event = as_event(await self._cluster.overview())
            except Exception:  # the outermost frame of this task; the next second may do better
                logger.exception(
                    "The live figures could not be made", extra={"action": "live_figures_failed"}
                )
            else:
                async with self._made:
                    self._made.notify_all()
            await asyncio.sleep(EVERY_S)


def as_event(overview: Overview) -> bytes:
    """Write a server-sent event of at most 32 kB; what there is too much of is cut."""
    while True:
        body = overview.model_dump_json(by_alias=True).encode()
        if len(body) < MAX_EVENT_BYTES - 64 or not (overview.partitions or overview.series):
            return b"event: overview\ndata: " + body + b"\n\n"
        kept = overview.partitions[: len(overview.partitions) // 2]
        left_out = overview.partitions_left_out + len(overview.partitions) - len(kept)
        series = overview.series if kept else overview.series[len(overview.series) // 2 + 1 :]
        changes = {"partitions": kept, "partitions_left_out": left_out, "series": series}
        overview = overview.model_copy(update=changes)


class OverviewViews:
    """Shows the cluster."""

    def __init__(self, cluster: Cluster, live: Live) -> None:
        self._cluster = cluster
        self._live = live

    @route("GET", "/overview", "Show the cluster's figures")
    async def overview(self, request: Request) -> Overview:
        return await self._cluster.overview()

    @route("GET", "/live", "Follow the cluster's figures", media=EVENTS)
    async def live(self, request: Request) -> Stream:
        """Server-sent events named `overview`, one a second, each as `/overview` answers."""
        if self._live.is_full:
            raise ApiError(503, 50304, f"{MOST_LISTENERS} listen already; ask another worker")
        return Stream(self._live.events(request.identity))

    @route("GET", "/topics", "List the topics with their partitions")
    async def topics(self, request: Request) -> Topics:
        return await self._cluster.topics()
