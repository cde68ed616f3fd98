"""Alerts reach a real HTTP server, or give up without getting in the way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from dataquarantine import metrics
from dataquarantine.alerts.alert import Alert, AlertKind, AlertSeverity, Notice
from dataquarantine.alerts.channel import Channel
from dataquarantine.dev.service import free_port
from dataquarantine.settings import AlertChannel, AlertSettings
from tests.unit.alerts.receiver import Receiver, until
from tests.unit.quarantine.factories import NOW

ALERT = Alert(
    AlertKind.BREAKER_OPEN,
    AlertSeverity.CRITICAL,
    "raw-events",
    "raw-events is closed <by> its breaker",
    {"reason": "a flood", "since": None},
    ("data-team",),
)


def notice(number: int = 0, resolved: bool = False) -> Notice:
    return Notice(ALERT, resolved, NOW, f"cluster-{number}", "host/0")


@asynccontextmanager
async def sending(url: str, form: Any = "json", **settings: Any) -> AsyncIterator[Channel]:
    """Run a channel."""
    name = f"c{id(url)}"
    told = AlertChannel(name=name, url=SecretStr(url), form=form)
    channel = Channel(told, AlertSettings(**settings), first_pause_s=0.01)
    task = asyncio.create_task(channel.run())
    yield channel
    task.cancel()
    await asyncio.wait([task])


def counted(channel: Channel, outcome: str) -> float:
    return float(metrics.ALERTS.labels(channel.name, outcome)._value.get())  # noqa: SLF001


async def test_an_alert_arrives_as_json() -> None:
    async with Receiver() as receiver, sending(receiver.url) as channel:
        channel.put(notice())
        await until(lambda: counted(channel, "sent") == 1)

    [body] = receiver.taken
    assert body["key"] == "breaker_open/raw-events"
    assert (body["status"], body["severity"]) == ("firing", "critical")
    assert (body["owners"], body["facts"]["reason"]) == (["data-team"], "a flood")


async def test_an_alert_arrives_as_slack_takes_it() -> None:
    async with Receiver() as receiver, sending(receiver.url, "slack") as channel:
        channel.put(notice(resolved=True))
        await until(lambda: bool(receiver.taken))

    [body] = receiver.taken
    assert body["text"] == "[RESOLVED] raw-events is closed &lt;by&gt; its breaker"
    titles = [field["title"] for field in body["attachments"][0]["fields"]]
    assert titles == ["reason", "owners", "cluster"]


@pytest.mark.parametrize(
    ("answers", "tries", "outcome"),
    [
        pytest.param([500, 503, 429], 4, "sent", id="trouble that passes"),
        pytest.param([None, 200], 2, "sent", id="hangs once"),
        pytest.param([404], 1, "failed", id="refused for good"),
        pytest.param([302], 1, "failed", id="redirects are not followed"),
        pytest.param([500] * 10, 10, "failed", id="given up"),
    ],
)
async def test_what_fails_is_tried_again_where_that_may_help(
    answers: list[int | None], tries: int, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dataquarantine.alerts.channel.LONGEST_PAUSE_S", 0.02)
    async with Receiver(*answers) as receiver, sending(receiver.url, timeout_s=0.3) as channel:
        channel.put(notice())
        await until(lambda: counted(channel, outcome) == 1)

    assert receiver.tries == tries


async def test_a_receiver_that_is_away_holds_up_nobody_and_its_url_stays_secret(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dataquarantine.alerts.channel.LONGEST_PAUSE_S", 0.01)
    caplog.set_level(logging.DEBUG)
    async with sending(f"http://127.0.0.1:{free_port()}/secret-token", max_queue=3) as channel:
        for number in range(10):
            channel.put(notice(number))
        await until(lambda: counted(channel, "failed") == 3)

    assert counted(channel, "dropped") == 7
    assert "did not reach" in caplog.text
    assert "secret-token" not in caplog.text


async def test_the_rate_is_bounded() -> None:
    async with Receiver() as receiver, sending(receiver.url, max_per_minute=3) as channel:
        for number in range(5):
            channel.put(notice(number))
        await until(lambda: counted(channel, "sent") == 3)
        await asyncio.sleep(0)

    assert [body["cluster_id"] for body in receiver.taken] == [f"cluster-{n}" for n in range(3)]
