"""Who starts a process for a job when several look at once."""

from __future__ import annotations

import asyncio
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


def test_a_job_gets_one_process_however_often_and_by_whom_it_is_seen(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = dead_letters([source(1)])
    PostgresRows(database).insert([entry_of(letter, CLUSTER, NOW).row for letter in letters])
    wanted = NewReplay.model_validate({"selection": {"filters": {}}, "why": "asked for"})
    ReplayJobs(database).create(wanted, {"kind": "none"}, Signed("ann", "asked for"), NOW)
    settings = Settings(postgres=PostgresSettings.model_validate({"url": database_url}))

    assert len(asyncio.run(started(settings, monkeypatch))) == 1


async def started(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """Let the foremen of two workers look several times while the processes are starting."""
    found: list[Process] = []
    looks = 0
    seen = asyncio.Event()
    loop = asyncio.get_running_loop()
    start, claim = asyncio.create_subprocess_exec, leases.claim

    async def counted(*command: Any, **options: Any) -> Process:
        found.append(await start(*command, **options))
        return found[-1]

    def looked(database: Database) -> Claim | None:
        nonlocal looks
        looks += 1
        if looks >= LOOKS:
            loop.call_soon_threadsafe(seen.set)
        return claim(database)

    monkeypatch.setattr(foreman, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(asyncio, "create_subprocess_exec", counted)
    monkeypatch.setattr(leases, "claim", looked)
    foremen = [Foreman(settings, lambda: ()) for _ in range(2)]
    looking = [asyncio.create_task(each.run()) for each in foremen]
    await seen.wait()
    for task in looking:
        task.cancel()
    await asyncio.gather(*looking, return_exceptions=True)
    for each in foremen:
        await each.stop()
    return found
