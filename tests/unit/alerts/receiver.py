"""A webhook receiver on loopback that answers, refuses or hangs as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any

from aiohttp import web


class Receiver:
    """Answers with the statuses of `answers`, then with 200; None hangs until the end."""

    def __init__(self, *answers: int | None) -> None:
        self.answers = list(answers)
        self.taken: list[dict[str, Any]] = []
        self.tries = 0
        self.url = ""
        self._ended = asyncio.Event()

    async def __aenter__(self) -> Receiver:
        app = web.Application()
        app.router.add_post("/hook/secret-token", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/hook/secret-token"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._ended.set()
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        self.tries += 1
        status = self.answers.pop(0) if self.answers else 200
        if status is None:
            await self._ended.wait()
            status = 200
        if status == 200:
            self.taken.append(json.loads(await request.read()))
        headers = {"Location": "http://127.0.0.1:1/"} if status == 302 else {}
        return web.Response(status=status, headers=headers)


async def until(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)
