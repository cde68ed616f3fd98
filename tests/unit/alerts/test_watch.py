"""Which conditions are alerts, who is told, and how often."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr, ValidationError

from dataquarantine.alerts.alert import Notice
from dataquarantine.alerts.channel import Channel
from dataquarantine.alerts.desk import AlertDesk
from dataquarantine.alerts.watch import AlertWatch, Conditions
from dataquarantine.breaker.states import Breaker, BreakerState
from dataquarantine.settings import AlertChannel, AlertSettings, Settings, masked
from dataquarantine.testing import ManualClock
from tests.unit.breaker.entries import START

URL = "https://hooks.example.org/T0/secret-token"
OPEN = Breaker(
    topic="raw-events", state=BreakerState.OPEN, since=START, schemas=("user_event@1.0.0",)
)


class Kept(Channel):
    """A channel that keeps what it would send."""

    def __init__(self, name: str, *owners: str) -> None:
        told = AlertChannel(name=name, url=SecretStr(URL), owners=owners)
        super().__init__(told, AlertSettings())
        self.told: list[str] = []

    def put(self, notice: Notice) -> None:
        self.told.append(("-" if notice.resolved else "+") + notice.alert.key)


class Room:
    """A watch over values that the test sets."""

    def __init__(self, **pipeline: Any) -> None:
        self.clock = ManualClock()
        self.team, self.rest = Kept("team", "data-team"), Kept("rest")
        settings = Settings.model_validate({"pipelines": [pipeline]})
        self.desk = AlertDesk(settings, self.clock, "host/0", [self.team, self.rest])
        self.breakers: list[Breaker] = []
        self.unknown: dict[str, int] = {}
        self.away: dict[str, float] = {}
        self.stalled: dict[str, float] = {}
        self.retention: dict[str, float] = {}
        conditions = Conditions(
            lambda: self.breakers, lambda: self.unknown, lambda: self.away,
            lambda: self.stalled, lambda: self.retention, self.owners,
        )  # fmt: skip
        self.watch = AlertWatch(settings, conditions, self.desk, self.clock)

    def owners(self, schemas: Iterable[str]) -> tuple[str, ...]:
        return ("data-team",) if "user_event@1.0.0" in schemas else ()

    def look(self, times: int = 3) -> None:
        for _ in range(times):
            self.watch.look()


def test_an_open_breaker_is_told_once_to_its_schemas_owner_and_so_is_its_end() -> None:
    room = Room()
    room.breakers = [OPEN]
    room.look()
    room.breakers = [msgspec.structs.replace(OPEN, state=BreakerState.HALF_OPEN)]
    room.look()

    assert room.team.told == ["+breaker_open/raw-events", "-breaker_open/raw-events"]
    assert room.rest.told == []


def test_what_lasts_is_told_again_and_another_workers_breaker_is_left_to_it() -> None:
    room = Room()
    room.breakers = [OPEN]
    room.look()
    room.clock.advance(3600)
    room.look()
    room.breakers = []
    room.look()

    assert room.team.told == ["+breaker_open/raw-events"] * 2


def test_unknown_schemas_are_told_until_none_came_for_a_while() -> None:
    room = Room()
    for count in (1, 2, 2):
        room.unknown = {"raw-events": count}
        room.look()
    room.clock.advance(601)
    room.look()

    assert room.rest.told == ["+schema_not_found/raw-events", "-schema_not_found/raw-events"]


def test_stores_commits_and_retention() -> None:
    room = Room()
    room.away, room.stalled, room.retention = {"s3": 9, "postgres": 11}, {"a": 61}, {"a": 1e6}
    room.look()
    assert room.rest.told == ["+store_down/postgres", "+commit_stalled/a"]

    room.away, room.stalled, room.retention = {"s3": 0, "postgres": 0}, {}, {"a": 80_000}
    room.look()
    assert room.rest.told[2:] == [
        "-store_down/postgres", "-commit_stalled/a", "+retention_near/a"
    ]  # fmt: skip


def test_passthrough_is_an_alert_while_it_is_on() -> None:
    room = Room(mode="passthrough")
    room.look()
    assert room.rest.told == ["+passthrough/raw-events"]


def test_channel_settings_hide_their_url_and_refuse_what_is_none() -> None:
    settings = Settings.model_validate({"alerts": {"channels": [{"name": "a", "url": URL}]}})
    assert "secret-token" not in f"{masked(settings)}{settings!r}"

    with pytest.raises(ValidationError, match="expected http"):
        AlertChannel(name="a", url=SecretStr("ftp://x"))
    with pytest.raises(ValidationError, match="the same name"):
        AlertSettings.model_validate({"channels": [{"name": "a", "url": URL}] * 2})
