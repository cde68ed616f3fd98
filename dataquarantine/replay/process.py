"""The process that does one job: its dry run, then its run."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from uuid import UUID, uuid4

from dataquarantine.clock import SystemClock
from dataquarantine.errors import SinkUnavailable
from dataquarantine.quarantine.desk import Desk
from dataquarantine.quarantine.topic_reader import TopicUnreadable
from dataquarantine.replay import leases
from dataquarantine.replay.bench import Bench
from dataquarantine.replay.foreman import LENGTH_BYTES
from dataquarantine.replay.jobs import JobState, ReplayJobs
from dataquarantine.replay.leases import Lease, LeaseLost
from dataquarantine.replay.planner import Planner
from dataquarantine.replay.publisher import PAUSE_AFTER_ERROR_S, Publisher
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.settings import Settings

logger = logging.getLogger(__name__)

FOLLOW_EVERY_S = 0.3


def main() -> None:
    """Do what the parent sends on standard input; end with it."""
    length = int.from_bytes(sys.stdin.buffer.read(LENGTH_BYTES), "big")
    settings, schemas = pickle.loads(sys.stdin.buffer.read(length))  # comes from the parent alone
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work(settings, schemas)


def work(
    settings: Settings,
    schemas: Sequence[ListedSchema],
    job_id: UUID | None = None,
) -> UUID | None:
    """Take a job, plan and publish it; returns which, None when there is no work.

    Args: job_id: this job or none. Raises: SinkUnavailable when the database is away.
    """
    with ExitStack() as stack:
        desk = stack.enter_context(Desk(settings))
        owner = f"{socket.gethostname()}/{os.getpid()}/{uuid4().hex[:8]}"
        asked_at_s = leases.now_s()
        found = leases.claim(desk.database, owner, job_id)
        if found is None:
            return None
        lease = stack.enter_context(Lease(desk.database, found, owner, asked_at_s))
        bench = Bench(settings, schemas, desk.payloads)
        stack.callback(bench.close)
        try:
            _do(ReplayJobs(desk.database), bench, lease)
        except LeaseLost as exc:
            logger.warning("%s", exc)
        return found


def follow(settings: Settings, schemas: Sequence[ListedSchema], job_id: UUID) -> None:
    """See a job through: do what it needs, or wait while another process does it.

    Ends when everything is published; verdicts come later. Raises: SinkUnavailable.
    """
    with Desk(settings) as desk:
        while True:
            work(settings, schemas, job_id)
            if not leases.is_at_work(desk.database, job_id):
                return
            time.sleep(FOLLOW_EVERY_S)


def _do(jobs: ReplayJobs, bench: Bench, lease: Lease) -> None:
    clock = SystemClock()
    if jobs.job(lease.job_id).state is JobState.PLANNING:
        _plan(Planner(jobs, bench, clock), lease)
    if jobs.job(lease.job_id).state is not JobState.PLANNED:
        asyncio.run(Publisher(jobs, bench, clock, lease).run())


def _plan(planner: Planner, lease: Lease) -> None:
    ended = threading.Event()
    while not ended.is_set():
        try:
            planner.plan(lease)
            ended.set()
        except (SinkUnavailable, TopicUnreadable) as exc:
            logger.warning("The dry run of replay %s waits: %s", lease.job_id, exc)
            ended.wait(PAUSE_AFTER_ERROR_S)


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # the buffer's lock would be in the way of our own end
    os._exit(1)


if __name__ == "__main__":
    logging.basicConfig(format="[%(asctime)s] %(levelname)s %(name)s: %(message)s", level="INFO")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    main()
