"""Quarantined records: `/api/v1/quarantine`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from dataquarantine.api.errors import ApiError, not_found
from dataquarantine.api.fields import Text
from dataquarantine.api.http import Ready, Reply, Request
from dataquarantine.api.identity import Role
from dataquarantine.api.masked import Masker, exact_json, masked_headers
from dataquarantine.api.quarantine_models import (
    DECIDABLE,
    Counts,
    CountsQuery,
    Discard,
    Discarded,
    Move,
    Payload,
    PayloadQuery,
    RecordDetail,
    Records,
    RecordsQuery,
)
from dataquarantine.api.routes import route
from dataquarantine.errors import DataQuarantineError
from dataquarantine.quarantine.decisions import Signed
from dataquarantine.quarantine.desk import Desk
from dataquarantine.quarantine.private_keys import PrivateKeys
from dataquarantine.quarantine.states import MOVES, RecordState
from dataquarantine.store import audit_log
from dataquarantine.store.queries import Filters, Item


class Quarantine:
    """Lists, shows and decides about records."""

    def __init__(self, desk: Desk, masker: Masker) -> None:
        self._desk = desk
        self._masker = masker
        self._keys = PrivateKeys.from_settings(desk.settings)

    @route("GET", "/quarantine", "List records, newest first")
    def list_records(self, request: Request, query: RecordsQuery) -> Records:
        page = self._desk.queries.page(
            query.chosen(self._keys), limit=query.limit, cursor=query.cursor
        )
        return Records.model_validate({"items": page.items, "next": page.next})

    @route("GET", "/quarantine/counts", "Count records by what they have in common")
    def count(self, request: Request, query: CountsQuery) -> Counts:
        found = self._desk.queries.counts(query.by, query.chosen(self._keys))
        return Counts.model_validate({"items": found.items, "is_exact": found.is_exact})

    @route("GET", "/quarantine/{record_id}", "Show a record")
    def show(self, request: Request, record_id: UUID) -> Reply[RecordDetail]:
        return self._shown(record_id)

    @route(
        "PATCH",
        "/quarantine/{record_id}",
        "Give a record another state",
        errors=(409,),
        needs_match=True,
    )
    def move(self, request: Request, record_id: UUID, body: Move) -> Reply[RecordDetail]:
        item = self._item(record_id)
        request.check_match(_etag(item))
        self._desk.review.move_one(
            record_id,
            RecordState(body.status),
            Signed(request.actor, body.why),
            unchanged_since=datetime.fromisoformat(item["updated_at"]),
        )
        return self._shown(record_id)

    @route("POST", "/quarantine/discard", "Give up records")
    def discard(self, request: Request, body: Discard) -> Discarded:
        """Those that may not be discarded (replaying, reprocessed) stay as they are."""
        filters = body.filters.chosen(self._keys) if body.filters else Filters()
        if body.ids:
            filters = replace(filters, ids=tuple(body.ids))
        signed = Signed(request.actor, body.why)
        return Discarded(changed=self._desk.review.move(filters, RecordState.DISCARDED, signed))

    @route("GET", "/quarantine/{record_id}/payload", "Show the original record")
    def payload(self, request: Request, record_id: UUID, query: PayloadQuery) -> Ready[Payload]:
        """Unmasked only for a role that may, with a reason; that is kept in the audit log."""
        if query.unmasked:
            check_unmask(request, query.why)
        item = self._item(record_id)
        envelope, origin = self._desk.payloads.find(item)
        if query.unmasked:
            self._note_unmasking(request, f"record/{record_id}", query.why)
        shown = self._masker.show(envelope, unmasked=query.unmasked)
        return Ready(
            exact_json(
                {
                    "id": str(record_id),
                    "encoding": shown.encoding,
                    "payload": shown.value,
                    "masked_paths": shown.masked_paths,
                    "from": origin,
                }
            )
        )

    def _note_unmasking(self, request: Request, subject: str, why: Text | None) -> None:
        audit_log.note(
            self._desk.database,
            subject,
            at=self._desk.clock.now(),
            actor=request.actor,
            action="unmask",
            reason=why,
        )

    def _item(self, record_id: UUID) -> Item:
        item = self._desk.queries.get(record_id)
        if item is None:
            raise not_found(f"there is no record {record_id}", "see /api/v1/quarantine", 40404)
        return item

    def _shown(self, record_id: UUID) -> Reply[RecordDetail]:
        item = self._item(record_id)
        allowed = MOVES[RecordState(item["status"])] & DECIDABLE
        detail = RecordDetail.model_validate(
            {
                **item,
                "headers": self._headers(item),
                "history": audit_log.history(self._desk.database, f"record/{record_id}"),
                "lineage": self._desk.queries.lineage(UUID(item["lineage_id"])),
                "allowed_states": sorted(allowed),
            }
        )
        return Reply(detail, _etag(item))

    def _headers(self, item: Item) -> list[tuple[str, str | None]] | None:
        try:
            return masked_headers(self._desk.payloads.envelope(item))
        except DataQuarantineError:
            return None


def check_unmask(request: Request, why: str | None) -> None:
    """Let personal data be seen by those who may, and say why.

    Raises: ApiError 403, 422.
    """
    request.identity.check_role(Role.ADMIN)
    if not why:
        raise ApiError(422, 42202, "why: needed to unmask; it is kept in the audit log")


def _etag(item: Mapping[str, Any]) -> str:
    """Name the version of a row."""
    changing = [item["status"], item["updated_at"], item["attempt"]]
    return hashlib.sha256(msgspec.json.encode(changing)).hexdigest()[:16]
