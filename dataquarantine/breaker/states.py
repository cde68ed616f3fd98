"""The states of a breaker and what moves it; one writer keeps them in the table `breakers`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from dataquarantine.audit.entry import LedgerEntry
from dataquarantine.settings import BreakerSettings


class BreakerState(StrEnum):
    """Whether a source is read."""

    CLOSED = "closed"  # the normal state: records flow
    OPEN = "open"  # mostly bad records; nothing is read until somebody resets it
    HALF_OPEN = "half_open"  # somebody did: some records are on trial


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A bad record that was not produced when a source was closed: where it lies, what is wrong.

    Nothing of its payload; messages are masked as everywhere.
    """

    partition: int
    offset: int
    schema: str | None
    code: str | None
    field_path: str | None
    message: str | None


class Breaker(msgspec.Struct, frozen=True, kw_only=True):
    """The breaker of one source topic.

    seen, bad: what made it open, or what the trial has seen so far. who, why: of the last reset.
    admitted: the trial ends when this many records were read, however bad (`--admit-backlog`).
    rate: at most so many of them a second, over all workers.
    schemas, codes, sample: of the records that made it open, until it is closed again.
    """

    topic: str
    state: BreakerState = BreakerState.CLOSED
    since: datetime | None = None
    reason: str = ""
    seen: int = 0
    bad: int = 0
    who: str | None = None
    why: str | None = None
    admitted: int | None = None
    rate: float | None = None
    schemas: tuple[str, ...] = ()
    codes: dict[str, int] = {}
    sample: tuple[Sample, ...] = ()


class Trip(msgspec.Struct, frozen=True, kw_only=True, tag="trip", tag_field="kind"):
    """A worker asks for a source to be closed: what it judged would flood the quarantine.

    since: of the breaker that it knew; one that moved meanwhile is left alone, so that a request
        that is read again opens nothing. schemas: most bad records first.
    """

    topic: str
    worker: str
    seen: int
    bad: int
    at: datetime
    since: datetime | None = None
    schemas: tuple[str, ...] = ()
    codes: dict[str, int] = {}
    sample: tuple[Sample, ...] = ()


class Reset(msgspec.Struct, frozen=True, kw_only=True, tag="reset", tag_field="kind"):
    """An operator lets a source flow again, on trial.

    admit: so many records go to quarantine on purpose before the trial's verdict counts again.
    rate: at most so many of them a second.
    since: of the breaker that the operator saw; one that moved meanwhile is left alone.
    """

    topic: str
    who: str
    why: str
    at: datetime
    admit: int | None = None
    rate: float | None = None
    since: datetime | None = None


_CONTROL = msgspec.json.Decoder(Trip | Reset)
_BREAKER = msgspec.json.Decoder(Breaker)


def read_control(value: bytes | None) -> Trip | Reset | None:
    """Read a record of the control topic; None when it is for somebody else."""
    try:
        found: Trip | Reset = _CONTROL.decode(value or b"")
    except msgspec.MsgspecError:
        return None
    return found


def read_breaker(topic: str, row: bytes | None) -> Breaker:
    """Read a row of the table; one that is not there is closed."""
    return Breaker(topic=topic) if row is None else _BREAKER.decode(row)


def opened(
    breaker: Breaker,
    seen: int,
    bad: int,
    reason: str,
    now: datetime,
    *,
    schemas: tuple[str, ...] = (),
    codes: dict[str, int] | None = None,
    sample: tuple[Sample, ...] = (),
) -> Breaker:
    """Open a breaker; one that is open stays as it is."""
    if breaker.state is BreakerState.OPEN:
        return breaker
    return Breaker(
        topic=breaker.topic,
        state=BreakerState.OPEN,
        since=now,
        reason=reason,
        seen=seen,
        bad=bad,
        who=breaker.who,
        why=breaker.why,
        schemas=schemas,
        codes=codes or {},
        sample=sample,
    )


def tripped(breaker: Breaker, trip: Trip, now: datetime) -> Breaker:
    """Open a breaker because a worker asks for it, unless it moved since that worker looked."""
    if trip.since != breaker.since:
        return breaker
    return opened(
        breaker,
        trip.seen,
        trip.bad,
        f"worker {trip.worker} judged a flood of bad records",
        now,
        schemas=trip.schemas,
        codes=trip.codes,
        sample=trip.sample,
    )


def opened_by(breaker: Breaker, entry: LedgerEntry, reason: str, now: datetime) -> Breaker:
    """Open a breaker because of what the ledger shows, of which this is the last entry."""
    bad = {name: counts.seen - counts.valid for name, counts in entry.schemas.items()}
    schemas = tuple(name for name in sorted(bad, key=bad.__getitem__, reverse=True) if bad[name])
    return opened(
        breaker, breaker.seen, breaker.bad, reason, now, schemas=schemas[:3], codes=entry.codes
    )


def half_opened(breaker: Breaker, reset: Reset) -> Breaker:
    """Put a source on trial; a breaker that is not open has nothing to be reset."""
    if breaker.state is not BreakerState.OPEN or reset.since not in (None, breaker.since):
        return breaker
    return msgspec.structs.replace(
        breaker,
        state=BreakerState.HALF_OPEN,
        since=reset.at,
        reason="reset",
        seen=0,
        bad=0,
        who=reset.who,
        why=reset.why,
        admitted=reset.admit,
        rate=reset.rate,
    )


def tried(
    breaker: Breaker, entry: LedgerEntry, settings: BreakerSettings, now: datetime
) -> Breaker:
    """Count what was read on trial, and decide once that is enough."""
    if breaker.state is not BreakerState.HALF_OPEN:
        return breaker
    seen = breaker.seen + entry.seen
    bad = breaker.bad + entry.invalid + entry.error
    counted = msgspec.structs.replace(breaker, seen=seen, bad=bad)
    if breaker.admitted is not None:
        if seen < breaker.admitted:
            return counted
        return msgspec.structs.replace(counted, seen=0, bad=0, admitted=None, rate=None, since=now)
    if seen < settings.trial_records:
        return counted
    if bad > settings.max_invalid_share * seen:
        return opened_by(counted, entry, f"{bad} of {seen} records on trial were bad", now)
    return Breaker(
        topic=breaker.topic,
        since=now,
        reason=f"{seen - bad} of {seen} records on trial were good",
        who=breaker.who,
        why=breaker.why,
    )
