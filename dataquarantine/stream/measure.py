"""Figures of the flow that no chunk brings along: lag, commit age, whether the broker takes us."""

from __future__ import annotations

import asyncio
from typing import Any

from dataquarantine import metrics
from dataquarantine.stream.gate import Gate
from dataquarantine.stream.producer import RoundProducer

EVERY_S = 2.0
#: A produce round that takes longer than this means that the broker does not take our records.
KAFKA_DOWN_AFTER_S = 5.0


#: How often the loop is asked whether it answers in time.
ASK_EVERY_S = 0.05


class LoopLag:
    """How late the event loop came back to who waits: the longest time it was kept busy."""

    def __init__(self) -> None:
        self._worst_s = 0.0

    async def watch(self) -> None:
        """Ask the loop again and again.

        Cost: 20 wake-ups a second.
        """
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + ASK_EVERY_S
            await asyncio.sleep(ASK_EVERY_S)
            self._worst_s = max(self._worst_s, loop.time() - due)

    def take(self) -> float:
        """Return the worst since the last call."""
        worst, self._worst_s = self._worst_s, 0.0
        return worst


async def measure_forever(app: Any, gate: Gate, producer: RoundProducer) -> None:
    """Set the gauges every two seconds."""
    commits = CommitAges()
    lag = LoopLag()
    app.add_future(lag.watch())
    while True:
        await asyncio.sleep(EVERY_S)
        outlets = [o.outlet for o in app.consumer.owners.values() if o.outlet is not None]
        waiting_s = max(each.waiting_s for each in (producer, *outlets))
        metrics.KAFKA_UP.set(waiting_s < KAFKA_DOWN_AFTER_S)
        metrics.LOOP_LAG_SECONDS.set(lag.take())
        metrics.LAG.clear()
        metrics.COMMIT_AGE_SECONDS.clear()
        now = app.loop.time()
        for tp, owner in list(app.consumer.owners.items()):
            end = app.consumer.highwater(tp)
            if end is None or owner.committed is None:
                continue  # unknown is not 0
            behind = max(0, end - owner.committed)
            labels = (tp.topic, str(tp.partition))
            state = "paused" if gate.reasons(tp.topic) else "flowing"
            metrics.LAG.labels(*labels, state).set(behind)
            due = 0 if state == "paused" else behind  # a topic that is held does not stall
            age_s = commits.age_s(owner.tp, owner.committed, due, now)
            metrics.COMMIT_AGE_SECONDS.labels(*labels).set(age_s)


class CommitAges:
    """How long a partition's committed offset has stood still while there was lag."""

    def __init__(self) -> None:
        self._moved: dict[tuple[str, int], tuple[int, float]] = {}

    def age_s(self, tp: tuple[str, int], committed: int, lag: int, now: float) -> float:
        """Note a committed offset; 0 when it moved or nothing waits."""
        last = self._moved.get(tp)
        if last is None or last[0] != committed or lag == 0:
            self._moved[tp] = (committed, now)
            return 0.0
        return now - last[1]
