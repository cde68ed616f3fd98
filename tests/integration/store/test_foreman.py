"""Who starts a process for a job when several look at once, and when one gets no processor."""

from __future__ import annotations

import asyncio
import signal
from asyncio.subprocess import Process
from typing import Any

import pytest

from dataquarantine.quarantine.decisions import Signed
from dataquarantine.quarantine.entries import entry_of
from dataquarantine.replay import foreman, leases
from dataquarantine.replay.foreman import Foreman
from dataquarantine.replay.jobs import ReplayJobs
from dataquarantine.replay.leases import Claim
from dataquarantine.replay.requests import NewReplay
from dataquarantine.settings import PostgresSettings, Settings
from dataquarantine.store.postgres import Database
from dataquarantine.store.rows import PostgresRows
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, source

LOOKS = 6


@pytest.fixture
def settings(database: Database, database_url: str) -> Settings:
    """Of a gateway whose database holds a job that nobody has begun."""
    letters = dead_letters([source(1)])
    PostgresRows(database).insert([entry_of(letter, CLUSTER, NOW).row for letter in letters])
    wanted = NewReplay.model_validate({"selection": {"filters": {}}, "why": "asked for"})
    ReplayJobs(database).create(wanted, {"kind": "none"}, Signed("ann", "asked for"), NOW)
    return Settings(postgres=PostgresSettings.model_validate({"url": database_url}))


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """All processes that foremen start, as they are started."""
    found: list[Process] = []
    start = asyncio.create_subprocess_exec

    async def counted(*command: Any, **options: Any) -> Process:
        found.append(await start(*command, **options))
        return found[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", counted)
    monkeypatch.setattr(foreman, "LOOK_EVERY_S", 0.01)
    return found


def test_a_job_gets_one_process_however_often_and_by_whom_it_is_seen(
    settings: Settings, processes: list[Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(let_two_look(settings, monkeypatch))

    assert len(processes) == 1


def test_a_process_that_starves_is_ended_and_the_next_has_a_share_of_its_own(
    settings: Settings, processes: list[Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    giving_way: list[int] = []
    monkeypatch.setattr(foreman, "give_way", giving_way.append)
    monkeypatch.setattr(foreman, "starves", giving_way.__contains__)

    asyncio.run(look_until_two_are_started(settings, processes))

    assert [each.pid for each in processes[:1]] == giving_way
    assert processes[0].returncode == -signal.SIGKILL


async def look_until_two_are_started(settings: Settings, processes: list[Process]) -> None:
    """Let a foreman look until it has started a second process; no test takes that long."""
    one = Foreman(settings, lambda: ())
    async with asyncio.timeout(60):
        looking = asyncio.create_task(one.run())
        while len(processes) < 2:
            await asyncio.sleep(0)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await one.stop()


async def let_two_look(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the foremen of two workers look several times while the processes are starting."""
    looks = 0
    seen = asyncio.Event()
    loop = asyncio.get_running_loop()
    claim = leases.claim

    def looked(database: Database, *, lease_s: float) -> Claim | None:
        nonlocal looks
        looks += 1
        if looks >= LOOKS:
            loop.call_soon_threadsafe(seen.set)
        return claim(database, lease_s=lease_s)

    monkeypatch.setattr(leases, "claim", looked)
    foremen = [Foreman(settings, lambda: ()) for _ in range(2)]
    looking = [asyncio.create_task(each.run()) for each in foremen]
    await seen.wait()
    for task in looking:
        task.cancel()
    await asyncio.gather(*looking, return_exceptions=True)
    for each in foremen:
        await each.stop()
