"""Who is let in: bearer tokens, checked against a list that is a few seconds old at most."""

from __future__ import annotations

import asyncio
import base64
import hmac
import logging
import time
from collections.abc import Callable, Mapping, Sequence

from dataquarantine.api.errors import ApiError
from dataquarantine.api.identity import NOBODY, Identity, Role
from dataquarantine.errors import DataQuarantineError
from dataquarantine.store.tokens import KnownToken, hash_of

logger = logging.getLogger(__name__)

#: A revoked token stops working after at most this long.
TRUSTED_S = 2.0
#: While Postgres is away, the list read last lets people read this long, and change less long.
READS_WITHOUT_STORE_S = 900.0
WRITES_WITHOUT_STORE_S = 15.0
_FIRST_WAIT_S = 3.5
_WAIT_S = 1.0

#: Returns the tokens that work, and whether there ever was one. Blocking.
ReadTokens = Callable[[], tuple[Sequence[KnownToken], bool]]


class Access:
    """Names who asks.

    Args: open_without_tokens: the port is on loopback, or was opened on purpose; then, as long
        as no token was ever made, everybody may do everything.
    """

    def __init__(
        self,
        read_tokens: ReadTokens,
        *,
        open_without_tokens: bool,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read_tokens = read_tokens
        self._open = open_without_tokens
        self._monotonic = monotonic
        self._tokens: Sequence[KnownToken] = ()
        self._any_made = False
        self._read_at: float | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def needs_token(self) -> bool:
        """Whether nobody is let in without one, as far as is known."""
        return self._any_made or not self._open

    async def identify(
        self, headers: Mapping[str, str], *, is_read: bool, takes_basic: bool = False
    ) -> Identity:
        """Name who asks by the header `Authorization`.

        Raises: ApiError 401; 503 when Postgres has to be asked and does not answer.
        """
        await self._refresh()
        if self._read_at is None:
            return self._unknown(is_read)
        if not self._any_made and self._open:
            return NOBODY
        self._check_age(is_read)
        token = presented(headers.get("authorization", ""), takes_basic=takes_basic)
        if token is None:
            raise ApiError(401, 40101, "a token is needed: Authorization: Bearer TOKEN")
        found = self._matching(token)
        if found is None:
            raise ApiError(401, 40102, "the token is unknown or revoked")
        return Identity(found.name, Role(found.role))

    async def still_knows(self, identity: Identity) -> bool:
        """Tell whether somebody who was let in would be let in again."""
        await self._refresh()
        if not identity.has_token:
            return not self.needs_token
        return any(known.name == identity.actor for known in self._tokens)

    def _matching(self, token: str) -> KnownToken | None:
        """Compare with every token, so that the time tells nothing."""
        given, found = hash_of(token), None
        for known in self._tokens:
            if hmac.compare_digest(known.hash, given):
                found = known
        return found

    def _unknown(self, is_read: bool) -> Identity:
        """Decide before the list could be read once."""
        if self._open and is_read:
            return Identity(NOBODY.actor, Role.VIEWER, has_token=False)
        raise _store_away()

    def _check_age(self, is_read: bool) -> None:
        limit = READS_WITHOUT_STORE_S if is_read else WRITES_WITHOUT_STORE_S
        if self._read_at is None or self._monotonic() - self._read_at > limit:
            raise _store_away()

    async def _refresh(self) -> None:
        """Read the list again when it is old; a store that hangs holds up nobody twice."""
        if self._read_at is not None and self._monotonic() - self._read_at < TRUSTED_S:
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        elif self._read_at is not None:
            return
        first = self._read_at is None
        await asyncio.wait([self._reading], timeout=_FIRST_WAIT_S if first else _WAIT_S)

    async def _read(self) -> None:
        try:
            self._tokens, self._any_made = await asyncio.to_thread(self._read_tokens)
        except DataQuarantineError as exc:
            logger.warning(
                "The list of API tokens can't be read: %s", exc, extra={"action": "tokens_unread"}
            )
        else:
            self._read_at = self._monotonic()


def presented(authorization: str, *, takes_basic: bool = False) -> str | None:
    """Find the token in a header; registry clients send it as a password."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    if scheme.lower() != "basic" or not takes_basic:
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2] or None
    except ValueError:
        return None


def _store_away() -> ApiError:
    return ApiError(503, 50302, "who you are can't be checked: Postgres does not answer")
