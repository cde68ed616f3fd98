"""What goes wrong and when, made from a seed: the same seed makes the same schedule."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

#: One cycle; kills come more often, as they are the most dangerous.
CYCLE = (
    "worker killed",
    "worker killed",
    "worker killed",
    "worker stopped",
    "worker paused",
    "sink killed",
    "broker restarted",
    "Postgres stopped",
    "S3 stopped",
    "scaled 1-3-1",
    "slow S3",
    "slow Postgres",
    "spool full",
)
KINDS = tuple(dict.fromkeys(CYCLE))
FIRST_AT_S = 5.0
#: The last seconds of a run are left for the last fault to end.
QUIET_S = 10.0


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of `duration_s`; `choice` picks the worker or the broker, from 0 up to 1."""

    at_s: float
    kind: str
    duration_s: float
    choice: float

    def __str__(self) -> str:
        return f"{self.at_s:6.1f} s  {self.kind} for {self.duration_s:.1f} s ({self.choice:.2f})"


def schedule(seed: int, seconds: float) -> list[Fault]:
    """Make the faults of a run, in order; they overlap at times."""
    dice = random.Random(seed)
    faults: list[Fault] = []
    at_s = FIRST_AT_S
    for kind in _kinds(dice):
        if at_s > seconds - QUIET_S:
            return faults
        faults.append(Fault(at_s, kind, round(dice.uniform(3, 9), 1), dice.random()))
        at_s = round(at_s + dice.uniform(6, 13), 1)
    return faults


def _kinds(dice: random.Random) -> Iterator[str]:
    while True:
        cycle = list(CYCLE)
        dice.shuffle(cycle)
        yield from cycle
