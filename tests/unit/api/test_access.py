"""Who is let in."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from dataquarantine.api.access import (
    READS_WITHOUT_STORE_S,
    TRUSTED_S,
    WRITES_WITHOUT_STORE_S,
    Access,
)
from dataquarantine.api.errors import ApiError
from dataquarantine.api.identity import Identity, Role
from dataquarantine.api.rate import RateLimit
from dataquarantine.errors import SinkUnavailable
from dataquarantine.store.tokens import KnownToken, hash_of

CI = KnownToken("ci", hash_of("secret"), "operator")


class Door:
    """A list of tokens, and a time, that a test changes."""

    def __init__(self, *tokens: KnownToken, open_: bool = True) -> None:
        self.tokens: Sequence[KnownToken] = tokens
        self.any_made = bool(tokens)
        self.is_away = False
        self.now = 100.0
        self.access = Access(self._read, open_without_tokens=open_, monotonic=lambda: self.now)

    def _read(self) -> tuple[Sequence[KnownToken], bool]:
        if self.is_away:
            raise SinkUnavailable("postgres", "away")
        return self.tokens, self.any_made

    def ask(self, header: str | None = "Bearer secret", **more: Any) -> Identity:
        headers = {} if header is None else {"authorization": header}
        asked = {"is_read": True, **more}
        return asyncio.run(self.access.identify(headers, **asked))

    def refused(self, header: str | None = "Bearer secret", **more: Any) -> int:
        with pytest.raises(ApiError) as refusal:
            self.ask(header, **more)
        return refusal.value.status


def test_a_token_names_who_asks() -> None:
    assert Door(CI).ask() == Identity("ci", Role.OPERATOR)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="none"),
        pytest.param("Bearer", id="empty"),
        pytest.param("Bearer other", id="unknown"),
        pytest.param("Bearer secret extra", id="more than one"),
        pytest.param("Basic " + base64.b64encode(b"u:secret").decode(), id="basic"),
        pytest.param("Bearer \ud800", id="no text"),
    ],
)
def test_without_a_known_token_nobody_is_let_in(header: str | None) -> None:
    assert Door(CI).refused(header) == 401


def test_registry_clients_send_the_token_as_a_password() -> None:
    header = "Basic " + base64.b64encode(b"anything:secret").decode()

    assert Door(CI).ask(header, takes_basic=True).actor == "ci"


def test_on_loopback_nobody_needs_a_token_until_one_was_made() -> None:
    assert Door().ask(None).role is Role.ADMIN
    assert Door(open_=False).refused(None) == 401


def test_revoking_the_last_token_opens_nothing() -> None:
    door = Door(CI)
    door.ask()

    door.tokens = ()
    door.now += TRUSTED_S + 1

    assert door.refused() == 401
    assert door.refused(None) == 401


def test_a_revoked_token_stops_working_soon() -> None:
    door = Door(CI, KnownToken("other", hash_of("x"), "viewer"))
    identity = door.ask()
    door.tokens = door.tokens[1:]

    assert door.ask() == identity  # the list is trusted for a moment
    door.now += TRUSTED_S

    assert door.refused() == 401
    assert not asyncio.run(door.access.still_knows(identity))


@pytest.mark.parametrize(
    ("after_s", "is_read", "let_in"),
    [
        pytest.param(WRITES_WITHOUT_STORE_S - 1, False, True, id="write soon"),
        pytest.param(WRITES_WITHOUT_STORE_S + 1, False, False, id="write later"),
        pytest.param(READS_WITHOUT_STORE_S - 1, True, True, id="read for a while"),
        pytest.param(READS_WITHOUT_STORE_S + 1, True, False, id="read much later"),
    ],
)
def test_while_postgres_is_away_the_last_list_counts(
    after_s: float, is_read: bool, let_in: bool
) -> None:
    door = Door(CI)
    door.ask()
    door.is_away = True
    door.now += after_s

    found = door.ask(is_read=is_read).actor if let_in else door.refused(is_read=is_read)

    assert found == ("ci" if let_in else 503)


@pytest.mark.parametrize(
    ("open_", "is_read", "found"),
    [
        pytest.param(True, True, "viewer", id="reads on this machine"),
        pytest.param(True, False, 503, id="no writes"),
        pytest.param(False, True, 503, id="nothing from elsewhere"),
    ],
)
def test_before_the_list_was_ever_read(open_: bool, is_read: bool, found: Any) -> None:
    door = Door(CI, open_=open_)
    door.is_away = True

    ask: Callable[..., Any] = door.ask if found == "viewer" else door.refused
    answer = ask(None, is_read=is_read)

    assert (answer.role if isinstance(answer, Identity) else answer) == found


def test_requests_are_limited_by_name() -> None:
    now = 0.0
    limit = RateLimit(2, monotonic=lambda: now)
    for _ in range(4):
        limit.take("ci")

    with pytest.raises(ApiError) as refusal:
        limit.take("ci")
    limit.take("other")
    now = 0.5
    limit.take("ci")

    assert (refusal.value.status, refusal.value.code) == (429, 42901)
