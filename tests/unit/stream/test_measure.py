"""Figures of the flow."""

from __future__ import annotations

import asyncio
import time

from dataquarantine.stream.measure import LoopLag


async def test_loop_lag_is_how_long_the_loop_was_kept_busy() -> None:
    lag = LoopLag()
    watching = asyncio.create_task(lag.watch())
    await asyncio.sleep(0)

    time.sleep(0.3)  # this is what it measures
    await asyncio.sleep(0.01)

    assert lag.take() >= 0.2
    assert lag.take() == 0.0
    watching.cancel()
