"""Does on one worker what the table of breakers says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from dataquarantine import metrics
from dataquarantine.breaker.states import Breaker, BreakerState
from dataquarantine.stream.gate import Gate

HELD = "breaker"
LOOK_EVERY_S = 0.25


async def follow_breakers(
    breaker: Callable[[str], Breaker],
    sources: Iterable[str],
    assigned: Callable[[str], Iterable[int]],
    gate: Gate,
) -> None:
    """Hold and release sources, four times a second.

    Args: breaker: reads this worker's table. assigned: the partitions of a topic held here.
    """
    topics = list(sources)
    before = time.monotonic()
    while True:
        now = time.monotonic()
        for topic in topics:
            if apply(breaker(topic), assigned(topic), gate):
                metrics.PAUSED_SECONDS.labels(topic, HELD).inc(now - before)
        before = now
        await asyncio.sleep(LOOK_EVERY_S)


def apply(breaker: Breaker, assigned: Iterable[int], gate: Gate) -> bool:
    """Hold a source, or all of it but the partition on trial; tell whether anything is held."""
    topic, state = breaker.topic, breaker.state
    metrics.BREAKER_STATE.labels(topic).set(list(BreakerState).index(state))
    on_trial = None
    if state is BreakerState.HALF_OPEN and breaker.admitted is None:
        on_trial = min(assigned, default=None)
    held = state is BreakerState.OPEN or on_trial is not None
    gate.except_for(topic, on_trial)
    if held:
        gate.hold(topic, HELD)
    else:
        gate.release(topic, HELD)
    return held
