"""Who works on a job: one process at a time, for as long as its heart beats."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from uuid import UUID, uuid4

import sqlalchemy
from sqlalchemy import text

from dataquarantine.errors import DataQuarantineError, SinkUnavailable
from dataquarantine.store.postgres import Database

logger = logging.getLogger(__name__)

LEASE_S = 15.0
#: A clock that also runs while this process is stopped, and where there is one, the machine.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now_s() -> float:
    """Tell the time on the clock of leases."""
    return time.clock_gettime(_CLOCK)


class LeaseLost(DataQuarantineError):
    """Another process works on the job; this one must not touch it any more."""

    def __init__(self, job_id: UUID) -> None:
        super().__init__(f"replay {job_id} is worked on by another process; this one stops")


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that was taken, under a name that nobody else has.

    until_s: how long nobody else may, on the lease's clock, which all processes of a host share.
    """

    job_id: UUID
    owner: str
    until_s: float


def claim(
    database: Database, job_id: UUID | None = None, *, lease_s: float = LEASE_S
) -> Claim | None:
    """Take a job that has work and no living owner, the oldest first; None when there is none.

    Args: job_id: this one or none. lease_s: how long until a `Lease` has to begin.
    Raises: SinkUnavailable.
    """
    owner = f"{socket.gethostname()}/{os.getpid()}/{uuid4().hex[:8]}"
    asked_at_s = now_s()
    values = {"owner": owner, "lease": lease_s, "job": job_id}
    found = database.transact(lambda c: c.execute(_CLAIM, values).scalar())
    return None if found is None else Claim(found, owner, asked_at_s + lease_s)


def release(database: Database, job_id: UUID, owner: str) -> None:
    """Give a job back, if it still is this owner's.

    Raises: SinkUnavailable.
    """
    values = {"id": job_id, "owner": owner}
    database.transact(lambda c: c.execute(_RELEASE, values))


def is_at_work(database: Database, job_id: UUID) -> bool:
    """Tell whether a job is worked on, or has work that nobody does yet.

    Raises: SinkUnavailable.
    """
    found = database.transact(lambda c: c.execute(_AT_WORK, {"job": job_id}).scalar())
    return bool(found)


class Lease:
    """A claimed job; beats in a thread while inside, from the first moment, is free afterwards."""

    def __init__(self, database: Database, claimed: Claim) -> None:
        self.job_id = claimed.job_id
        self.owner = claimed.owner
        self._database = database
        self._sure_until_s = claimed.until_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="replay-lease", daemon=True)

    def hold(self, connection: sqlalchemy.Connection) -> str:
        """Lock the job's row within a transaction; returns its state.

        Raises: LeaseLost when another process has it.
        """
        row = connection.execute(_HOLD, {"id": self.job_id}).one_or_none()
        if row is None or row.leased_by != self.owner:
            raise LeaseLost(self.job_id)
        return str(row.state)

    def check(self) -> None:
        """Refuse to go on once others may have taken the job: this process stood still too long.

        Without a question to the database, for right before something can't be undone.

        Raises: LeaseLost.
        """
        if now_s() >= self._sure_until_s:
            raise LeaseLost(self.job_id)

    def renew(self) -> None:
        """Hold the job for another `LEASE_S`, if it still is ours.

        Raises: SinkUnavailable.
        """
        asked_at_s = now_s()  # the database's time begins later, so it never ends sooner
        values = {"id": self.job_id, "owner": self.owner, "lease": LEASE_S}
        renewed = self._database.transact(
            lambda c: c.execute(_RENEW, values).rowcount, timeout_s=LEASE_S / 3
        )
        self._sure_until_s = asked_at_s + LEASE_S if renewed else asked_at_s

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        try:
            release(self._database, self.job_id, self.owner)
        except SinkUnavailable as exc:
            logger.warning("The lease of replay %s is not given back: %s", self.job_id, exc)

    def _beat(self) -> None:
        while True:
            try:
                self.renew()
            except SinkUnavailable as exc:
                logger.warning("The lease of replay %s is not renewed: %s", self.job_id, exc)
            if self._ended.wait(LEASE_S / 5):
                return


# A job that ended with items on their way still has to learn whether these were published.
_HAS_WORK = """
    (leased_until IS NULL OR leased_until < now())
    AND (CAST(:job AS uuid) IS NULL OR id = CAST(:job AS uuid))
    AND (state = 'planning'
        OR (state = 'running' AND EXISTS (SELECT FROM replay_items i
            WHERE i.job_id = j.id AND i.result = 'pending'))
        OR (state NOT IN ('planned', 'done') AND EXISTS (SELECT FROM replay_items i
            WHERE i.job_id = j.id AND i.result = 'sending')))
"""
_CLAIM = text(
    f"""
    UPDATE replay_jobs SET leased_by = :owner, leased_until = now() + make_interval(secs => :lease)
    WHERE id = (SELECT id FROM replay_jobs j WHERE {_HAS_WORK}
        ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id
    """
)
_AT_WORK = text(
    "SELECT (leased_until >= now() AND state IN ('planning', 'running')) OR state = 'planning'"
    " OR (state = 'running' AND EXISTS (SELECT FROM replay_items i"
    " WHERE i.job_id = j.id AND i.result IN ('pending', 'sending')))"
    " FROM replay_jobs j WHERE id = :job"
)
_RENEW = text(
    "UPDATE replay_jobs SET leased_until = now() + make_interval(secs => :lease)"
    " WHERE id = :id AND leased_by = :owner"
)
_RELEASE = text(
    "UPDATE replay_jobs SET leased_by = NULL, leased_until = NULL"
    " WHERE id = :id AND leased_by = :owner"
)
_HOLD = text("SELECT state, leased_by FROM replay_jobs WHERE id = :id FOR UPDATE")
