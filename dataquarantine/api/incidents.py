"""Incidents: `/api/v1/incidents`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel, Field

from dataquarantine.api.errors import not_found
from dataquarantine.api.fields import Asked, Cursor, Limit, Reason, Text
from dataquarantine.api.http import NDJSON, Reply, Request, Stream
from dataquarantine.api.masked import Masker, exact_json
from dataquarantine.api.quarantine import check_unmask
from dataquarantine.api.quarantine_models import Change, PayloadQuery, ValueCount
from dataquarantine.api.routes import route
from dataquarantine.errors import DataQuarantineError
from dataquarantine.quarantine.decisions import Signed
from dataquarantine.quarantine.desk import Desk
from dataquarantine.quarantine.export import FIELDS
from dataquarantine.quarantine.states import OPEN_RECORDS, IncidentState
from dataquarantine.store import audit_log
from dataquarantine.store.queries import Filters, Item

#: Lines that are prepared at a time.
_PIECE = 50


class IncidentsQuery(Asked):
    """Which incidents; `open` stands for all that are neither resolved nor archived."""

    state: Literal["open"] | IncidentState | None = None
    schema_: Text | None = Field(None, alias="schema")
    limit: Limit = 50
    cursor: Cursor | None = None


class Producer(BaseModel):
    """Who sent records, by the name that its client gives itself."""

    producer: str
    count: int
    last_seen: datetime


class IncidentShown(BaseModel):
    """Records with one cause. trend: records an hour, 24 of them, oldest first."""

    fingerprint: str
    schema_name: str
    error_type: str
    code: str | None
    field_path: str | None
    title: str
    state: IncidentState
    state_since: datetime
    record_count: int
    first_seen: datetime
    last_seen: datetime
    owner: str | None
    trend: list[int]
    producers: list[Producer]


class IncidentList(BaseModel):
    items: list[IncidentShown]
    next: str | None


class IncidentDetail(IncidentShown):
    """An incident with what became of its records."""

    sample_id: UUID
    history: list[Change]
    open_records: int
    statuses: list[ValueCount]


class IncidentMove(Reason):
    """A state to give to an incident."""

    state: Literal[IncidentState.RESOLVED, IncidentState.ARCHIVED, IncidentState.ONGOING]


class Incidents:
    """Lists, shows and decides about incidents."""

    def __init__(self, desk: Desk, masker: Masker) -> None:
        self._desk = desk
        self._masker = masker

    @route("GET", "/incidents", "List incidents, the one seen last first")
    def list_incidents(self, request: Request, query: IncidentsQuery) -> IncidentList:
        book = self._desk.incidents
        page = book.page(
            schema=query.schema_, state=query.state, limit=query.limit, cursor=query.cursor
        )
        items = book.described(page.items, self._desk.clock.now())
        return IncidentList.model_validate({"items": items, "next": page.next})

    @route("GET", "/incidents/{fingerprint}", "Show an incident")
    def show(self, request: Request, fingerprint: str) -> Reply[IncidentDetail]:
        return self._shown(fingerprint)

    @route(
        "POST",
        "/incidents/{fingerprint}/state",
        "Give an incident another state",
        errors=(409,),
        needs_match=True,
    )
    def move(self, request: Request, fingerprint: str, body: IncidentMove) -> Reply[IncidentDetail]:
        """Its records stay as they are."""
        item = self._item(fingerprint)
        request.check_match(_etag(item))
        self._desk.review.move_incident(
            fingerprint,
            IncidentState(body.state),
            Signed(request.actor, body.why),
            unchanged_since=datetime.fromisoformat(item["state_since"]),
        )
        return self._shown(fingerprint)

    @route("GET", "/incidents/{fingerprint}/export", "Export its records as NDJSON", media=NDJSON)
    async def export(self, request: Request, fingerprint: str, query: PayloadQuery) -> Stream:
        """Masked as on the screen; unmasked for a role that may, with a reason that is kept."""
        if query.unmasked:
            check_unmask(request, query.why)
        await asyncio.to_thread(self._begin_export, request, fingerprint, query)
        lines = self._lines(fingerprint, unmasked=query.unmasked)
        return Stream(_pieces(lines))

    def _begin_export(self, request: Request, fingerprint: str, query: PayloadQuery) -> None:
        self._item(fingerprint)
        if query.unmasked:
            audit_log.note(
                self._desk.database,
                f"incident/{fingerprint}",
                at=self._desk.clock.now(),
                actor=request.actor,
                action="unmask",
                reason=query.why,
            )

    def _lines(self, fingerprint: str, *, unmasked: bool) -> Iterator[bytes]:
        for item in self._desk.queries.all(Filters(fingerprint=fingerprint)):
            line = {field: item[field] for field in FIELDS}
            try:
                shown = self._masker.show(self._desk.payloads.envelope(item), unmasked=unmasked)
                line |= {"encoding": shown.encoding, "payload": shown.value}
            except DataQuarantineError as exc:
                line |= {"payload": None, "payload_error": str(exc)}
            yield exact_json(line) + b"\n"

    def _item(self, fingerprint: str) -> Item:
        item = self._desk.incidents.get(fingerprint, self._desk.clock.now())
        if item is None:
            raise not_found("there is no such incident", "see /api/v1/incidents", 40404)
        return item

    def _shown(self, fingerprint: str) -> Reply[IncidentDetail]:
        item = self._item(fingerprint)
        producers = [{**each, "count": each["record_count"]} for each in item["producers"]]
        statuses = self._desk.queries.counts("status", Filters(fingerprint=fingerprint)).items
        detail = IncidentDetail.model_validate(
            {
                **item,
                "producers": producers,
                "history": audit_log.history(self._desk.database, f"incident/{fingerprint}"),
                "open_records": sum(e["count"] for e in statuses if e["value"] in OPEN_RECORDS),
                "statuses": statuses,
            }
        )
        return Reply(detail, _etag(item))


async def _pieces(lines: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Prepare lines in a thread, some at a time."""
    while piece := await asyncio.to_thread(lambda: b"".join(islice(lines, _PIECE))):
        yield piece


def _etag(item: dict[str, Any]) -> str:
    """Name the version of what people decide; its counts change by themselves."""
    changing = [item["state"], item["state_since"]]
    return hashlib.sha256(msgspec.json.encode(changing)).hexdigest()[:16]
