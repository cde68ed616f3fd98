"""Replay jobs on a real Postgres: who works on one, and what it keeps of an edit."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from dataquarantine.quarantine.decisions import Signed
from dataquarantine.quarantine.entries import entry_of
from dataquarantine.replay import leases
from dataquarantine.replay.batches import finish_jobs
from dataquarantine.replay.jobs import ReplayJobs
from dataquarantine.replay.leases import Lease, LeaseLost
from dataquarantine.replay.requests import NewReplay
from dataquarantine.store import edits
from dataquarantine.store.postgres import Database
from dataquarantine.store.rows import PostgresRows
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, source

BY = Signed("ann", "asked for")
SECRET = "ann@example.org"
PATCH = [{"op": "add", "path": "/email", "value": SECRET}, {"op": "remove", "path": "/mail"}]


@pytest.fixture
def jobs(database: Database) -> ReplayJobs:
    rows = [entry_of(letter, CLUSTER, NOW).row for letter in dead_letters([source(1)])]
    PostgresRows(database).insert(rows)
    return ReplayJobs(database)


def edit(jobs: ReplayJobs) -> tuple[UUID, str]:
    """Make a job that repairs the one record by an edit; returns the ids of both."""
    ids = text("SELECT id FROM quarantine_records")
    [record_id] = jobs.database.transact(lambda c: c.execute(ids).scalars().all())
    wanted = NewReplay.model_validate({"selection": {"ids": [record_id]}, "why": "asked for"})
    repair = {"kind": "edit", "edits": {str(record_id): PATCH}}
    return jobs.create(wanted, repair, BY, NOW), str(record_id)


def kept(jobs: ReplayJobs, job_id: UUID) -> str:
    return json.dumps(jobs.job(job_id).repair)


def done(jobs: ReplayJobs, job_id: UUID) -> None:
    states = ("UPDATE replay_jobs SET state = 'running'", "UPDATE replay_items SET result = 'sent'")
    finished = "UPDATE replay_items SET result = 'reprocessed'"
    for statement in (*states, finished):
        jobs.database.transact(lambda c, s=statement: c.execute(text(s)))  # type: ignore[misc]
    jobs.database.transact(lambda c: finish_jobs(c, [job_id], NOW))


def cancelled(jobs: ReplayJobs, job_id: UUID) -> None:
    jobs.tell(job_id, "cancel", BY, NOW)


def test_an_edit_is_shown_without_its_values(jobs: ReplayJobs) -> None:
    job_id, record_id = edit(jobs)

    shown = jobs.view(job_id)["repair"]["edits"][record_id]

    assert shown == [{"op": "add", "path": "/email"}, {"op": "remove", "path": "/mail"}]
    assert SECRET in kept(jobs, job_id)  # the run needs it


@pytest.mark.parametrize("end", [done, cancelled])
def test_a_job_that_is_over_keeps_no_value_of_an_edit(jobs: ReplayJobs, end: Any) -> None:
    job_id, record_id = edit(jobs)

    end(jobs, job_id)

    [first, second] = jobs.job(job_id).repair["edits"][record_id]
    assert SECRET not in kept(jobs, job_id)
    assert (first["path"], second["op"]) == ("/email", "remove")


def test_the_edit_of_a_purged_record_is_forgotten(jobs: ReplayJobs) -> None:
    job_id, record_id = edit(jobs)

    jobs.database.transact(lambda c: edits.forget_records(c, [record_id]))

    assert jobs.job(job_id).repair["edits"] == {record_id: []}


def test_a_lease_that_was_not_renewed_in_time_is_not_trusted(
    jobs: ReplayJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, _ = edit(jobs)
    leases.claim(jobs.database, "one", job_id)
    lease = Lease(jobs.database, job_id, "one")
    lease.check()
    now_s = leases.now_s()

    monkeypatch.setattr(leases, "now_s", lambda: now_s + leases.LEASE_S)  # as after SIGSTOP

    with pytest.raises(LeaseLost):
        lease.check()
    lease.renew()  # nobody took it meanwhile
    lease.check()


def test_a_lease_that_another_took_cannot_be_renewed(jobs: ReplayJobs) -> None:
    job_id, _ = edit(jobs)
    leases.claim(jobs.database, "one", job_id)
    lease = Lease(jobs.database, job_id, "one")
    expire = text("UPDATE replay_jobs SET leased_until = now() - interval '1 second'")
    jobs.database.transact(lambda c: c.execute(expire))
    assert leases.claim(jobs.database, "two", job_id) == job_id

    lease.renew()

    with pytest.raises(LeaseLost):
        lease.check()
