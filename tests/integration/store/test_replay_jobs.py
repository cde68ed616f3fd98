"""Replay jobs on a real Postgres: who works on one, and what it keeps of an edit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from dataquarantine.quarantine.decisions import Signed
from dataquarantine.quarantine.entries import entry_of
from dataquarantine.quarantine.payloads import Payloads
from dataquarantine.replay import leases
from dataquarantine.replay.batches import finish_jobs
from dataquarantine.replay.jobs import ReplayJobs
from dataquarantine.replay.leases import Claim, Lease, LeaseLost
from dataquarantine.replay.requests import NewReplay
from dataquarantine.replay.service import Replays
from dataquarantine.schemas.catalog import FileCatalog
from dataquarantine.settings import Settings
from dataquarantine.store import edits
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.postgres import Database
from dataquarantine.store.rows import PostgresRows
from dataquarantine.testing import ManualClock
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, source

BY = Signed("ann", "asked for")
SECRET = "ann@example.org"
PATCH = [{"op": "add", "path": "/email", "value": SECRET}, {"op": "remove", "path": "/mail"}]

STEPS = [
    {"default": {"field": "email", "value": SECRET}},
    {"map": {"field": "email", "values": {SECRET: "none"}, "otherwise": SECRET}},
    {"set": {"field": "email", "value": f"'{SECRET}'", "when": f"email != '{SECRET}'"}},
    {"trim": ["email"]},
]
PRIVATE: dict[str, dict[str, Any]] = {"patch": {"patch": PATCH}, "recipe": {"steps": STEPS}}
#: What stays of them.
PLACES = {
    "patch": [{"op": "add", "path": "/email"}, {"op": "remove", "path": "/mail"}],
    "recipe": [
        *({kind: {"field": "email"}} for kind in ("default", "map", "set")),
        {"trim": ["email"]},
    ],
}

SCHEMA = """
name: signup
version: 1.0.0
type: json_schema
schema:
  type: object
  properties:
    email: {type: string, x-pii: mask}
    plan: {enum: [free, paid]}
"""


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


def private(jobs: ReplayJobs, kind: str) -> UUID:
    """Make a job that repairs the one record by a patch or recipe that names a masked field."""
    ids = text("SELECT id FROM quarantine_records")
    [record_id] = jobs.database.transact(lambda c: c.execute(ids).scalars().all())
    wanted = NewReplay.model_validate({"selection": {"ids": [record_id]}, "why": "asked for"})
    return jobs.create(wanted, {"kind": kind, **PRIVATE[kind], edits.PRIVATE: True}, BY, NOW)


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


@pytest.mark.parametrize("kind", ["patch", "recipe"])
@pytest.mark.parametrize("end", [done, cancelled])
def test_a_private_repair_is_shown_without_its_values_and_loses_them_at_the_end(
    jobs: ReplayJobs, kind: str, end: Any
) -> None:
    job_id = private(jobs, kind)
    shown = jobs.view(job_id)["repair"]
    assert SECRET in kept(jobs, job_id)  # the run needs it

    end(jobs, job_id)

    assert next(iter(shown[name] for name in PRIVATE[kind])) == PLACES[kind]
    assert SECRET not in json.dumps(shown) + kept(jobs, job_id)


def test_a_private_repair_is_forgotten_with_the_last_record_of_its_job(jobs: ReplayJobs) -> None:
    job_id = private(jobs, "patch")
    found = text("SELECT record_id FROM replay_items")
    ids = [str(i) for i in jobs.database.transact(lambda c: c.execute(found).scalars().all())]
    jobs.database.transact(lambda c: edits.forget_records(c, ids))
    assert SECRET in kept(jobs, job_id)  # the record is still there

    jobs.database.transact(lambda c: c.execute(text("DELETE FROM quarantine_records")))
    jobs.database.transact(lambda c: edits.forget_records(c, ids))

    assert SECRET not in kept(jobs, job_id)


@pytest.mark.parametrize(
    ("repair", "is_private"),
    [
        ({"kind": "patch", "patch": PATCH[:1]}, True),
        ({"kind": "patch", "patch": [{"op": "add", "path": "/plan", "value": "free"}]}, False),
        ({"kind": "recipe", "steps": STEPS[:1]}, True),
        ({"kind": "recipe", "steps": [{"default": {"field": "plan", "value": "free"}}]}, False),
    ],
)
def test_a_repair_that_names_a_masked_field_is_private(
    jobs: ReplayJobs, tmp_path: Path, repair: dict[str, Any], is_private: bool
) -> None:
    (tmp_path / "signup").mkdir()
    (tmp_path / "signup" / "1.0.0.yaml").write_text(SCHEMA)
    settings = Settings.model_validate({"schemas": {"folder": tmp_path}})
    catalog = FileCatalog.from_settings(settings)
    catalog.refresh()
    payloads = Payloads(ObjectStore(settings.s3), lambda *place: None, settings)
    replays = Replays(settings, jobs.database, payloads, catalog, ManualClock())
    chosen = {"selection": {"filters": {}}, "schema": "signup@1.0.0", "why": "asked for"}
    wanted = NewReplay.model_validate({**chosen, "repair": repair})

    job_id = replays.create(wanted, BY, can_unmask=True)

    assert jobs.job(job_id).repair.get(edits.PRIVATE, False) is is_private
    assert (SECRET in json.dumps(jobs.view(job_id))) is False


def test_the_edit_of_a_purged_record_is_forgotten(jobs: ReplayJobs) -> None:
    job_id, record_id = edit(jobs)

    jobs.database.transact(lambda c: edits.forget_records(c, [record_id]))

    assert jobs.job(job_id).repair["edits"] == {record_id: []}


def claimed(jobs: ReplayJobs, job_id: UUID) -> Claim:
    found = leases.claim(jobs.database, job_id)
    assert found is not None
    return found


def test_a_lease_that_was_not_renewed_in_time_is_not_trusted(
    jobs: ReplayJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, _ = edit(jobs)
    lease = Lease(jobs.database, claimed(jobs, job_id))
    lease.check()
    now_s = leases.now_s()

    monkeypatch.setattr(leases, "now_s", lambda: now_s + leases.LEASE_S)  # as after SIGSTOP

    with pytest.raises(LeaseLost):
        lease.check()
    lease.renew()  # nobody took it meanwhile
    lease.check()


def test_a_lease_that_another_took_cannot_be_renewed(jobs: ReplayJobs) -> None:
    job_id, _ = edit(jobs)
    lease = Lease(jobs.database, claimed(jobs, job_id))
    expire = text("UPDATE replay_jobs SET leased_until = now() - interval '1 second'")
    jobs.database.transact(lambda c: c.execute(expire))
    claimed(jobs, job_id)

    lease.renew()

    with pytest.raises(LeaseLost):
        lease.check()
