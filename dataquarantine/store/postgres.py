"""The one place that knows how Postgres is reached and how it fails."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TypeVar

import psycopg2
import sqlalchemy
from sqlalchemy import exc as sqlalchemy_errors

from dataquarantine.errors import ConfigError, SinkRejected, SinkUnavailable

NAME = "postgres"
CONNECT_TIMEOUT_S = 3
TRANSACTION_TIMEOUT_S = 30.0
ATTEMPTS = 3
#: Of a process that stands still (SIGSTOP, a paused machine) the server waits no longer: it rolls
#: back, else locks would be held for ever. Longer than anything that we do within a transaction.
STANDSTILL_TIMEOUT_S = 20.0

#: SQLSTATE classes that blame the data: data exception, integrity constraint violation, program
#: limit exceeded (text too long for an index).
_DATA_CLASSES = ("22", "23", "54")
#: In the second class, but for us it is a partition that was being made: the same call succeeds.
_CHECK_VIOLATION = "23514"
#: Lost against another transaction: serialization failure, deadlock.
_IN_THE_WAY = ("40001", "40P01", _CHECK_VIOLATION)
_UNDEFINED_TABLE = "42P01"

T = TypeVar("T")


class Database:
    """A pooled Postgres. Thread-safe; opens no connection before the first transaction."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        """Raises: ConfigError when the URL can't be read."""
        self.max_connections = pool_size
        self.engine = _engine(url, pool_size)

    @property
    def active_connections(self) -> int:
        """Connections in use now."""
        pool = self.engine.pool
        return pool.checkedout() if isinstance(pool, sqlalchemy.QueuePool) else 0

    def transact(
        self,
        work: Callable[[sqlalchemy.Connection], T],
        *,
        timeout_s: float = TRANSACTION_TIMEOUT_S,
    ) -> T:
        """Run `work` in one transaction; it may run again, so it must have no other effects.

        It does when the server had closed the pooled connection in the meantime, or when another
        transaction was in the way.

        Raises: SinkRejected when the data is at fault; SinkUnavailable for everything else, also
            when a server that hangs does not answer in `timeout_s`.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return self._transact(work, timeout_s)
            except sqlalchemy_errors.DBAPIError as exc:
                if not _is_worth_repeating(exc):
                    raise translate(exc.orig) from exc
        with translated():
            return self._transact(work, timeout_s)

    def close(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()

    def _transact(self, work: Callable[[sqlalchemy.Connection], T], timeout_s: float) -> T:
        with (
            translated_pool(),
            self.engine.connect() as connection,
            _deadline(connection, timeout_s),
            connection.begin(),
        ):
            return work(connection)


def copy_in(connection: sqlalchemy.Connection, statement: str, text: str) -> None:
    """Send text by COPY ... FROM STDIN, which SQLAlchemy does not have.

    Raises: DBAPIError, as SQLAlchemy would.
    """
    link = connection.connection
    try:
        cursor = link.cursor()
        cursor.copy_expert(statement, StringIO(text))
    except psycopg2.Error as exc:
        lost = bool(link.driver_connection is None or link.driver_connection.closed)
        if lost:
            connection.invalidate(exc)
        raise sqlalchemy_errors.DBAPIError(
            statement, None, exc, connection_invalidated=lost
        ) from exc


def _engine(url: str, pool_size: int) -> sqlalchemy.Engine:
    try:
        if sqlalchemy.make_url(url).get_backend_name() != "postgresql":
            raise ValueError("another database")
        engine = sqlalchemy.create_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=CONNECT_TIMEOUT_S,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "application_name": "dataquarantine",
                "options": "-c timezone=UTC",
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
            },
        )
    except (sqlalchemy_errors.ArgumentError, ValueError, ImportError) as exc:
        # The URL may hold a password, so it is not shown.
        raise ConfigError(
            "postgres.url can't be read; expected postgresql+psycopg2://user:password@host:5432/db"
        ) from exc
    sqlalchemy.event.listen(engine, "connect", _limit_standstill)
    return engine


def _limit_standstill(link: psycopg2.extensions.connection, _: object) -> None:
    """Have the server end a session that keeps a transaction open, or that takes no answer."""
    limit_ms = int(STANDSTILL_TIMEOUT_S * 1000)
    with link.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('idle_in_transaction_session_timeout', %(ms)s, false),"
            " set_config('tcp_user_timeout', %(ms)s, false)",
            {"ms": str(limit_ms)},
        )
    link.commit()  # a rollback would undo it


@contextmanager
def _deadline(connection: sqlalchemy.Connection, timeout_s: float) -> Iterator[None]:
    """Cut the connection when the time is up.

    A timeout of the server's own would not fire in a server that hangs, and libpq has none.
    """
    descriptor = os.dup(connection.connection.driver_connection.fileno())  # type: ignore[union-attr]
    with socket.socket(fileno=descriptor) as link:
        timer = threading.Timer(timeout_s, _cut, [link])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _cut(link: socket.socket) -> None:
    try:
        link.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it ended by itself just now


@contextmanager
def translated_pool() -> Iterator[None]:
    """Turn a pool that has no connection left into our error."""
    try:
        yield
    except sqlalchemy_errors.TimeoutError as exc:
        raise SinkUnavailable(NAME, "all pooled connections are busy") from exc


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ours.

    Raises: SinkRejected when the data is at fault, SinkUnavailable for everything else.
    """
    try:
        yield
    except sqlalchemy_errors.DBAPIError as exc:
        raise translate(exc.orig) from exc


def _is_worth_repeating(error: sqlalchemy_errors.DBAPIError) -> bool:
    return error.connection_invalidated or getattr(error.orig, "pgcode", None) in _IN_THE_WAY


def translate(error: BaseException | None) -> SinkUnavailable | SinkRejected:
    """Turn a driver's error into ours."""
    state = getattr(error, "pgcode", None)
    reason = _first_line(error)
    if state and state[:2] in _DATA_CLASSES and state != _CHECK_VIOLATION:
        return SinkRejected(NAME, f"{state} {reason}")
    if state == _UNDEFINED_TABLE:
        return SinkUnavailable(NAME, f"{reason}; run `dataquarantine db upgrade`")
    return SinkUnavailable(NAME, f"{state} {reason}" if state else reason)


def _first_line(error: BaseException | None) -> str:
    """Keep what failed; the DETAIL and CONTEXT lines may quote the data."""
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__
