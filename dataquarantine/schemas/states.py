"""The life of a schema version."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """How far a version is trusted."""

    REGISTERED = "registered"  # known, judges nothing
    SHADOW = "shadow"  # judges beside the enforced version, routes nothing
    ENFORCED = "enforced"
    DEPRECATED = "deprecated"  # accepted when a record names it, counted
    RETIRED = "retired"  # no record may name it any more

    @property
    def judges(self) -> bool:
        """Tell whether a record may be judged by a version in this state."""
        return self in (State.ENFORCED, State.DEPRECATED)


#: Every move there is; `enforced -> shadow` and `enforced -> registered` are rollbacks.
MOVES: dict[State, frozenset[State]] = {
    State.REGISTERED: frozenset({State.SHADOW, State.ENFORCED, State.RETIRED}),
    State.SHADOW: frozenset({State.REGISTERED, State.ENFORCED, State.RETIRED}),
    State.ENFORCED: frozenset({State.DEPRECATED, State.SHADOW, State.REGISTERED}),
    State.DEPRECATED: frozenset({State.ENFORCED, State.RETIRED}),
    State.RETIRED: frozenset({State.REGISTERED}),
}


def refused_move(before: State, after: State) -> str | None:
    """Say why a move is not possible, or None."""
    if after in MOVES[before]:
        return None
    allowed = ", ".join(sorted(MOVES[before]))
    return f"a version that is {before} can't become {after}; possible: {allowed}"
