"""Proofs and the trail of changes: `/api/v1/audit`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field

from dataquarantine.api.fields import Asked, Cursor, Limit, Moment, Text
from dataquarantine.api.http import Request
from dataquarantine.api.processes import Processes
from dataquarantine.api.routes import route
from dataquarantine.audit.auditor import Auditor
from dataquarantine.audit.auditor import Window as AuditWindow
from dataquarantine.audit.report import as_document
from dataquarantine.clock import SystemClock
from dataquarantine.quarantine.desk import Desk
from dataquarantine.settings import Settings
from dataquarantine.store import audit_log
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.postgres import Database

AUDIT_TIMEOUT_S = 120.0


class AuditQuery(Asked):
    """Which entries of the ledger, by the time they were written; `to` excluded."""

    since: Moment | None = Field(None, alias="from")
    until: Moment | None = Field(None, alias="to")


class AuditedPartition(BaseModel):
    """What became of the records of one partition of a source."""

    topic: str
    partition: int
    first_offset: int
    next_offset: int
    entries: int
    seen: int
    valid: int
    invalid: int
    error: int
    tombstone_forwarded: int
    unjudged: int
    redelivered: int
    expired: int
    skipped: int
    lost: int
    remediated: int
    uncertain: int
    written_twice: int | None


class Finding(BaseModel):
    """Something that is not as it should be, or is worth knowing."""

    kind: str
    topic: str
    partition: int
    first_offset: int
    next_offset: int
    count: int
    detail: str


class AuditVerdict(BaseModel):
    """A proof from the ledger; what was forwarded is self-reported."""

    as_of: datetime
    deep: bool = False
    verdict: str
    clean: bool
    basis: str
    partitions: list[AuditedPartition]
    totals: dict[str, int]
    findings: list[Finding]
    unreadable_entries: int
    remarks: list[str]


class LogQuery(Asked):
    """Which changes; all that are given must hold."""

    actor: Text | None = None
    subject: Text | None = None
    action: Text | None = None
    since: Moment | None = Field(None, alias="from")
    until: Moment | None = Field(None, alias="to")
    limit: Limit = 50
    cursor: Cursor | None = None


class LogEntry(BaseModel):
    """Who changed what, why, and what it was before."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    reason: str | None
    details: dict[str, Any]


class LogEntries(BaseModel):
    items: list[LogEntry]
    next: str | None


class Audit:
    """Proves from the ledger; lists changes."""

    def __init__(self, desk: Desk, processes: Processes) -> None:
        self._desk = desk
        self._processes = processes

    @route("GET", "/audit", "Prove from the ledger what became of every record", errors=(504,))
    async def audit(self, request: Request, query: AuditQuery) -> AuditVerdict:
        """Reads ledger, dead letters and stores; give `from`, it takes as long as there is much."""
        as_of = datetime.now(UTC)
        document = await self._processes.run(
            AUDIT_TIMEOUT_S, audited, self._desk.settings, query.since, query.until
        )
        return AuditVerdict.model_validate({"as_of": as_of, **document})

    @route("GET", "/audit/log", "List changes, newest first")
    def log(self, request: Request, query: LogQuery) -> LogEntries:
        page = audit_log.page(
            self._desk.database,
            actor=query.actor,
            subject=query.subject,
            action=query.action,
            since=query.since,
            until=query.until,
            limit=query.limit,
            cursor=query.cursor,
        )
        return LogEntries.model_validate({"items": page.items, "next": page.next})


def audited(settings: Settings, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    """Audit; called in a process of its own."""
    database = Database(settings.postgres.url.get_secret_value(), pool_size=1)
    objects = ObjectStore(settings.s3)
    auditor = Auditor(settings, database, objects, SystemClock())

    async def run() -> dict[str, Any]:
        await auditor.plan(deep=False)
        return as_document(await auditor.run(AuditWindow(since, until), deep=False))

    try:
        return asyncio.run(run())
    finally:
        objects.close()
        database.close()
