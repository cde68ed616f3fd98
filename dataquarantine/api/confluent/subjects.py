"""What is registered under subjects and ids.

A subject is a schema name; its version numbers count registrations, its ids are the registry's.
Retired versions are what Confluent calls soft-deleted: listed with `deleted=true` only, and still
found by id.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from dataquarantine.api.confluent import wire
from dataquarantine.api.confluent.translate import (
    document_of,
    extras_of,
    hash_of,
    parse_version,
    schema_object,
)
from dataquarantine.api.confluent.wire import ApiError, Request
from dataquarantine.errors import DataQuarantineError
from dataquarantine.schemas.documents import is_schema_name
from dataquarantine.schemas.proposals import Answer, Proposal, Refusal, Register
from dataquarantine.schemas.registry import Entry, Registry
from dataquarantine.schemas.states import State

Propose = Callable[[Proposal], Awaitable[Answer]]


class Subjects:
    """What is registered under subjects and ids."""

    def __init__(self, registry: Registry, propose: Propose) -> None:
        self._registry = registry
        self._propose = propose

    async def list_subjects(self, request: Request) -> Any:
        prefix = request.query.get("subjectPrefix", "")
        found = [
            name
            for name in sorted(self._registry.names)
            if name.startswith(prefix) and self.shown(name, request)
        ]
        return _page(found, request)

    async def list_versions(self, request: Request, subject: str) -> Any:
        return _page([entry.number for entry in self.known(subject, request)], request)

    async def get_version(self, request: Request, subject: str, version: str) -> Any:
        return schema_object(self.version(subject, version, request))

    async def get_version_text(self, request: Request, subject: str, version: str) -> Any:
        return self.version(subject, version, request).document.definition

    async def referenced_by(self, request: Request, subject: str, version: str) -> Any:
        number = self.version(subject, version, request).number
        return [
            entry.id
            for name in self._registry.names
            for entry in self._registry.by_number(name)
            for reference in entry.record["extras"].get("references") or ()
            if reference.get("subject") == subject and reference.get("version") == number
        ]

    async def look_up(self, request: Request, subject: str) -> Any:
        """Find the version that holds a schema."""
        known = self.known(subject, request)
        wanted = hash_of(document_of(subject, request.json(), self._registry))
        for entry in reversed(known):
            if entry.schema_hash == wanted:
                return schema_object(entry)
        raise wire.schema_not_found()

    async def register(self, request: Request, subject: str) -> Any:
        if not is_schema_name(subject):
            raise wire.invalid_subject(subject)
        body = request.json()
        document, extras = document_of(subject, body, self._registry), extras_of(body)
        known = _same(self.shown(subject, request), hash_of(document), extras)
        if known is not None:
            return schema_object(known)
        answer = await self.ask(
            Register(
                by=request.user,
                why="registered by a client",
                document=document,
                state=State.ENFORCED,
                extras=extras,
            )
        )
        entry = self._registry.entry(answer.name, answer.version)
        return schema_object(entry) if entry else {"id": answer.id}

    async def by_id(self, request: Request, schema_id: str) -> Any:
        return schema_object(self.entry_of(schema_id), with_subject=False)

    async def text_by_id(self, request: Request, schema_id: str) -> Any:
        return self.entry_of(schema_id).document.definition

    async def subjects_by_id(self, request: Request, schema_id: str) -> Any:
        return [self.entry_of(schema_id).name]

    async def versions_by_id(self, request: Request, schema_id: str) -> Any:
        entry = self.entry_of(schema_id)
        return [{"subject": entry.name, "version": entry.number}]

    async def list_schemas(self, request: Request) -> Any:
        prefix = request.query.get("subjectPrefix", "")
        found: list[Entry] = []
        for name in sorted(self._registry.names):
            if name.startswith(prefix):
                shown = self.shown(name, request)
                found += shown[-1:] if request.flag("latestOnly") else shown
        return [schema_object(entry) for entry in _page(found, request)]

    async def delete(self, request: Request, subject: str, version: str = "latest") -> Any:
        self.version(subject, version, request)
        raise wire.not_permitted(
            "versions are never deleted; retire them: dataquarantine schema state "
            f"{subject}@VERSION retired"
        )

    async def ask(self, proposal: Proposal) -> Answer:
        """Propose a change; a refusal is raised as Confluent's error."""
        try:
            answer = await self._propose(proposal)
        except TimeoutError as exc:
            raise ApiError(500, 50002, "Register operation timed out") from exc
        except DataQuarantineError as exc:
            raise ApiError(500, 50001, str(exc)) from exc
        if not answer.accepted:
            raise _refusal(answer)
        return answer

    def shown(self, subject: str, request: Request) -> list[Entry]:
        """Return the versions of a subject that are not retired, in order of registration."""
        deleted = request.flag("deleted")
        return [
            entry
            for entry in self._registry.by_number(subject)
            if deleted or entry.state is not State.RETIRED
        ]

    def known(self, subject: str, request: Request) -> list[Entry]:
        """Return them, or raise 40401."""
        found = self.shown(subject, request)
        if not found:
            raise wire.subject_not_found(subject)
        return found

    def version(self, subject: str, text: str, request: Request) -> Entry:
        """Return one version by its number or `latest`."""
        number = parse_version(text)
        known = self.known(subject, request)
        if number is None:
            return known[-1]
        found = next((entry for entry in known if entry.number == number), None)
        if found is None:
            raise wire.version_not_found(number)
        return found

    def entry_of(self, schema_id: str) -> Entry:
        """Return the version of an id."""
        known = schema_id.isdecimal() and schema_id.isascii() and len(schema_id) < 12
        found = self._registry.by_id.get(int(schema_id)) if known else None
        if found is None:
            raise wire.schema_not_found(schema_id)
        return found


def _page(items: list[Any], request: Request) -> list[Any]:
    try:
        offset, limit = int(request.query.get("offset", 0)), int(request.query.get("limit", -1))
    except ValueError as exc:
        raise ApiError(400, 400, "offset and limit are numbers") from exc
    return items[max(offset, 0) :][: limit if limit >= 0 else None]


def _same(known: list[Entry], wanted: str, extras: dict[str, Any]) -> Entry | None:
    return next(
        (e for e in known if e.schema_hash == wanted and e.record["extras"] == extras), None
    )


def _refusal(answer: Answer) -> ApiError:
    text = "; ".join(answer.reasons)
    if answer.refusal is Refusal.INCOMPATIBLE:
        return ApiError(
            409,
            409,
            "Schema being registered is incompatible with an earlier schema for subject "
            f'"{answer.name}", details: [{text}]',
        )
    if answer.refusal is Refusal.INVALID_SCHEMA:
        return wire.invalid_schema(text)
    return wire.not_permitted(text)
