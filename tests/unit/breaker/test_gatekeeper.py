"""What a worker does with what its table says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from aiokafka.errors import KafkaConnectionError

from dataquarantine.breaker.flood import FloodGuard
from dataquarantine.breaker.gatekeeper import ASK_EVERY_S, Gatekeeper, TrialTurn
from dataquarantine.breaker.states import Breaker, BreakerState, Trip
from dataquarantine.records import TopicPartition
from dataquarantine.settings import BreakerSettings
from dataquarantine.stream.gate import Allowance, Gate
from dataquarantine.stream.owner import PartitionOwner
from dataquarantine.testing import ManualClock
from tests.unit.breaker.entries import START
from tests.unit.breaker.test_flood import BAD, note

TOPIC = "raw-events"
ONE, TWO = TopicPartition(TOPIC, 3), TopicPartition(TOPIC, 5)
CLOSED = Breaker(topic=TOPIC)
OPEN = Breaker(topic=TOPIC, state=BreakerState.OPEN, since=START)
HALF_OPEN = Breaker(topic=TOPIC, state=BreakerState.HALF_OPEN, since=START)
ADMITTING = msgspec.structs.replace(HALF_OPEN, admitted=5000, rate=1000.0)


@dataclass
class Room:
    """One worker's gatekeeper, with a table that the test writes."""

    row: Breaker = CLOSED
    settled: bool = True
    broker_up: bool = True
    rewound: int = 0
    asked: list[Trip] = field(default_factory=list)
    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        allowance = Allowance(1_000_000, 100)
        self.gate = Gate([([TOPIC], allowance)])
        settings = BreakerSettings(flood_records=100)
        self.flood = FloodGuard(settings, [TOPIC], self.gate, self.clock, "host/0")
        self.owners: Mapping[Any, Any] = {tp: PartitionOwner(tp, 1, allowance) for tp in (ONE, TWO)}
        self.keeper = Gatekeeper(
            [TOPIC], lambda _: self.row, self.gate, self.flood, lambda: self,
            trial_records=50, ask=self.ask, partitions=self.partitions, clock=self.clock.monotonic,
        )  # fmt: skip

    async def rewind(self, topic: str) -> bool:
        self.rewound += 1
        return self.settled

    async def ask(self, topic: str, request: Any) -> None:
        if not self.broker_up:
            raise KafkaConnectionError("away")
        self.asked.append(request)

    async def partitions(self, topic: str) -> int:
        return 4

    async def look(self, row: Breaker) -> list[bool]:
        """Write the table, look once, and tell which partitions may be fetched from."""
        self.row = row
        await self.keeper.look(TOPIC, self)
        return [self.gate.is_open(ONE), self.gate.is_open(TWO)]


@pytest.fixture
def room() -> Room:
    return Room()


async def test_nothing_flows_before_the_table_was_read(room: Room) -> None:
    assert not room.gate.is_open(ONE)
    assert await room.look(CLOSED) == [True, True]


async def test_open_closes_all_and_drops_once_what_is_in_flight(room: Room) -> None:
    room.settled = False
    assert await room.look(OPEN) == [False, False]
    assert room.flood.withholds(TOPIC)

    room.settled = True
    for _ in range(3):
        assert await room.look(OPEN) == [False, False]
    assert not room.flood.withholds(TOPIC)
    assert room.rewound == 2


async def test_a_trial_lets_so_many_records_of_one_partition_pass(room: Room) -> None:
    await room.look(OPEN)
    assert await room.look(HALF_OPEN) == [True, False]

    room.gate.took(ONE, 60)
    assert await room.look(HALF_OPEN) == [False, False]
    assert await room.look(CLOSED) == [True, True]


async def test_an_admitted_backlog_flows_at_this_workers_share_of_the_rate(room: Room) -> None:
    await room.look(OPEN)
    assert await room.look(ADMITTING) == [True, True]
    pace = room.gate.pace(TOPIC)
    assert pace is not None
    assert pace.per_s == 500  # two of four partitions

    await room.look(HALF_OPEN)
    assert room.gate.pace(TOPIC) is None


async def test_a_flood_is_asked_about_until_the_breaker_moves(room: Room) -> None:
    await room.look(CLOSED)
    note(room.flood, [BAD] * 100)
    room.broker_up = False
    assert await room.look(CLOSED) == [False, False]
    room.broker_up = True
    for _ in range(3):
        await room.look(CLOSED)
    assert room.asked == []

    room.clock.advance(ASK_EVERY_S)
    await room.look(CLOSED)
    assert [trip.since for trip in room.asked] == [None]
    assert await room.look(OPEN) == [False, False]
    assert room.flood.trip(TOPIC) is None
    assert await room.look(msgspec.structs.replace(CLOSED, since=START)) == [True, True]


def test_a_partition_that_delivers_nothing_gives_its_turn_to_the_next() -> None:
    turn = TrialTurn(START, 50)
    held = {3: 1, 5: 1}

    seen = [turn.look(held, now) for now in (0.0, 4.9, 5.0, 9.9, 10.0)]

    assert [trial.partition for trial in seen if trial] == [3, 3, 5, 5, 3]
    assert turn.look({5: 2}, 11.0) is not seen[-1]
    assert turn.look({}, 12.0) is None
