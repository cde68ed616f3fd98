"""The dry run of a job when a store goes away in the middle of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from dataquarantine.errors import SinkUnavailable
from dataquarantine.quarantine.decisions import Signed
from dataquarantine.quarantine.entries import entry_of
from dataquarantine.quarantine.payloads import Payloads
from dataquarantine.replay import leases, planner
from dataquarantine.replay.bench import Bench, Repaired
from dataquarantine.replay.jobs import JobState, ReplayJobs
from dataquarantine.replay.leases import Lease
from dataquarantine.replay.planner import Planner
from dataquarantine.replay.requests import NewReplay
from dataquarantine.settings import Settings
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.postgres import Database
from dataquarantine.store.rows import PostgresRows
from dataquarantine.testing import ManualClock
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, source


class Interrupted(Bench):
    """Finds S3 away at its second batch, once."""

    batches = 0

    def repair(self, rows: Any, repairer: Any, pinned: Any) -> list[Repaired]:
        self.batches += 1
        if self.batches == 2:
            raise SinkUnavailable("s3", "away", retry_after_s=0.0)
        return [Repaired(row, problem="not tried here", code="REPAIR_FAILED") for row in rows]


def test_what_a_store_interrupted_is_tried_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "BATCH", 2)
    letters = dead_letters([source(n) for n in range(5)])
    PostgresRows(database).insert([entry_of(letter, CLUSTER, NOW).row for letter in letters])
    jobs = ReplayJobs(database)
    wanted = NewReplay.model_validate({"selection": {"filters": {}}, "why": "asked for"})
    job_id = jobs.create(wanted, {"kind": "none"}, Signed("ann", "asked for"), NOW)
    claimed = leases.claim(database, job_id)
    assert claimed is not None
    lease = Lease(database, claimed)
    settings = Settings()
    bench = Interrupted(
        settings, (), Payloads(ObjectStore(settings.s3), lambda *at: None, settings)
    )
    planning = Planner(jobs, bench, ManualClock())

    with pytest.raises(SinkUnavailable):
        planning.plan(lease)
    planning.plan(lease)

    untried = text("SELECT count(*) FROM replay_items WHERE fate IS NULL")
    assert database.transact(lambda c: c.execute(untried).scalar()) == 0
    assert jobs.job(job_id).state is JobState.PLANNED
    bench.close()
