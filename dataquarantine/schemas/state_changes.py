"""Deciding moves of versions and rollbacks: pure functions of the registry and the proposal."""

from __future__ import annotations

import json
from typing import Any

from dataquarantine.schemas.proposals import Guard, Refusal, Rollback, SetState
from dataquarantine.schemas.registrations import Refused, Rows, facts_of, row_bytes
from dataquarantine.schemas.registry import STATE, Entry, Registry
from dataquarantine.schemas.rollout import ShadowFigures
from dataquarantine.schemas.states import State, refused_move
from dataquarantine.schemas.versions import highest, version_key


def set_state(
    registry: Registry, proposal: SetState, at: str, shadow: ShadowFigures | None
) -> tuple[dict[str, Any], Rows]:
    """Decide a move of one version.

    Returns: the answer's facts and the rows to write.
    Raises: Refused.
    """
    entry = _entry(registry, proposal.name, proposal.version)
    same_sampling = proposal.state is not State.SHADOW or entry.sampling == proposal.sampling
    if entry.state is proposal.state and same_sampling:
        return facts_of(entry) | {"existing": not _made_by(entry, proposal.id)}, {}
    problem = None if entry.state is proposal.state else refused_move(entry.state, proposal.state)
    if problem:
        raise Refused(Refusal.MOVE_REFUSED, problem, **facts_of(entry))
    last = registry.enforced(entry.name) is entry and not _other_enforced(registry, entry)
    if last and not proposal.force:
        raise Refused(
            Refusal.MOVE_REFUSED,
            f"{entry.name}@{entry.version} is the only enforced version: records that name no "
            "version would find none; enforce another one first, or force it",
            **facts_of(entry),
        )
    if proposal.guard is not None:
        _check_guard(entry, proposal.guard, shadow)
    row = _moved(entry, proposal.state, proposal.sampling, proposal, at, shadow)
    return facts_of(entry) | {"state": proposal.state}, {_state_key(entry): row}


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
        raise Refused(Refusal.GUARD_NOT_MET, *problems, **facts_of(entry), details=details)


def roll_back(
    registry: Registry, proposal: Rollback, at: str, shadow: ShadowFigures | None
) -> tuple[dict[str, Any], Rows]:
    """Decide to enforce the version below the enforced one, which goes into shadow.

    Returns: the answer's facts and the rows to write.
    Raises: Refused.
    """
    if proposal.name not in registry.names:
        raise Refused(Refusal.UNKNOWN_NAME, f"schema {proposal.name} is not registered")
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
        raise Refused(
            Refusal.MOVE_REFUSED, f"{proposal.name} has no enforced version", name=proposal.name
        )
    before = [
        entry.version
        for entry in registry.versions(proposal.name)
        if entry.state.judges and version_key(entry.version) < version_key(current.version)
    ]
    target = highest(before)
    if target is None:
        raise Refused(
            Refusal.MOVE_REFUSED,
            f"there is no enforced or deprecated version below {current.version} to go back to",
            **facts_of(current),
        )
    back = registry.names[proposal.name][target]
    rows: Rows = {}
    if back.state is not State.ENFORCED:
        rows[_state_key(back)] = _moved(back, State.ENFORCED, 1.0, proposal, at, None)
    if current.state is State.ENFORCED:
        rows[_state_key(current)] = _moved(current, State.SHADOW, 1.0, proposal, at, shadow)
    return facts_of(back) | {"state": State.ENFORCED}, rows


def _entry(registry: Registry, name: str, version: str) -> Entry:
    if name not in registry.names:
        raise Refused(Refusal.UNKNOWN_NAME, f"schema {name} is not registered", name=name)
    entry = registry.entry(name, version)
    if entry is None:
        known = ", ".join(e.version for e in registry.versions(name)[-5:])
        raise Refused(
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
    return row_bytes({"state": state, "sampling": sampling, "history": [*before, step]})


def _made_by(entry: Entry, proposal: str) -> bool:
    """Tell whether the last change of a version came from this very proposal."""
    if entry.state_row is None:
        return bool(entry.record["proposal"] == proposal)
    last = json.loads(entry.state_row)["history"][-1]
    return bool(last["proposal"] == proposal)


def _state_key(entry: Entry) -> str:
    return f"{STATE}{entry.name}/{entry.version}"
