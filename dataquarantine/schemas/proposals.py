"""What is asked of the registry, and what it answers. Both travel as JSON on the schema log."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from dataquarantine.errors import InvalidSchema
from dataquarantine.schemas.compatibility import Policy
from dataquarantine.schemas.documents import Compatibility
from dataquarantine.schemas.states import State

PROPOSAL_PREFIX = "proposal/"
MAX_PROPOSAL_BYTES = 4 * 2**20


class _Proposal(BaseModel):
    """Who asks for what and why; the id makes a repeated proposal harmless."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(default_factory=lambda: str(uuid4()), pattern=r"^[A-Za-z0-9-]{1,64}$")
    by: str = Field(min_length=1, max_length=200)
    why: str = Field("", max_length=2000)

    @property
    def key(self) -> str:
        """The key on the log; one per proposal, so compaction never drops an open one."""
        return PROPOSAL_PREFIX + self.id


class Register(_Proposal):
    """Make a version known.

    document: as in a schema file; without `version` the registry computes it.
    state: where the version starts; a Confluent client expects `enforced`.
    extras: what other registries attach (metadata, ruleSet, references): kept, given back.
    """

    kind: Literal["register"] = "register"
    document: dict[str, Any]
    state: Literal[State.REGISTERED, State.SHADOW, State.ENFORCED] = State.REGISTERED
    extras: dict[str, Any] = Field(default_factory=dict)


class Guard(BaseModel):
    """What the shadow must have shown before a version is enforced."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after_shadow: int = Field(0, ge=0)
    max_new_failures: int | None = Field(None, ge=0)


class SetState(_Proposal):
    """Move a version along its life.

    sampling: share of the traffic that a shadow judges.
    force: take the last enforced version away from a name all the same.
    """

    kind: Literal["set_state"] = "set_state"
    name: str
    version: str
    state: State
    guard: Guard | None = None
    sampling: float = Field(1.0, gt=0, le=1)
    force: bool = False


class Rollback(_Proposal):
    """Take the enforced version back to shadow and enforce the one before it."""

    kind: Literal["rollback"] = "rollback"
    name: str


class SetConfig(_Proposal):
    """Set how new versions of a name are checked; an empty name means every name.

    Fields left out stay; `clear` forgets them all.
    """

    kind: Literal["set_config"] = "set_config"
    name: str = ""
    compatibility: Compatibility | None = None
    policy: Policy | None = None
    mode: Literal["READWRITE", "READONLY"] | None = None
    extras: dict[str, Any] = Field(default_factory=dict)
    clear: bool = False


Proposal = Annotated[Register | SetState | Rollback | SetConfig, Field(discriminator="kind")]
_PROPOSAL: TypeAdapter[Register | SetState | Rollback | SetConfig] = TypeAdapter(Proposal)


class Refusal(StrEnum):
    """Why a proposal was refused, for programs."""

    INVALID_PROPOSAL = "INVALID_PROPOSAL"
    INVALID_SCHEMA = "INVALID_SCHEMA"
    INCOMPATIBLE = "INCOMPATIBLE"
    WRONG_VERSION = "WRONG_VERSION"
    VERSION_EXISTS = "VERSION_EXISTS"
    UNKNOWN_NAME = "UNKNOWN_NAME"
    UNKNOWN_VERSION = "UNKNOWN_VERSION"
    MOVE_REFUSED = "MOVE_REFUSED"
    GUARD_NOT_MET = "GUARD_NOT_MET"
    READ_ONLY = "READ_ONLY"


class Answer(BaseModel):
    """The registry's decision on one proposal.

    existing: the same content was registered before; nothing was written.
    details: the compatibility report, as `--json` prints it.
    offset: the proposal's, on the log; nothing up to it is decided again.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    proposal: str
    accepted: bool
    at: str
    refusal: Refusal | None = None
    reasons: tuple[str, ...] = ()
    name: str = ""
    version: str = ""
    id: int | None = None
    number: int | None = None
    content_hash: str = ""
    state: State | None = None
    existing: bool = False
    suggested_version: str = ""
    details: dict[str, Any] | None = None
    sequence: int = 0
    offset: int = -1

    @property
    def message(self) -> str:
        """One line for people."""
        if not self.accepted:
            return f"refused ({self.refusal}): {'; '.join(self.reasons)}"
        what = f"{self.name}@{self.version}" if self.version else self.name or "every schema"
        state = f" is {self.state}" if self.state else " is set"
        return f"{what}{state}" + (f", id {self.id}" if self.id is not None else "")


def parse_proposal(value: bytes) -> Register | SetState | Rollback | SetConfig:
    """Read a proposal from the log.

    Raises: InvalidSchema when the bytes are no proposal.
    """
    if len(value) > MAX_PROPOSAL_BYTES:
        raise InvalidSchema(f"a proposal of {len(value)} bytes", remedy="split the schema")
    try:
        return _PROPOSAL.validate_json(value)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidSchema(
            f"no proposal: {where}: {first['msg']}", remedy="see the schema log's reference"
        ) from exc


def proposal_bytes(proposal: Register | SetState | Rollback | SetConfig) -> bytes:
    """Write a proposal for the log."""
    return proposal.model_dump_json().encode()
