"""Does on one worker what the table of breakers says."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec
from aiokafka.errors import KafkaError

from dataquarantine import metrics
from dataquarantine.breaker.flood import FloodGuard
from dataquarantine.breaker.states import Breaker, BreakerState, Trip
from dataquarantine.stream.gate import Gate, Pace, Trial

logger = logging.getLogger(__name__)

HELD = "breaker"
LOOK_EVERY_S = 0.25
#: A request that nobody answered (the writer of the table was killed) is sent again.
ASK_EVERY_S = 2.0
#: A partition on trial that delivers nothing for so long gives its turn to the next one.
TRIAL_PATIENCE_S = 5.0


class Consumer(Protocol):
    """What is needed of the worker's consumer."""

    @property
    def owners(self) -> Mapping[Any, Any]:
        """Partition (with `topic` and `partition`) -> its owner (with `generation`)."""

    def rewind(self, topic: str) -> Awaitable[bool]:
        """Drop what is in flight and go back to what is committed; False: not yet."""


class Gatekeeper:
    """Holds and releases the sources of one worker, four times a second.

    Every source is held until the table was read once: nothing is fetched past an open breaker.

    Args: sources: the topics. breaker: reads this worker's table. consumer: None while partitions
        move and tables recover. ask: puts a request on the control topic. partitions: counts those
        of a topic.
    """

    def __init__(
        self,
        sources: Iterable[str],
        breaker: Callable[[str], Breaker],
        gate: Gate,
        flood: FloodGuard,
        consumer: Callable[[], Consumer | None],
        *,
        trial_records: int,
        ask: Callable[[str, msgspec.Struct], Awaitable[None]],
        partitions: Callable[[str], Awaitable[int]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._breaker = breaker
        self._gate = gate
        self._flood = flood
        self._consumer = consumer
        self._trial_records = trial_records
        self._ask = ask
        self._partitions = partitions
        self._clock = clock
        self._states: dict[str, BreakerState] = {}
        self._asked: dict[str, float] = {}
        self._trials: dict[str, TrialTurn] = {}
        self._sources = tuple(sources)
        for topic in self._sources:
            gate.hold(topic, HELD)

    async def run(self) -> None:
        """Look after all sources, each by itself: one that waits holds up no other."""
        await asyncio.gather(*(self._follow(topic) for topic in self._sources))

    async def _follow(self, topic: str) -> None:
        while True:
            started = self._clock()
            consumer = self._consumer()
            if consumer is not None and consumer.owners:
                await self.look(topic, consumer)
            await asyncio.sleep(LOOK_EVERY_S)
            if self._states.get(topic, BreakerState.CLOSED) is BreakerState.OPEN:
                metrics.PAUSED_SECONDS.labels(topic, HELD).inc(self._clock() - started)

    async def look(self, topic: str, consumer: Consumer) -> None:
        """Do what the table says about one source."""
        breaker = self._breaker(topic)
        before, self._states[topic] = self._states.get(topic), breaker.state
        metrics.BREAKER_STATE.labels(topic).set(list(BreakerState).index(breaker.state))
        if breaker.state is BreakerState.OPEN and before is not BreakerState.OPEN:
            self._gate.hold(topic, HELD)
            self._flood.drop(topic)
        if (trip := self._flood.trip(topic)) is not None:
            await self._insist(topic, breaker, trip)
        if self._flood.withholds(topic):
            if not await consumer.rewind(topic):
                return
            self._flood.dropped(topic)
            logger.info("What was in flight of %s is dropped and will be read again", topic)
        if self._flood.trip(topic) is None:
            await self._apply(breaker, consumer)

    async def _insist(self, topic: str, breaker: Breaker, trip: Trip) -> None:
        """Ask for a source to be closed until its breaker moves."""
        known: datetime | None = trip.since
        asked_at = self._asked.get(topic)
        moved = asked_at is not None and breaker.since != known
        if breaker.state is BreakerState.OPEN or moved:
            self._asked.pop(topic, None)
            self._flood.answered(topic)
        elif asked_at is None or self._clock() - asked_at >= ASK_EVERY_S:
            self._asked[topic] = self._clock()
            asking = self._flood.ask(topic, breaker.since)
            try:
                await self._ask(topic, asking)
            except (KafkaError, TimeoutError) as exc:
                logger.warning("The breaker of %s is not told yet: %r", topic, exc)

    async def _apply(self, breaker: Breaker, consumer: Consumer) -> None:
        """Hold a source, or all of it but what is on trial."""
        topic, state = breaker.topic, breaker.state
        half_open = state is BreakerState.HALF_OPEN
        admitting = half_open and breaker.admitted is not None
        self._flood.admit(topic, admitting)
        await self._pace(breaker if admitting else None, topic, consumer)
        trial = None
        if half_open and not admitting:
            trial = self._turn(breaker, consumer)
        self._gate.except_for(topic, trial)
        if state is BreakerState.OPEN or (half_open and not admitting):
            self._gate.hold(topic, HELD)
        else:
            self._gate.release(topic, HELD)

    def _turn(self, breaker: Breaker, consumer: Consumer) -> Trial | None:
        topic = breaker.topic
        held = {
            tp.partition: o.generation for tp, o in consumer.owners.items() if tp.topic == topic
        }
        turn = self._trials.get(topic)
        if turn is None or turn.since != breaker.since:
            turn = self._trials[topic] = TrialTurn(breaker.since, self._trial_records)
        return turn.look(held, self._clock())

    async def _pace(self, breaker: Breaker | None, topic: str, consumer: Consumer) -> None:
        """Give this worker its share of the rate, by the partitions that it holds."""
        if breaker is None or breaker.rate is None:
            self._gate.slow_down(topic, None)
            return
        held = sum(tp.topic == topic for tp in consumer.owners)
        share = breaker.rate * held / await self._partitions(topic)
        pace = self._gate.pace(topic)
        if share and (pace is None or pace.per_s != share):
            self._gate.slow_down(topic, Pace(share))


class TrialTurn:
    """Whose turn it is on a trial: the lowest partition, then the next when it delivers nothing.

    A partition that is assigned anew may read its share again: what it read may be uncommitted.
    """

    def __init__(self, since: datetime | None, records: int) -> None:
        self.since = since
        self._records = records
        self._trial: Trial | None = None
        self._generation = 0
        self._left = 0
        self._moved_at = 0.0

    def look(self, held: Mapping[int, int], now: float) -> Trial | None:
        """Return what may flow.

        Args: held: the assigned partitions and their generations.
        """
        trial = self._trial
        if trial is None or held.get(trial.partition) != self._generation:
            return self._begin(min(held, default=None), held, now)
        if trial.left != self._left:
            self._left, self._moved_at = trial.left, now
        elif now - self._moved_at >= TRIAL_PATIENCE_S:
            later = [partition for partition in held if partition > trial.partition]
            return self._begin(min(later, default=min(held)), held, now)
        return trial

    def _begin(self, partition: int | None, held: Mapping[int, int], now: float) -> Trial | None:
        self._trial = None if partition is None else Trial(partition, self._records)
        if partition is not None:
            self._generation, self._left, self._moved_at = held[partition], self._records, now
        return self._trial
