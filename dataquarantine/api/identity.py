"""Who asks, and what that allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from dataquarantine.api.errors import ApiError


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

    def check_role(self, needed: Role) -> None:
        """Refuse somebody whose role is not enough.

        Raises: ApiError 403.
        """
        if not self.role.includes(needed):
            raise ApiError(403, 40302, f"this needs the role {needed}, yours is {self.role}")

    def called(self, name: str) -> Identity:
        """Return the same under another name."""
        return replace(self, actor=name)


#: Who asks where no token is asked for: on this machine, or where that was allowed.
NOBODY = Identity("an API client", Role.ADMIN, has_token=False)
