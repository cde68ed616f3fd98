"""Who may use the API: `/api/v1/me` and `/api/v1/tokens`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dataquarantine.api.access import Access
from dataquarantine.api.fields import Asked, Remark
from dataquarantine.api.http import Request
from dataquarantine.api.identity import Role
from dataquarantine.api.routes import route
from dataquarantine.clock import Clock
from dataquarantine.store.tokens import NAME, TokenBook

TokenName = Annotated[str, Field(pattern=NAME)]
Ability = Literal["read", "write", "unmask", "tokens"]


class Me(BaseModel):
    """Who asks; `auth_required` is false where nobody needs a token."""

    actor: str
    role: Role
    can: list[Ability]
    auth_required: bool


class TokenShown(BaseModel):
    """A token without itself."""

    name: str
    role: Role
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
    revoked_by: str | None


class TokenList(BaseModel):
    items: list[TokenShown]
    next: None = None


class NewToken(BaseModel):
    """A token to make; its name stands in the audit trail for who uses it."""

    model_config = ConfigDict(extra="forbid")

    name: TokenName
    role: Role
    why: Remark = ""


class MadeToken(BaseModel):
    """The only time that the token is shown."""

    name: str
    role: Role
    token: str


class Revocation(Asked):
    """Why a token is ended."""

    why: Remark = ""


class Revoked(BaseModel):
    name: str


class Tokens:
    """Makes and ends tokens."""

    def __init__(self, book: TokenBook, access: Access, clock: Clock) -> None:
        self._book = book
        self._access = access
        self._clock = clock

    @route("GET", "/me", "Show who asks and what that allows")
    async def me(self, request: Request) -> Me:
        role = request.identity.role
        abilities: list[tuple[Ability, Role]] = [
            ("read", Role.VIEWER),
            ("write", Role.OPERATOR),
            ("unmask", Role.ADMIN),
            ("tokens", Role.ADMIN),
        ]
        return Me(
            actor=request.actor,
            role=role,
            can=[ability for ability, needed in abilities if role.includes(needed)],
            auth_required=self._access.needs_token,
        )

    @route("GET", "/tokens", "List all tokens, without themselves", role=Role.ADMIN)
    def list_tokens(self, request: Request) -> TokenList:
        return TokenList.model_validate({"items": self._book.all()})

    @route("POST", "/tokens", "Make a token", role=Role.ADMIN, errors=(409,))
    def create(self, request: Request, body: NewToken) -> MadeToken:
        """The token is shown this once."""
        now = self._clock.now()
        token = self._book.create(
            body.name, body.role, by=request.actor, at=now, why=body.why or None
        )
        return MadeToken(name=body.name, role=body.role, token=token)

    @route("DELETE", "/tokens/{name}", "Revoke a token", role=Role.ADMIN)
    def revoke(self, request: Request, name: str, query: Revocation) -> Revoked:
        """It stops working on every worker within a few seconds."""
        now = self._clock.now()
        self._book.revoke(name, by=request.actor, at=now, why=query.why or None)
        return Revoked(name=name)
