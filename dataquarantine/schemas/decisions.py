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
    Guard,
    Proposal,
    Refusal,
    Register,
    Rollback,
    SetConfig,
    SetState,
)
from dataquarantine.schemas.registry import (
    CONFIG,
    DECISION,
    DOC,
    MAX_DECISIONS,
    STATE,
    Entry,
    Registry,
)
from dataquarantine.schemas.reviews import Review, content_hash, review, schema_hash
from dataquarantine.schemas.rollout import ShadowFigures
from dataquarantine.schemas.states import State, refused_move
from dataquarantine.schemas.versions import highest, version_key


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer and the rows that make it so.

    rows: key -> value to write in this order, None deletes; the answer's own row comes last.
    """

    answer: Answer
    rows: dict[str, bytes | None] = field(default_factory=dict)


class _Refused(Exception):
    def __init__(self, refusal: Refusal, *reasons: str, **facts: Any) -> None:
        self.refusal = refusal
        self.reasons = reasons
        self.facts = facts
        super().__init__(refusal)


Rows = dict[str, bytes | None]


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
            facts, rows = _register(registry, proposal, at, reviewed)
        elif isinstance(proposal, SetState):
            facts, rows = _set_state(registry, proposal, at, shadow)
        elif isinstance(proposal, Rollback):
            facts, rows = _roll_back(registry, proposal, at, shadow)
        else:
            facts, rows = _set_config(registry, proposal, at)
        accepted = True
    except _Refused as exc:
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


def _register(
    registry: Registry, proposal: Register, at: str, reviewed: Review | None
) -> tuple[dict[str, Any], Rows]:
    same = _same_schema(registry, proposal)
    if same is not None:
        return _facts(same) | {"existing": same.record["proposal"] != proposal.id}, {}
    result = reviewed or review(registry, proposal)
    document = result.document
    if document is None:
        raise _Refused(Refusal.INVALID_SCHEMA, *result.problems)
    name, version = document.name, document.version
    digest = content_hash(document)
    known = registry.entry(name, version)
    if known is not None:
        if known.content_hash != digest:
            raise _Refused(
                Refusal.VERSION_EXISTS,
                f"{document.reference} is registered with other content; a released version "
                "never changes: give the new content a new version",
                name=name,
                version=version,
                id=known.id,
            )
        return _facts(known) | {"existing": known.record["proposal"] != proposal.id}, {}
    if registry.mode(name) == "READONLY":
        raise _Refused(Refusal.READ_ONLY, f"{name} is read-only", name=name)
    if result.refusal is not None:
        raise _Refused(
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
    return facts, {f"{DOC}{name}/{version}": _bytes(row)}


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


def _facts(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "version": entry.version,
        "id": entry.id,
        "number": entry.number,
        "content_hash": entry.content_hash,
        "state": entry.state,
    }


def _set_state(
    registry: Registry, proposal: SetState, at: str, shadow: ShadowFigures | None
) -> tuple[dict[str, Any], Rows]:
    entry = _entry(registry, proposal.name, proposal.version)
    same_sampling = proposal.state is not State.SHADOW or entry.sampling == proposal.sampling
    if entry.state is proposal.state and same_sampling:
        return _facts(entry) | {"existing": not _made_by(entry, proposal.id)}, {}
    problem = None if entry.state is proposal.state else refused_move(entry.state, proposal.state)
    if problem:
        raise _Refused(Refusal.MOVE_REFUSED, problem, **_facts(entry))
    last = registry.enforced(entry.name) is entry and not _other_enforced(registry, entry)
    if last and not proposal.force:
        raise _Refused(
            Refusal.MOVE_REFUSED,
            f"{entry.name}@{entry.version} is the only enforced version: records that name no "
            "version would find none; enforce another one first, or force it",
            **_facts(entry),
        )
    if proposal.guard is not None:
        _check_guard(entry, proposal.guard, shadow)
    row = _moved(entry, proposal.state, proposal.sampling, proposal, at, shadow)
    return _facts(entry) | {"state": proposal.state}, {_state_key(entry): row}


def _check_guard(entry: Entry, guard: Guard, shadow: ShadowFigures | None) -> None:
    problems = []
    if entry.state is not State.SHADOW:
        problems.append(f"{entry.name}@{entry.version} is {entry.state}, not shadow")
    seen = shadow.compared if shadow else 0
    if seen < guard.after_shadow:
        problems.append(f"{seen} of {guard.after_shadow} records were compared in shadow")
    failing = shadow.newly_failing if shadow else 0
    if guard.max_new_failures is not None and failing > guard.max_new_failures:
        problems.append(f"{failing} records would newly fail, at most {guard.max_new_failures} may")
    if problems:
        details = shadow.to_json() if shadow else None
        raise _Refused(Refusal.GUARD_NOT_MET, *problems, **_facts(entry), details=details)


def _roll_back(
    registry: Registry, proposal: Rollback, at: str, shadow: ShadowFigures | None
) -> tuple[dict[str, Any], Rows]:
    if proposal.name not in registry.names:
        raise _Refused(Refusal.UNKNOWN_NAME, f"schema {proposal.name} is not registered")
    done = next(
        (
            e
            for e in registry.versions(proposal.name)
            if _made_by(e, proposal.id) and e.state is State.SHADOW
        ),
        None,
    )
    current = done or registry.enforced(proposal.name)
    if current is None:
        raise _Refused(
            Refusal.MOVE_REFUSED, f"{proposal.name} has no enforced version", name=proposal.name
        )
    before = [
        entry.version
        for entry in registry.versions(proposal.name)
        if entry.state.judges and version_key(entry.version) < version_key(current.version)
    ]
    target = highest(before)
    if target is None:
        raise _Refused(
            Refusal.MOVE_REFUSED,
            f"there is no enforced or deprecated version below {current.version} to go back to",
            **_facts(current),
        )
    back = registry.names[proposal.name][target]
    rows: Rows = {}
    if back.state is not State.ENFORCED:
        rows[_state_key(back)] = _moved(back, State.ENFORCED, 1.0, proposal, at, None)
    if current.state is State.ENFORCED:
        rows[_state_key(current)] = _moved(current, State.SHADOW, 1.0, proposal, at, shadow)
    return _facts(back) | {"state": State.ENFORCED}, rows


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
    return {"name": proposal.name}, {key: _bytes(row)}


def _entry(registry: Registry, name: str, version: str) -> Entry:
    if name not in registry.names:
        raise _Refused(Refusal.UNKNOWN_NAME, f"schema {name} is not registered", name=name)
    entry = registry.entry(name, version)
    if entry is None:
        known = ", ".join(e.version for e in registry.versions(name)[-5:])
        raise _Refused(
            Refusal.UNKNOWN_VERSION,
            f"{name} has no version {version}; known: {known}",
            name=name,
            version=version,
        )
    return entry


def _other_enforced(registry: Registry, entry: Entry) -> bool:
    return any(
        other.state is State.ENFORCED and other is not entry
        for other in registry.names[entry.name].values()
    )


def _moved(
    entry: Entry,
    state: State,
    sampling: float,
    proposal: SetState | Rollback,
    at: str,
    shadow: ShadowFigures | None,
) -> bytes:
    step: dict[str, Any] = {
        "at": at,
        "by": proposal.by,
        "why": proposal.why,
        "from": entry.state,
        "to": state,
        "proposal": proposal.id,
    }
    if proposal.kind == "rollback":
        step["rollback"] = True
    if shadow is not None and shadow.compared:
        step["effect"] = shadow.to_json(samples=False)
    before = json.loads(entry.state_row)["history"] if entry.state_row else []
    return _bytes({"state": state, "sampling": sampling, "history": [*before, step]})


def _made_by(entry: Entry, proposal: str) -> bool:
    """Tell whether the last change of a version came from this very proposal."""
    if entry.state_row is None:
        return bool(entry.record["proposal"] == proposal)
    last = json.loads(entry.state_row)["history"][-1]
    return bool(last["proposal"] == proposal)


def _state_key(entry: Entry) -> str:
    return f"{STATE}{entry.name}/{entry.version}"


def _bytes(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
