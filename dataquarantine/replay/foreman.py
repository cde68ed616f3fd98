"""Starts a process for each job that has work: a worker's loop is for the flow alone.

The job is claimed before its process is started, as that takes a second to begin: whoever looks
meanwhile, in this worker or another, would start one more.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence
from uuid import UUID

from dataquarantine.errors import SinkUnavailable
from dataquarantine.replay import leases
from dataquarantine.replay.beside import give_way, stand_back, starves
from dataquarantine.replay.leases import Claim
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.settings import Settings
from dataquarantine.store.postgres import Database
from dataquarantine.subprocesses import environment

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
LOOK_AFTER_ERROR_S = 10.0
MAX_PROCESSES = 3
STOP_TIMEOUT_S = 5.0
#: A job is a child's for so long before the child's own lease begins: on busy processors a nice
#: process imports its modules for more than the 15 s of a lease, and each claim starts one more.
START_TIMEOUT_S = 60.0
#: A child writes its start's length in so many bytes.
LENGTH_BYTES = 8


class Foreman:
    """Looks for jobs and has child processes do them, at most three at once.

    The first process of a job, which does its dry run, takes only what the flow leaves of the
    processors. One that starves there is ended; the next goes on, with a share of its own.

    Args: schemas: what may judge at this moment, as `Catalog.versions()` gives it.
    """

    def __init__(self, settings: Settings, schemas: Callable[[], Sequence[ListedSchema]]) -> None:
        self._settings = settings
        self._schemas = schemas
        self._database = Database(settings.postgres.url.get_secret_value(), pool_size=1)
        self._children: set[Process] = set()
        self._giving_way: dict[Process, Claim] = {}
        self._begun: set[UUID] = set()
        self._warned = False

    async def run(self) -> None:
        """Look for jobs for ever."""
        while True:
            await asyncio.sleep(await self._look())

    async def stop(self) -> None:
        """End the children; what they leave another process finds out."""
        for child in list(self._children):
            if child.returncode is None:
                child.kill()
        for child in list(self._children):
            await asyncio.wait_for(child.wait(), STOP_TIMEOUT_S)
        await asyncio.to_thread(self._database.close)

    async def _look(self) -> float:
        self._children = {c for c in self._children if c.returncode is None}
        try:
            await self._end_starving()
            if len(self._children) >= MAX_PROCESSES:
                return LOOK_EVERY_S
            claimed = await asyncio.to_thread(leases.claim, self._database, lease_s=START_TIMEOUT_S)
        except SinkUnavailable as exc:
            if not self._warned:
                logger.warning("No replays while the database is away: %s", exc)
            self._warned = True
            return LOOK_AFTER_ERROR_S
        self._warned = False
        if claimed is not None:
            await self._start(claimed)
        return LOOK_EVERY_S

    async def _end_starving(self) -> None:
        """End who starves, so that somebody with a share of the processors takes the job over."""
        self._giving_way = {c: job for c, job in self._giving_way.items() if c in self._children}
        for child, job in self._giving_way.items():
            if starves(child.pid):
                logger.info("Replay %s hardly gets a processor and is begun anew", job.job_id)
                child.kill()
                await child.wait()
                await asyncio.to_thread(leases.release, self._database, job.job_id, job.owner)

    async def _start(self, claimed: Claim) -> None:
        """Start a child; it ends when its standard input does, so never outlives this process."""
        start = pickle.dumps((self._settings, tuple(self._schemas()), claimed))
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"{__package__}.process"),
            stdin=asyncio.subprocess.PIPE,
            env=environment(),
            start_new_session=True,
        )
        if child.stdin is None:
            raise RuntimeError("a child was started without a pipe")
        self._children.add(child)
        stand_back(child.pid)  # now: its imports take a second of the processor already
        if claimed.job_id not in self._begun:
            give_way(child.pid)
            self._giving_way[child] = claimed
        self._begun.add(claimed.job_id)
        child.stdin.write(len(start).to_bytes(LENGTH_BYTES, "big") + start)
        try:
            await child.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            logger.error("A process for a replay ended at once; the log says why")
