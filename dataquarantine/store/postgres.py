"""The one place that knows how Postgres fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import sqlalchemy
from sqlalchemy import exc as sqlalchemy_errors

from dataquarantine.errors import ConfigError, SinkRejected, SinkUnavailable

NAME = "postgres"
CONNECT_TIMEOUT_S = 3
STATEMENT_TIMEOUT_S = 30

#: SQLSTATE classes that blame the data: data exception, integrity constraint violation.
_DATA_CLASSES = ("22", "23")
#: In the second class, but for us it is a partition that was being made: the same call succeeds.
_CHECK_VIOLATION = "23514"


def connect(url: str, *, pool_size: int) -> sqlalchemy.Engine:
    """Make a pooled engine; opens no connection yet.

    Raises: ConfigError when the URL can't be read.
    """
    try:
        return sqlalchemy.create_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=CONNECT_TIMEOUT_S,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "application_name": "dataquarantine",
                "options": f"-c timezone=UTC -c statement_timeout={STATEMENT_TIMEOUT_S * 1000}",
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
            },
        )
    except (sqlalchemy_errors.ArgumentError, ValueError) as exc:
        # The URL may hold a password, so it is not shown.
        raise ConfigError(
            "postgres.url can't be read; expected postgresql+psycopg2://user:password@host:5432/name"
        ) from exc


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ours.

    Raises: SinkRejected when the data is at fault, SinkUnavailable for everything else.
    """
    try:
        yield
    except sqlalchemy_errors.DBAPIError as exc:
        raise _translate(exc.orig) from exc
    except sqlalchemy_errors.TimeoutError as exc:
        raise SinkUnavailable(NAME, "all pooled connections are busy") from exc
    except psycopg2.Error as exc:
        raise _translate(exc) from exc


def _translate(error: BaseException | None) -> SinkUnavailable | SinkRejected:
    state = getattr(error, "pgcode", None)
    reason = _first_line(error)
    if state and state[:2] in _DATA_CLASSES and state != _CHECK_VIOLATION:
        return SinkRejected(NAME, f"{state} {reason}")
    if state == "42P01":
        return SinkUnavailable(NAME, f"{reason}; run `dataquarantine db upgrade`")
    return SinkUnavailable(NAME, f"{state} {reason}" if state else reason)


def _first_line(error: BaseException | None) -> str:
    """Keep what failed; the DETAIL and CONTEXT lines may quote the data."""
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__
