"""The REST paths of Confluent's schema registry over ours.

A subject is a schema name; its version numbers count registrations, its ids are the registry's.
Retired versions are what Confluent calls soft-deleted: listed with `deleted=true` only, and still
found by id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, get_args

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
from dataquarantine.schemas.compatibility import CompatibilityReport, check
from dataquarantine.schemas.documents import Compatibility, SchemaDocument, is_schema_name
from dataquarantine.schemas.proposals import Answer, Proposal, Refusal, Register, SetConfig
from dataquarantine.schemas.registry import Config, Entry, Registry
from dataquarantine.schemas.reviews import parse_document
from dataquarantine.schemas.states import State
from dataquarantine.schemas.versions import FIRST_VERSION

Propose = Callable[[Proposal], Awaitable[Answer]]
LEVELS = frozenset(get_args(Compatibility))


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


class Checks:
    """Compatibility without registering."""

    def __init__(self, registry: Registry, subjects: Subjects) -> None:
        self._registry = registry
        self._subjects = subjects

    async def with_version(self, request: Request, subject: str, version: str) -> Any:
        document = self._document(request, subject)
        try:
            earlier = [self._subjects.version(subject, version, request)]
        except ApiError as exc:
            if exc.code != 40401 or version != "latest":
                raise
            earlier = []
        return await self._compared(request, document, earlier)

    async def with_all(self, request: Request, subject: str) -> Any:
        document = self._document(request, subject)
        return await self._compared(request, document, self._subjects.shown(subject, request))

    def _document(self, request: Request, subject: str) -> SchemaDocument:
        if not is_schema_name(subject):
            raise wire.invalid_subject(subject)
        content = document_of(subject, request.json(), self._registry)
        document, problem = parse_document({**content, "version": FIRST_VERSION})
        if document is None:
            raise wire.invalid_schema(problem)
        return document

    async def _compared(
        self, request: Request, document: SchemaDocument, earlier: list[Entry]
    ) -> Any:
        mode = self._registry.compatibility(document.name)
        # Milliseconds of CPU that the loop of the records must not wait for.
        report = await asyncio.to_thread(
            check,
            document,
            [entry.document for entry in earlier],
            mode,
            self._registry.policy(document.name),
        )
        answer: dict[str, Any] = {"is_compatible": report.compatible}
        if request.flag("verbose"):
            answer["messages"] = _messages(report, mode)
        return answer


class Configs:
    """Compatibility levels and modes."""

    def __init__(self, registry: Registry, ask: Propose) -> None:
        self._registry = registry
        self._ask = ask

    async def get_level(self, request: Request, subject: str = "") -> Any:
        config = self._registry.configs.get(subject, Config())
        if subject and config.compatibility is None and not request.flag("defaultToGlobal"):
            raise wire.subject_config_missing(subject)
        level = self._registry.compatibility(subject)
        return {**config.extras, "compatibilityLevel": level, **self._policy(subject)}

    async def set_level(self, request: Request, subject: str = "") -> Any:
        body = request.json()
        level = body.pop("compatibility", None)
        if level is not None and str(level).upper() not in LEVELS:
            raise wire.invalid_level(level)
        policy = body.pop("compatibilityPolicy", None)
        if policy is not None and str(policy).upper() not in ("STRICT", "LENIENT"):
            raise wire.invalid_level(policy)
        await self._propose(
            request,
            subject,
            compatibility=str(level).upper() if level is not None else None,
            policy=str(policy).upper() if policy is not None else None,
            extras=body,
        )
        answer = {**body} if level is None else {**body, "compatibility": str(level).upper()}
        return answer | ({"compatibilityPolicy": str(policy).upper()} if policy else {})

    async def clear(self, request: Request, subject: str = "") -> Any:
        config = self._registry.configs.get(subject)
        if subject and config is None:
            raise wire.subject_not_found(subject)
        level = self._registry.compatibility(subject)
        await self._propose(request, subject, clear=True)
        return {"compatibilityLevel": level}

    async def get_mode(self, request: Request, subject: str = "") -> Any:
        config = self._registry.configs.get(subject, Config())
        if subject and config.mode is None and not request.flag("defaultToGlobal"):
            raise wire.subject_mode_missing(subject)
        return {"mode": self._registry.mode(subject)}

    async def set_mode(self, request: Request, subject: str = "") -> Any:
        mode = str(request.json().get("mode", "")).upper()
        if mode == "IMPORT":
            raise wire.not_permitted("ids come from the log, so IMPORT is not possible")
        if mode not in ("READWRITE", "READONLY"):
            raise wire.invalid_mode(mode)
        await self._propose(request, subject, mode=mode)
        return {"mode": mode}

    async def clear_mode(self, request: Request, subject: str) -> Any:
        config = self._registry.configs.get(subject)
        if config is None or config.mode is None:
            raise wire.subject_mode_missing(subject)
        await self._propose(request, subject, mode="READWRITE")
        return {"mode": config.mode}

    async def _propose(self, request: Request, subject: str, **fields: Any) -> None:
        if subject and not is_schema_name(subject):
            raise wire.invalid_subject(subject)
        await self._ask(SetConfig(by=request.user, why="set by a client", name=subject, **fields))

    def _policy(self, subject: str) -> dict[str, Any]:
        config = self._registry.configs.get(subject, Config())
        return {"compatibilityPolicy": config.policy} if config.policy else {}


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


def _messages(report: CompatibilityReport, mode: str) -> list[str]:
    """Write each reason as a text, the counter-example last."""
    found = [
        f"{{errorType:'{d.code}', path:'#{d.pointer}', direction:'{d.direction}', "
        f"description:'{d.message}', policy:'{d.decided_by(report.policy)}'}}"
        for d in report.breaking()
    ]
    found += [f"{{errorType:'UNDECIDED', description:'{text}'}}" for text in report.undecided]
    if report.has_counter_example:
        found.append(f"{{counterExample: {report.counter_example!r}}}")
    return [*found, f"{{compatibility: '{mode}'}}"] if found else []


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
