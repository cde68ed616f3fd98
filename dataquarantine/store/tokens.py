"""Tokens of the HTTP API: 256 random bits each, of which only the SHA-256 is kept.

A slow hash guards short passwords against guessing; there is nothing to guess in 256 random bits.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import text

from dataquarantine.errors import DataQuarantineError
from dataquarantine.store import audit_log
from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import QUERY_TIMEOUT_S, Item, as_item

PREFIX = "dq_"
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class TokenExists(DataQuarantineError):
    """A name that is taken, or a first token where there are some."""


class UnknownToken(DataQuarantineError):
    """No living token has that name."""


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token that is let in."""

    name: str
    hash: bytes
    role: str


def hash_of(token: str) -> bytes:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


class TokenBook:
    """The table `api_tokens`; each change is in `audit_log`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, role: str, *, by: str, at: datetime, why: str | None = None) -> str:
        """Make a token and return it; nobody can read it again.

        Raises: TokenExists, SinkUnavailable.
        """
        return self._database.transact(lambda c: _create(c, name, role, by, at, why))

    def create_first(self, name: str, role: str, *, by: str, at: datetime) -> str:
        """Make a token where there was never one, so that a setup can be repeated.

        Raises: TokenExists, SinkUnavailable.
        """

        def work(connection: sqlalchemy.Connection) -> str:
            connection.execute(text("LOCK TABLE api_tokens IN SHARE ROW EXCLUSIVE MODE"))
            if connection.execute(text("SELECT FROM api_tokens LIMIT 1")).first() is not None:
                raise TokenExists("there are tokens already; `dataquarantine token list`")
            return _create(connection, name, role, by, at, "bootstrap")

        return self._database.transact(work)

    def revoke(self, name: str, *, by: str, at: datetime, why: str | None = None) -> None:
        """End a token; its name stays taken, so that the audit trail stays true.

        Raises: UnknownToken, SinkUnavailable.
        """

        def work(connection: sqlalchemy.Connection) -> None:
            values = {"name": name, "by": by, "at": at}
            role = connection.execute(_REVOKE, values).scalar()
            if role is None:
                raise UnknownToken(f"no token that works is named {name}; see `token list`")
            audit_log.write(
                connection,
                [f"token/{name}"],
                at=at,
                actor=by,
                action="revoke_token",
                reason=why,
                before={"role": role},
                after=None,
            )

        self._database.transact(work)

    def all(self) -> list[Item]:
        """List every token ever made, without hashes."""
        statement = text(
            "SELECT name, role, created_at, created_by, revoked_at, revoked_by"
            " FROM api_tokens ORDER BY created_at, name"
        )
        return self._database.transact(
            lambda c: [as_item(row) for row in c.execute(statement).mappings()],
            timeout_s=QUERY_TIMEOUT_S,
        )

    def known(self) -> tuple[list[KnownToken], bool]:
        """Read the tokens that work, and whether there ever was any.

        A database without the table has none.

        Raises: SinkUnavailable.
        """

        def work(connection: sqlalchemy.Connection) -> tuple[list[KnownToken], bool]:
            if connection.execute(text("SELECT to_regclass('api_tokens')")).scalar() is None:
                return [], False
            rows = connection.execute(
                text("SELECT name, hash, role, revoked_at FROM api_tokens")
            ).all()
            living = [
                KnownToken(row.name, bytes(row.hash), row.role)
                for row in rows
                if row.revoked_at is None
            ]
            return living, bool(rows)

        return self._database.transact(work, timeout_s=3.0)


_INSERT = text(
    "INSERT INTO api_tokens (name, hash, role, created_at, created_by)"
    " VALUES (:name, :hash, :role, :at, :by) ON CONFLICT (name) DO NOTHING RETURNING name"
)
_REVOKE = text(
    "UPDATE api_tokens SET revoked_at = :at, revoked_by = :by"
    " WHERE name = :name AND revoked_at IS NULL RETURNING role"
)


def _create(
    connection: sqlalchemy.Connection, name: str, role: str, by: str, at: datetime, why: str | None
) -> str:
    if re.fullmatch(NAME, name) is None:
        raise TokenExists(f"{name!r} can't name a token: letters, digits, . _ -, at most 64")
    token = PREFIX + secrets.token_urlsafe(32)
    values = {"name": name, "hash": hash_of(token), "role": role, "at": at, "by": by}
    if connection.execute(_INSERT, values).first() is None:
        raise TokenExists(f"the name {name} is taken, by a revoked token perhaps; use another")
    audit_log.write(
        connection,
        [f"token/{name}"],
        at=at,
        actor=by,
        action="create_token",
        reason=why,
        before=None,
        after={"role": role},
    )
    return token
