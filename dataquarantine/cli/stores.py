"""Where the commands find records, incidents, breakers and tokens: the stores, or an API."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from uuid import UUID

import click

from dataquarantine.cli.context import current_settings
from dataquarantine.settings import TOKEN_ENV, URL_ENV

if TYPE_CHECKING:
    from dataquarantine.quarantine.decisions import Signed
    from dataquarantine.store.queries import Filters, Page

T = TypeVar("T")
Item = dict[str, Any]
#: Told how many are done.
Step = Callable[[int], None]

_URL = "dataquarantine.url"


class Stores(Protocol):
    """What the commands need; the same answers from the stores and from an API."""

    def records(self, filters: Filters, limit: int, cursor: str | None) -> Page: ...
    def record(self, record_id: UUID) -> Item: ...
    def original(self, record_id: UUID, why: str | None) -> Item: ...
    def export(self, filters: Filters, why: str | None) -> Iterator[Item]: ...
    def count(self, filters: Filters) -> int: ...
    def discard_one(self, record_id: UUID, signed: Signed) -> None: ...
    def discard(self, filters: Filters, signed: Signed, step: Step) -> int: ...
    def incidents(
        self, schema: str | None, state: str | None, limit: int, cursor: str | None
    ) -> Page: ...
    def incident(self, fingerprint: str) -> Item: ...
    def move_incident(self, fingerprint: str, state: str, signed: Signed) -> None: ...
    def breakers(self) -> list[Item]: ...
    def reset_breaker(
        self, topic: str, signed: Signed, *, admit_backlog: bool, rate: float | None
    ) -> Item: ...
    def tokens(self) -> list[Item]: ...
    def create_token(self, name: str, role: str, signed: Signed) -> Mapping[str, str]: ...
    def first_token(self, name: str, role: str) -> Mapping[str, str]: ...
    def revoke_token(self, name: str, signed: Signed) -> None: ...


def url_option(command: Callable[..., T]) -> Callable[..., T]:
    """Add `--url`; `stores()` heeds it."""
    option = click.option(
        "--url",
        envvar=URL_ENV,
        expose_value=False,
        callback=_keep_url,
        help=f"Ask a worker's HTTP API, with the token in {TOKEN_ENV}; default: the stores.",
    )
    return option(command)


def _keep_url(context: click.Context, param: click.Parameter, value: str | None) -> None:
    context.meta[_URL] = value


def given_url() -> str | None:
    """Say what `--url` names, if anything."""
    url: str | None = click.get_current_context().meta.get(_URL)
    return url or None


def given_token() -> str | None:
    """Read the token for an API from the environment."""
    return os.environ.get(TOKEN_ENV)


@contextmanager
def stores() -> Iterator[Stores]:
    """Open the API that `--url` names, else the stores that the settings name."""
    if url := given_url():
        from dataquarantine.cli.remote_stores import RemoteStores

        yield RemoteStores(url, given_token())
        return
    from dataquarantine.cli.local_stores import LocalStores
    from dataquarantine.quarantine.desk import Desk

    with Desk(current_settings()) as desk:
        yield LocalStores(desk)


def signed(reason: str, who: str | None = None) -> Signed:
    """Sign a decision with the user of this machine; an API signs with the token's name."""
    from dataquarantine.quarantine.decisions import Signed

    return Signed(who or f"{getpass.getuser()} (cli)", reason)
