"""What is a stall and what is not, in simulated time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pytest

from dataquarantine.records import SourceRecord, TopicPartition
from dataquarantine.stream.gate import Allowance, Gate
from dataquarantine.stream.owner import PartitionOwner
from dataquarantine.stream.watchdog import Action, Patrol, Sight, Stalled, Watchdog

TP = TopicPartition("raw-events", 0)


def stands(at: float) -> Sight:
    return Sight(TP, 5, 10, True)


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(lambda at: Sight(TP, int(at), 10, True), id="it moves"),
        pytest.param(lambda at: Sight(TP, 5, 0, True), id="no lag"),
        pytest.param(lambda at: Sight(TP, 5, 10, False), id="held, or the broker is away"),
        pytest.param(lambda at: Sight(TP, 5, 10, at % 50 != 0), id="not for a whole minute"),
    ],
)
def test_what_is_no_stall(seen: Callable[[float], Sight]) -> None:
    dog = Watchdog(60)

    assert {dog.look([seen(at)], at) for at in range(0, 3600, 5)} == {Action.NONE}
    assert dog.stalled_s == {}


def test_a_partition_that_was_revoked_is_forgotten() -> None:
    dog = Watchdog(60)
    dog.look([stands(0)], 0)
    dog.look([], 30)

    assert dog.look([stands(61)], 61) is Action.NONE


def test_a_stall_calls_for_a_new_consumer_then_for_the_end() -> None:
    dog = Watchdog(60)
    actions = []
    for at in range(0, 200, 5):
        actions.append(dog.look([stands(at)], at))
        if actions[-1] is Action.RESTART:
            dog.restarted()

    assert actions.index(Action.RESTART) == 12  # 60 s
    assert actions.index(Action.EXIT) == 25  # a minute after what came next
    assert dog.stalled_s == {"raw-events": 195}


def test_a_new_consumer_that_helped_is_given_its_minute_again() -> None:
    dog = Watchdog(60)
    dog.look([stands(0)], 0)
    assert dog.look([stands(60)], 60) is Action.RESTART
    dog.restarted()
    dog.look([Sight(TP, 6, 10, True)], 65)

    assert dog.stalled_s == {}
    assert dog.look([Sight(TP, 6, 10, True)], 125) is Action.RESTART


def test_a_rejoin_makes_nobody_forget_what_stood() -> None:
    dog = Watchdog(60)
    dog.look([stands(0)], 0)
    dog.look([stands(60)], 60)
    dog.restarted()
    for at in range(65, 90, 5):
        dog.look([], at)
    dog.look([stands(90)], 90)

    assert dog.look([stands(150)], 150) is Action.EXIT


class Broker:
    """Answers for the probe, and counts new consumers of the worker."""

    def __init__(self) -> None:
        self.up = self.taking = True
        self.end = 100
        self.records = True
        self.renewed = 0
        allowance = Allowance(1_000_000, 100)
        self.gate = Gate([([TP.topic], allowance)])
        self.owner = PartitionOwner(TP, 1, allowance)
        self.patrol = Patrol(Watchdog(0), self.gate, self, lambda: self.taking, self.group_offsets)

    @property
    def owners(self) -> Mapping[Any, PartitionOwner]:
        return {TP: self.owner}

    async def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, self.end) if self.up else {}

    async def timestamps_ms(
        self, places: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0) if self.records else {}

    async def group_offsets(self, topics: Sequence[str]) -> dict[TopicPartition, int]:
        return {TP: 40}

    async def renew(self) -> None:
        self.renewed += 1


async def test_a_consumer_that_delivers_nothing_is_replaced_once() -> None:
    broker = Broker()
    await broker.patrol.look(broker)
    assert broker.renewed == 1

    with pytest.raises(Stalled, match="raw-events"):
        for _ in range(2):
            await broker.patrol.look(broker)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"up": False}, id="the broker is away"),
        pytest.param({"taking": False}, id="the broker takes no records"),
        pytest.param({"records": False}, id="only markers lie there"),
        pytest.param({"end": 40}, id="all was committed before this worker came"),
    ],
)
async def test_these_are_no_stalls(change: dict[str, Any]) -> None:
    broker = Broker()
    vars(broker).update(change)
    for _ in range(5):
        await broker.patrol.look(broker)

    assert broker.renewed == 0


@pytest.mark.parametrize("reason", ["breaker", "spool"])
async def test_a_topic_that_is_held_does_not_stall(reason: str) -> None:
    broker = Broker()
    broker.gate.hold(TP.topic, reason)
    for _ in range(5):
        await broker.patrol.look(broker)
    assert broker.renewed == 0


async def test_work_that_never_ends_is_a_stall_without_asking_for_records() -> None:
    broker = Broker()
    broker.records = False
    broker.owner.admit([SourceRecord(b"{}", offset=40)])
    await broker.patrol.look(broker)

    assert broker.renewed == 1
