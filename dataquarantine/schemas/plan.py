"""What a folder of schema files would change in the registry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dataquarantine.schemas.decisions import apply, decide
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.proposals import Answer, Register
from dataquarantine.schemas.registry import Registry
from dataquarantine.schemas.reviews import canonical, content_hash
from dataquarantine.schemas.states import State
from dataquarantine.schemas.versions import version_key


class Action(StrEnum):
    """What becomes of one file."""

    UNCHANGED = "unchanged"
    REGISTER = "register"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Step:
    """One file of a plan; `reasons` says why it is refused."""

    reference: str
    action: Action
    proposal: Register | None = None
    reasons: tuple[str, ...] = ()


def in_order(documents: Sequence[SchemaDocument]) -> list[SchemaDocument]:
    """Sort documents as they must be registered: each name's versions ascending."""
    return sorted(documents, key=lambda d: (d.name, version_key(d.version)))


def propose_registration(
    document: SchemaDocument, *, by: str, why: str = "", state: State = State.REGISTERED
) -> Register:
    """Make the proposal that registers a document."""
    content = canonical(document)
    return Register.model_validate({"by": by, "why": why, "document": content, "state": state})


def plan(
    registry: Registry, documents: Sequence[SchemaDocument], *, by: str, why: str, now: datetime
) -> Iterator[Step]:
    """Try every registration on a copy of the registry; the real checks, nothing written."""
    trial = Registry.from_rows(registry.rows())
    for document in in_order(documents):
        known = trial.entry(document.name, document.version)
        if known is not None and known.content_hash == content_hash(document):
            yield Step(document.reference, Action.UNCHANGED)
            continue
        proposal = propose_registration(document, by=by, why=why)
        answer: Answer = apply(trial, decide(trial, proposal, now))
        if answer.accepted:
            yield Step(document.reference, Action.REGISTER, proposal)
        else:
            yield Step(document.reference, Action.REFUSED, reasons=answer.reasons)
