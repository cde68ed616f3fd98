"""The process that does one job: its dry run, then its run."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from uuid import UUID

from dataquarantine.clock import SystemClock
from dataquarantine.errors import SinkUnavailable
from dataquarantine.quarantine.desk import Desk
from dataquarantine.quarantine.topic_reader import TopicUnreadable
from dataquarantine.replay import leases
from dataquarantine.replay.bench import Bench
from dataquarantine.replay.foreman import LENGTH_BYTES
from dataquarantine.replay.jobs import JobState, ReplayJobs
from dataquarantine.replay.leases import Claim, Lease, LeaseLost
from dataquarantine.replay.planner import Planner
from dataquarantine.replay.publisher import PAUSE_AFTER_ERROR_S, Publisher
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.settings import Settings
from dataquarantine.stream.memory import tune_gc

logger = logging.getLogger(__name__)

FOLLOW_EVERY_S = 0.3


def main() -> None:
    """Do what the parent sends on standard input; end with it."""
    length = int.from_bytes(sys.stdin.buffer.read(LENGTH_BYTES), "big")
    # comes from the parent alone
    settings, schemas, claimed = pickle.loads(sys.stdin.buffer.read(length))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    tune_gc()
    with Desk(settings) as desk:
        work(desk, schemas, claimed)


def work(desk: Desk, schemas: Sequence[ListedSchema], claimed: Claim) -> None:
    """Plan and publish a claimed job."""
    with ExitStack() as stack:
        lease = stack.enter_context(Lease(desk.database, claimed))
        bench = Bench(desk.settings, schemas, desk.payloads)
        stack.callback(bench.close)
        try:
            _do(ReplayJobs(desk.database), bench, lease)
        except LeaseLost as exc:
            logger.warning("%s", exc)


def follow(settings: Settings, schemas: Sequence[ListedSchema], job_id: UUID) -> None:
    """See a job through: do what it needs, or wait while another process does it.

    Ends when everything is published; verdicts come later. Raises: SinkUnavailable.
    """
    with Desk(settings) as desk:
        while True:
            claimed = leases.claim(desk.database, job_id)
            if claimed is not None:
                work(desk, schemas, claimed)
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
