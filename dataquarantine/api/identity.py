"""Who asks, and what that allows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a token may do; each role includes the ones before it."""

    VIEWER = "viewer"  # reads, personal data masked
    OPERATOR = "operator"  # reviews, replays, resets breakers, proposes schemas
    ADMIN = "admin"  # sees payloads unmasked, manages tokens

    def includes(self, needed: Role) -> bool:
        """Tell whether this role is enough."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who was let in.

    actor: as it stands in the audit trail. has_token: False where no token is asked for.
    """

    actor: str
    role: Role
    has_token: bool = True


#: Who asks where no token is asked for: on this machine, or where that was allowed.
NOBODY = Identity("an API client", Role.ADMIN, has_token=False)
