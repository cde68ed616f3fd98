"""Notices that committed offsets stand still though they could move."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from dataquarantine.errors import DataQuarantineError
from dataquarantine.records import TopicPartition
from dataquarantine.stream.gate import Gate
from dataquarantine.stream.owner import PartitionOwner

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
ASK_TIMEOUT_S = 5.0
ASK_AGAIN_S = 300.0


class Stalled(DataQuarantineError):
    """The flow stands still and a new consumer did not help."""


class Action(StrEnum):
    """What a stall calls for."""

    NONE = "none"
    RESTART = "restart"
    EXIT = "exit"


class Sight(NamedTuple):
    """A partition as it is seen: committed is None before the first commit.

    counts: it is assigned, nothing holds it, and its broker answers and takes records.
    """

    tp: TopicPartition
    committed: int | None
    lag: int
    counts: bool


class Watchdog:
    """Counts how long partitions have stood still that should not.

    One that does not count, has no lag or moves begins anew: a breaker, a full spool and a broker
    outage are no stall, however long they last.
    """

    def __init__(self, stall_after_s: float) -> None:
        self._stall_after_s = stall_after_s
        self._stood: dict[TopicPartition, tuple[int | None, float]] = {}
        self._restarted: dict[TopicPartition, tuple[int | None, float]] = {}
        self._seen_at: dict[TopicPartition, float] = {}
        self._now = 0.0

    def look(self, sights: Iterable[Sight], now: float) -> Action:
        """Note what is seen and say what to do about it."""
        self._now = now
        before, self._stood = self._stood, {}
        seen = {sight.tp: sight for sight in sights if sight.counts and sight.lag > 0}
        for tp, sight in seen.items():
            stood = before.get(tp)
            still = stood is not None and stood[0] == sight.committed
            self._stood[tp] = stood if stood is not None and still else (sight.committed, now)
        self._forget_what_moved(seen, now)
        stalled = [tp for tp, (_, at) in self._stood.items() if now - at >= self._stall_after_s]
        if not stalled:
            return Action.NONE
        if any(tp in self._restarted for tp in stalled):
            return Action.EXIT
        return Action.RESTART

    def _forget_what_moved(self, seen: Mapping[TopicPartition, Sight], now: float) -> None:
        """Keep what stands where it stood; a partition that comes and goes is kept for a while."""
        for tp, (committed, _) in list(self._restarted.items()):
            if tp in seen:
                self._seen_at[tp] = now
            moved = tp in seen and seen[tp].committed != committed
            if moved or now - self._seen_at[tp] > self._stall_after_s:
                del self._restarted[tp], self._seen_at[tp]

    @property
    def suspects(self) -> dict[TopicPartition, int | None]:
        """What stands longer than it may, and where."""
        limit = self._now - self._stall_after_s
        return {tp: committed for tp, (committed, at) in self._stood.items() if at <= limit}

    def excuse(self, tp: TopicPartition) -> None:
        """Begin anew with a partition: there is nothing to be read."""
        self._restarted.pop(tp, None)
        self._seen_at.pop(tp, None)
        self._stood.pop(tp, None)

    def restarted(self) -> None:
        """Note that the consumer is a new one; who stands still after that is past mending."""
        for tp in self.suspects:
            self._restarted[tp] = self._stood.pop(tp)
            self._seen_at[tp] = self._now

    @property
    def stalled_s(self) -> dict[str, float]:
        """How long topics have stood still, of those that stand longer than they may."""
        found: dict[str, float] = {}
        for tp, (_, at) in self._restarted.items():
            found[tp.topic] = max(found.get(tp.topic, 0.0), self._now - at)
        return found


class Flow(Protocol):
    """What is needed of the worker's consumer."""

    @property
    def owners(self) -> Mapping[Any, PartitionOwner]:
        """The assigned partitions."""

    def renew(self) -> Awaitable[None]:
        """Leave the group, and join it again with a new connection."""


class Asks(Protocol):
    """What is needed of the probe."""

    async def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the end offsets of partitions whose broker answers."""

    async def timestamps_ms(
        self, places: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        """Return the times of the records there; where is none, nothing."""


class Patrol:
    """Looks again and again, and mends a stall once.

    Args: takes_records: whether the broker takes what we produce. group_offsets: asks the broker
        what the group committed in some topics, of whatever worker.
    """

    def __init__(
        self,
        watchdog: Watchdog,
        gate: Gate,
        probe: Asks,
        takes_records: Callable[[], bool],
        group_offsets: Callable[[Sequence[str]], Awaitable[Mapping[TopicPartition, int]]],
    ) -> None:
        self._watchdog = watchdog
        self._gate = gate
        self._probe = probe
        self._takes_records = takes_records
        self._group_offsets = group_offsets
        self._before: dict[tuple[TopicPartition, int], int | None] = {}
        self._ask_again_at = 0.0

    async def run(self, flow: Callable[[], Flow], look_every_s: float = LOOK_EVERY_S) -> None:
        """Look for ever.

        Raises: Stalled when a new consumer did not help.
        """
        while True:
            await asyncio.sleep(look_every_s)
            await self.look(flow())

    async def look(self, flow: Flow) -> None:
        """Look once.

        Raises: Stalled.
        """
        dog, owners = self._watchdog, list(flow.owners.values())
        action = dog.look(await self._sights(owners), time.monotonic())
        if action is Action.NONE or not await self._is_confirmed(owners):
            return
        topics = ", ".join(sorted({tp.topic for tp in dog.suspects}))
        if action is Action.EXIT:
            raise Stalled(f"{topics}: nothing is committed since the consumer was restarted")
        logger.error("Nothing of %s is committed though there is lag; a new consumer", topics)
        dog.restarted()
        await flow.renew()

    async def unread(
        self, flow: Flow, is_meant: Callable[[str], bool]
    ) -> dict[TopicPartition, int]:
        """Tell where partitions of some topics stand that have lag."""
        sights = await self._sights(list(flow.owners.values()))
        return {s.tp: s.committed or 0 for s in sights if s.lag > 0 and is_meant(s.tp.topic)}

    async def _is_confirmed(self, owners: Sequence[PartitionOwner]) -> bool:
        """Make sure that there are records: not all offsets hold one."""
        busy = {owner.tp for owner in owners if not owner.is_idle}
        asked = {tp: at or 0 for tp, at in self._watchdog.suspects.items() if tp not in busy}
        found = await self._probe.timestamps_ms(asked) if asked else {}
        for tp in set(asked) - set(found):
            self._watchdog.excuse(tp)
        return bool(self._watchdog.suspects)

    async def _sights(self, owners: Sequence[PartitionOwner]) -> list[Sight]:
        ends = await self._probe.ends(owner.tp for owner in owners)
        taking = self._takes_records()
        committed = await self._committed(owners) if ends else {}
        sights = []
        for owner in owners:
            tp = owner.tp
            at, is_known = committed.get(tp), tp in ends and tp in committed
            lag = ends[tp] - (at or 0) if is_known else 0
            counts = is_known and taking and not self._gate.reasons(tp.topic)
            sights.append(Sight(tp, at, lag, counts))
        return sights

    async def _committed(
        self, owners: Sequence[PartitionOwner]
    ) -> dict[TopicPartition, int | None]:
        """Where each partition stands; until this worker commits, what the group did before."""
        keys = {(owner.tp, owner.generation) for owner in owners if owner.committed is None}
        self._before = {key: at for key, at in self._before.items() if key in keys}
        if keys - set(self._before) and time.monotonic() >= self._ask_again_at:
            try:
                topics = sorted({tp.topic for tp, _ in keys})
                known = await asyncio.wait_for(self._group_offsets(topics), ASK_TIMEOUT_S)
            except (DataQuarantineError, TimeoutError) as exc:
                logger.debug("The group's offsets are not to be had: %r", exc)
                self._ask_again_at = time.monotonic() + ASK_AGAIN_S
            else:
                self._before = {(tp, gen): known.get(tp) for tp, gen in keys}
        found: dict[TopicPartition, int | None] = {
            owner.tp: owner.committed for owner in owners if owner.committed is not None
        }
        return found | {tp: at for (tp, _), at in self._before.items()}
