"""The dry run of a job: what its repair would do to every selected record."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy
from pydantic import TypeAdapter
from sqlalchemy import text

from dataquarantine.clock import Clock
from dataquarantine.quarantine.envelope import violation_document
from dataquarantine.quarantine.fingerprint import headline
from dataquarantine.replay.bench import Bench, Tried
from dataquarantine.replay.beside import rest_s
from dataquarantine.replay.jobs import Job, JobState, ReplayJobs
from dataquarantine.replay.leases import Lease
from dataquarantine.replay.newer import Place, count_newer
from dataquarantine.replay.repairs import Repairer, repairer
from dataquarantine.replay.requests import Repair
from dataquarantine.store import audit_log, edits
from dataquarantine.store.rows import read_rows
from dataquarantine.validation.masking import mask_document, mask_value
from dataquarantine.validation.payload import UNDECODABLE, decode_json

logger = logging.getLogger(__name__)

BATCH = 250
#: So many are tried without a rest: people wait for it.
WITHOUT_REST = 500
MAX_SAMPLES = 10
#: So many samples show the same fate.
SAMPLES_OF_A_FATE = 4
_REPAIR: TypeAdapter[Repair] = TypeAdapter(Repair)


def repairer_of(job: Job, bench: Bench) -> Repairer:
    """Make the repairer of a stored job; `now()` in a step is the time the job was made."""
    stored = {name: value for name, value in job.repair.items() if name != edits.PRIVATE}
    repair = _REPAIR.validate_python(stored)
    return repairer(repair, bench.definition, keep=bench.selectors, now=job.created_at)


class Planner:
    """Tries a job's repair on all its items and notes what came of it. Blocking."""

    def __init__(self, jobs: ReplayJobs, bench: Bench, clock: Clock) -> None:
        self._jobs = jobs
        self._bench = bench
        self._clock = clock
        self._samples: list[dict[str, Any]] = []
        self._shown: Counter[str] = Counter()
        self._latest: dict[Place, int] = {}

    def plan(self, lease: Lease) -> None:
        """Judge every item that has no fate yet, then say that the job is planned.

        Raises: LeaseLost, SinkUnavailable, TopicUnreadable; what is judged by then stays.
        """
        job = self._jobs.job(lease.job_id)
        self._samples = list(job.samples)
        self._shown.update(sample["outcome"] for sample in self._samples)
        is_whole = not self._samples  # else a process before this one did a part
        repair = repairer_of(job, self._bench)
        done, after, started = 0, -1, time.monotonic()
        while rows := self._next(lease, after):
            found = [row for row in rows if row["id"] is not None]
            repaired = self._bench.repair(found, repair, job.schema_ref)
            tried = self._bench.judge(repaired, job.schema_ref)
            gone = [row for row in rows if row["id"] is None]
            self._note(lease, tried, gone)
            done, after = done + len(rows), rows[-1]["item_place"]
            if done > WITHOUT_REST:
                time.sleep(rest_s(time.monotonic() - started))
            started = time.monotonic()
        newer = self._count_newer() if is_whole else None
        self._finish(lease, job, newer)

    def _count_newer(self) -> int | None:
        if not self._latest:
            return None
        return asyncio.run(count_newer(self._bench.settings.kafka, self._latest))

    def _next(self, lease: Lease, after: int) -> Sequence[Mapping[str, Any]]:
        """Read what has no fate yet and lies behind a place; what was tried need not be passed."""
        values = {"id": lease.job_id, "after": after, "limit": BATCH}

        def work(connection: sqlalchemy.Connection) -> Sequence[Mapping[str, Any]]:
            if lease.hold(connection) != JobState.PLANNING:
                return []
            items = connection.execute(_NEXT, values).all()
            stored = read_rows(connection, [(item.record_id, item.record_time) for item in items])
            return [
                {
                    **stored.get(item.record_id, {"id": None}),
                    "item_id": item.id,
                    "item_place": item.place,
                }
                for item in items
            ]

        return self._jobs.database.transact(work)

    def _note(
        self, lease: Lease, tried: Sequence[Tried], gone: Sequence[Mapping[str, Any]]
    ) -> None:
        for each in tried:
            self._sample(each)
            self._remember_key(each)
        notes = [_note_of(each) for each in tried]
        notes += [(row["item_id"], "fail", None, "RECORD_GONE", None, "purged") for row in gone]
        columns = [list(column) for column in zip(*notes, strict=True)]
        names = ("ids", "fates", "schemas", "codes", "paths", "reasons")
        values = dict(zip(names, columns, strict=True))
        values["ids"] = [*map(str, values["ids"])]

        def work(connection: sqlalchemy.Connection) -> None:
            lease.hold(connection)
            connection.execute(_NOTE, values | {"now": self._clock.now()})

        self._jobs.database.transact(work)

    def _remember_key(self, tried: Tried) -> None:
        row = tried.repaired.row
        if tried.key is not None and tried.fate == "pass":
            place = (self._bench.pipelines[row["topic"]].valid, tried.key)
            newest = max(row["source_timestamp_ms"], self._latest.get(place, 0))
            self._latest[place] = newest

    def _finish(self, lease: Lease, job: Job, newer: int | None) -> None:
        to = JobState.RUNNING if job.run_at_once else JobState.PLANNED
        now = self._clock.now()
        values = {"id": lease.job_id, "to": to.value, "now": now, "newer": newer}
        values["samples"] = msgspec.json.encode(self._samples).decode()

        def work(connection: sqlalchemy.Connection) -> None:
            if lease.hold(connection) != JobState.PLANNING:
                return
            connection.execute(_PLANNED, values)
            audit_log.write(
                connection, [f"replay/{lease.job_id}"], at=now, actor=job.created_by,
                action=to.value, reason=job.why,
            )  # fmt: skip

        self._jobs.database.transact(work)
        logger.info("Replay %s is planned", lease.job_id, extra={"action": "replay_planned"})

    def _sample(self, tried: Tried) -> None:
        fate = tried.fate
        if len(self._samples) >= MAX_SAMPLES or self._shown[fate] >= SAMPLES_OF_A_FATE:
            return
        self._shown[fate] += 1
        repaired, outcome = tried.repaired, tried.outcome
        reference = tried.schema_ref or repaired.row["schema_name"]
        definition = self._bench.definition(reference)
        before = repaired.envelope.payload() if repaired.envelope is not None else None
        self._samples.append(
            {
                "id": str(repaired.row["id"]),
                "before": masked(before, definition),
                "after": masked(repaired.payload, definition),
                "outcome": fate,
                "violations": [violation_document(v) for v in outcome.violations]
                if outcome is not None
                else [],
                "problem": repaired.problem,
            }
        )


def masked(payload: bytes | None, definition: Mapping[str, Any] | None) -> Any:
    """Show a payload without what its schema marks as personal; without a schema only its shape."""
    try:
        document = decode_json(payload or b"")
    except UNDECODABLE:
        return None
    return mask_value(document) if definition is None else mask_document(document, definition)


def _note_of(tried: Tried) -> tuple[Any, ...]:
    repaired, outcome = tried.repaired, tried.outcome
    code, path = repaired.code, None
    if outcome is not None and not outcome.passed:
        first = headline(outcome)
        code = first.code.value if first else str(outcome.error_type)
        path = outcome.field_path
    schema = tried.schema_ref
    return repaired.row["item_id"], tried.fate, schema, code, path, repaired.problem


_NEXT = text(
    "SELECT id, record_id, record_time, place FROM replay_items"
    " WHERE job_id = :id AND place > :after AND fate IS NULL ORDER BY place LIMIT :limit"
)
_NOTE = text(
    "UPDATE replay_items i SET fate = w.fate, schema_ref = w.schema_ref, code = w.code,"
    " field_path = w.field_path, reason = w.reason, updated_at = :now"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:fates AS text[]), CAST(:schemas AS text[]),"
    " CAST(:codes AS text[]), CAST(:paths AS text[]), CAST(:reasons AS text[]))"
    " AS w(id, fate, schema_ref, code, field_path, reason) WHERE i.id = w.id"
)
_PLANNED = text(
    "UPDATE replay_jobs SET state = :to, samples = CAST(:samples AS jsonb),"
    " newer_valid_keys = :newer,"
    " started_at = CASE WHEN :to = 'running' THEN CAST(:now AS timestamptz) END WHERE id = :id"
)
