"""Deciding what is registered: a pure function of the registry and the proposal."""

from __future__ import annotations

import json
from typing import Any

from dataquarantine.schemas.proposals import Refusal, Register
from dataquarantine.schemas.registry import DOC, Entry, Registry
from dataquarantine.schemas.reviews import Review, content_hash, review, schema_hash
from dataquarantine.schemas.states import State

Rows = dict[str, bytes | None]


class Refused(Exception):
    """A proposal is turned down; `decide` makes an answer of it."""

    def __init__(self, refusal: Refusal, *reasons: str, **facts: Any) -> None:
        self.refusal = refusal
        self.reasons = reasons
        self.facts = facts
        super().__init__(refusal)


def register(
    registry: Registry, proposal: Register, at: str, reviewed: Review | None
) -> tuple[dict[str, Any], Rows]:
    """Decide a registration.

    Returns: the answer's facts and the rows to write, none when the version is there already.
    Raises: Refused.
    """
    same = _same_schema(registry, proposal)
    if same is not None:
        return facts_of(same) | {"existing": same.record["proposal"] != proposal.id}, {}
    result = reviewed or review(registry, proposal)
    document = result.document
    if document is None:
        raise Refused(Refusal.INVALID_SCHEMA, *result.problems)
    name, version = document.name, document.version
    digest = content_hash(document)
    known = registry.entry(name, version)
    if known is not None:
        if known.content_hash != digest:
            raise Refused(
                Refusal.VERSION_EXISTS,
                f"{document.reference} is registered with other content; a released version "
                "never changes: give the new content a new version",
                name=name,
                version=version,
                id=known.id,
            )
        return facts_of(known) | {"existing": known.record["proposal"] != proposal.id}, {}
    if registry.mode(name) == "READONLY":
        raise Refused(Refusal.READ_ONLY, f"{name} is read-only", name=name)
    if result.refusal is not None:
        raise Refused(
            result.refusal,
            *result.problems,
            name=name,
            version=version,
            details=result.details,
            suggested_version=result.suggested_version,
        )
    row = {
        "id": registry.next_id,
        "number": len(registry.names.get(name, ())) + 1,
        "content_hash": digest,
        "schema_hash": schema_hash(document.type, document.definition, document.model),
        "state": proposal.state,
        "at": at,
        "by": proposal.by,
        "why": proposal.why,
        "proposal": proposal.id,
        "extras": proposal.extras,
        "document": result.content,
    }
    facts = {
        "name": name,
        "version": version,
        "id": row["id"],
        "number": row["number"],
        "content_hash": digest,
        "state": proposal.state,
        "details": result.details,
    }
    return facts, {f"{DOC}{name}/{version}": row_bytes(row)}


def _same_schema(registry: Registry, proposal: Register) -> Entry | None:
    """Find the version that a document without a version already is."""
    content = proposal.document
    if "version" in content:
        return None
    wanted = schema_hash(
        str(content.get("type", "json_schema")), content.get("schema"), content.get("model")
    )
    for entry in reversed(registry.by_number(str(content.get("name", "")))):
        if entry.state is not State.RETIRED and entry.schema_hash == wanted:
            return entry if entry.record["extras"] == proposal.extras else None
    return None


def facts_of(entry: Entry) -> dict[str, Any]:
    """Return what an answer says about a version."""
    return {
        "name": entry.name,
        "version": entry.version,
        "id": entry.id,
        "number": entry.number,
        "content_hash": entry.content_hash,
        "state": entry.state,
    }


def row_bytes(row: dict[str, Any]) -> bytes:
    """Write a row for the log."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
