"""Deciding proposals: a pure function of the registry, the proposal and the time.

The agent that owns the schema log calls `review` for what takes CPU (in a process pool), then
`decide`, writes the rows in the order given and produces the answer. Deciding a proposal again
after a crash in between gives the same result.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dataquarantine.schemas.proposals import (
    Answer,
    Proposal,
    Refusal,
    Register,
    Rollback,
    SetConfig,
    SetState,
)
from dataquarantine.schemas.registrations import Refused, Rows, register, row_bytes
from dataquarantine.schemas.registry import CONFIG, DECISION, MAX_DECISIONS, Registry
from dataquarantine.schemas.reviews import Review
from dataquarantine.schemas.rollout import ShadowFigures
from dataquarantine.schemas.state_changes import roll_back, set_state


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer and the rows that make it so.

    rows: key -> value to write in this order, None deletes; the answer's own row comes last.
    """

    answer: Answer
    rows: dict[str, bytes | None] = field(default_factory=dict)


def decide(
    registry: Registry,
    proposal: Proposal,
    now: datetime,
    *,
    reviewed: Review | None = None,
    shadow: ShadowFigures | None = None,
    offset: int = -1,
) -> Decision:
    """Decide one proposal; nothing is changed, `apply` does that.

    Args: reviewed: the result of `review(task)`; made here when missing.
        shadow: what the shadow of the version in question has shown so far.
        offset: where the proposal lies on the log.
    Raises: nothing for a bad proposal; that is an answer.
    """
    known = registry.answer(proposal.id)
    if known is not None:
        return Decision(known)
    at = now.isoformat().replace("+00:00", "Z")
    facts: dict[str, Any]
    try:
        if isinstance(proposal, Register):
            facts, rows = register(registry, proposal, at, reviewed)
        elif isinstance(proposal, SetState):
            facts, rows = set_state(registry, proposal, at, shadow)
        elif isinstance(proposal, Rollback):
            facts, rows = roll_back(registry, proposal, at, shadow)
        else:
            facts, rows = _set_config(registry, proposal, at)
        accepted = True
    except Refused as exc:
        facts = {"refusal": exc.refusal, "reasons": exc.reasons, **exc.facts}
        rows, accepted = {}, False
    answer = Answer(
        proposal=proposal.id,
        accepted=accepted,
        at=at,
        sequence=registry.sequence + 1,
        offset=offset,
        **facts,
    )
    return Decision(answer, {**rows, **_decision_rows(registry, answer)})


def apply(registry: Registry, decision: Decision) -> Answer:
    """Fold a decision's rows into the registry."""
    for key, value in decision.rows.items():
        registry.put(key, value)
    return decision.answer


def refuse_unreadable(
    registry: Registry, proposal_id: str, reason: str, now: datetime, *, offset: int = -1
) -> Decision:
    """Answer a proposal that can't be read."""
    answer = Answer(
        proposal=proposal_id,
        accepted=False,
        at=now.isoformat().replace("+00:00", "Z"),
        refusal=Refusal.INVALID_PROPOSAL,
        reasons=(reason,),
        sequence=registry.sequence + 1,
        offset=offset,
    )
    return Decision(answer, _decision_rows(registry, answer))


def _decision_rows(registry: Registry, answer: Answer) -> Rows:
    rows: Rows = {}
    spare = len(registry.decisions) + 1 - MAX_DECISIONS
    for _, old in zip(range(spare), registry.decisions, strict=False):
        rows[DECISION + old] = None
    rows[DECISION + answer.proposal] = answer.model_dump_json(exclude_defaults=True).encode()
    return rows


def _set_config(registry: Registry, proposal: SetConfig, at: str) -> tuple[dict[str, Any], Rows]:
    key = CONFIG + proposal.name
    if proposal.clear:
        return {"name": proposal.name}, {key: None}
    config = registry.configs.get(proposal.name)
    row = json.loads(config.row) if config is not None and config.row is not None else {}
    if row.get("proposal") == proposal.id:
        return {"name": proposal.name}, {}
    change = proposal.model_dump(
        mode="json", include={"compatibility", "policy", "mode"}, exclude_none=True
    )
    history = [
        *row.get("history", []),
        {"at": at, "by": proposal.by, "why": proposal.why, **change},
    ]
    row |= change
    row |= {
        "extras": {**row.get("extras", {}), **proposal.extras},
        "history": history,
        "proposal": proposal.id,
    }
    return {"name": proposal.name}, {key: row_bytes(row)}
