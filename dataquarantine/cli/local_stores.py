"""The commands' way into the stores themselves."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Iterator, Mapping
from uuid import UUID

import msgspec

from dataquarantine.breaker.desk import read_breakers, reset_breaker
from dataquarantine.cli.context import remark
from dataquarantine.cli.stores import Item, Step
from dataquarantine.errors import DataQuarantineError
from dataquarantine.quarantine.decisions import Signed
from dataquarantine.quarantine.desk import Desk
from dataquarantine.quarantine.envelope import text_of
from dataquarantine.quarantine.export import export
from dataquarantine.quarantine.states import IncidentState, RecordState
from dataquarantine.store import audit_log, migrations
from dataquarantine.store.queries import Filters, Page
from dataquarantine.store.tokens import TokenBook


class LocalStores:
    """Needs Postgres, Kafka or S3 as each method does; originals are not masked."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tokens = TokenBook(desk.database)

    def records(self, filters: Filters, limit: int, cursor: str | None) -> Page:
        return self._desk.queries.page(filters, limit=limit, cursor=cursor)

    def record(self, record_id: UUID) -> Item:
        item = self._desk.queries.get(record_id)
        if item is None:
            raise DataQuarantineError(f"there is no quarantined record {record_id}")
        return item

    def original(self, record_id: UUID, why: str | None) -> Item:
        envelope = self._desk.payloads.envelope(self.record(record_id))
        return {"payload": text_of(envelope.payload()), "headers": envelope.source_headers}

    def export(self, filters: Filters, why: str | None) -> Iterator[Item]:
        return export(self._desk.queries.all(filters), self._desk.payloads)

    def count(self, filters: Filters) -> int:
        return self._desk.queries.count(filters)

    def discard_one(self, record_id: UUID, signed: Signed) -> None:
        self._desk.review.move_one(record_id, RecordState.DISCARDED, signed)

    def discard(self, filters: Filters, signed: Signed, step: Step) -> int:
        return self._desk.review.move(filters, RecordState.DISCARDED, signed, step)

    def incidents(
        self, schema: str | None, state: str | None, limit: int, cursor: str | None
    ) -> Page:
        return self._desk.incidents.page(schema=schema, state=state, limit=limit, cursor=cursor)

    def incident(self, fingerprint: str) -> Item:
        found = self._desk.incidents.get(fingerprint, self._desk.clock.now())
        if found is None:
            raise DataQuarantineError(f"there is no incident {fingerprint}")
        return found

    def move_incident(self, fingerprint: str, state: str, signed: Signed) -> None:
        self._desk.review.move_incident(fingerprint, IncidentState(state), signed)

    def breakers(self) -> list[Item]:
        found = asyncio.run(read_breakers(self._desk.settings))
        return [msgspec.to_builtins(each) for each in found]

    def reset_breaker(
        self, topic: str, signed: Signed, *, admit_backlog: bool, rate: float | None
    ) -> Item:
        moved = asyncio.run(
            reset_breaker(
                self._desk.settings,
                topic,
                signed.actor,
                signed.reason,
                admit_backlog=admit_backlog,
                rate=rate,
            )
        )
        found: Item = msgspec.to_builtins(moved)
        self._note_reset(topic, signed, found)
        return found

    def _note_reset(self, topic: str, signed: Signed, after: Item) -> None:
        """Write the reset down; it is done, whether Postgres answers or not."""
        try:
            audit_log.note(
                self._desk.database,
                f"breaker/{topic}",
                at=self._desk.clock.now(),
                actor=signed.actor,
                action="reset_breaker",
                reason=signed.reason,
                before={"state": "open"},
                after=after,
            )
        except DataQuarantineError as exc:
            remark(f"not in the audit log: {exc}")

    def tokens(self) -> list[Item]:
        return self._tokens.all()

    def create_token(self, name: str, role: str, signed: Signed) -> Mapping[str, str]:
        now = self._desk.clock.now()
        token = self._tokens.create(name, role, by=signed.actor, at=now, why=signed.reason or None)
        return {"name": name, "role": role, "token": token}

    def first_token(self, name: str, role: str) -> Mapping[str, str]:
        """Migrate the database and make the first token."""
        migrations.upgrade(self._desk.settings.postgres.url.get_secret_value())
        by = f"{getpass.getuser()} (cli)"
        token = self._tokens.create_first(name, role, by=by, at=self._desk.clock.now())
        return {"name": name, "role": role, "token": token}

    def revoke_token(self, name: str, signed: Signed) -> None:
        self._tokens.revoke(
            name, by=signed.actor, at=self._desk.clock.now(), why=signed.reason or None
        )
