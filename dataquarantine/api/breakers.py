"""Breakers: `/api/v1/breakers`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from pydantic import BaseModel, Field, model_validator

from dataquarantine.api.errors import not_found
from dataquarantine.api.fields import Reason
from dataquarantine.api.http import Request
from dataquarantine.api.routes import route
from dataquarantine.breaker.desk import reset_breaker
from dataquarantine.breaker.states import Breaker, BreakerState
from dataquarantine.quarantine.desk import Desk
from dataquarantine.store import audit_log


class Window(BaseModel):
    """What made it open, or what the trial has seen so far."""

    seen: int
    bad: int


class BreakerShown(BaseModel):
    """The breaker of a source. reset_by, reset_why: of the last reset.

    admitted: so many records go to quarantine on purpose before the trial counts.
    """

    topic: str
    state: BreakerState
    since: datetime | None
    reason: str
    window: Window
    reset_by: str | None
    reset_why: str | None
    admitted: int | None


class Breakers(BaseModel):
    items: list[BreakerShown]
    next: None = None


class Reset(Reason):
    """Lets a source flow again, on trial.

    admit_backlog: what waits now goes into quarantine on purpose, before the trial counts.
    rate_per_s: of that backlog at most so many records a second, over all workers.
    """

    admit_backlog: bool = False
    rate_per_s: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _rate_bounds_a_backlog(self) -> Reset:
        if self.rate_per_s is not None and not self.admit_backlog:
            raise ValueError("rate_per_s bounds what admit_backlog lets in; give both")
        return self


class BreakerViews:
    """Shows and resets breakers.

    Args: breaker: reads this worker's table.
    """

    def __init__(
        self, desk: Desk, sources: Sequence[str], breaker: Callable[[str], Breaker]
    ) -> None:
        self._desk = desk
        self._sources = sources
        self._breaker = breaker

    @route("GET", "/breakers", "List the breakers of all sources")
    async def list_breakers(self, request: Request) -> Breakers:
        return Breakers(items=[_shown(self._breaker(topic)) for topic in self._sources])

    @route("POST", "/breakers/{topic}/reset", "Let a source flow again, on trial", errors=(409,))
    def reset(self, request: Request, topic: str, body: Reset) -> BreakerShown:
        """Waits up to 20 s until a worker has done it."""
        if topic not in self._sources:
            raise not_found(f"{topic[:200]} is no source of this gateway", "see /api/v1/breakers")
        before = self._breaker(topic)
        # A thread's own loop: its clients must not use the records' loop.
        after = asyncio.run(
            reset_breaker(
                self._desk.settings,
                topic,
                request.actor,
                body.why,
                admit_backlog=body.admit_backlog,
                rate=body.rate_per_s,
            )
        )
        self._note(request, before, after, body.why)
        return _shown(after)

    def _note(self, request: Request, before: Breaker, after: Breaker, why: str) -> None:
        audit_log.note(
            self._desk.database,
            f"breaker/{after.topic}",
            at=self._desk.clock.now(),
            actor=request.actor,
            action="reset_breaker",
            reason=why,
            before=msgspec.to_builtins(before),
            after=msgspec.to_builtins(after),
        )


def _shown(breaker: Breaker) -> BreakerShown:
    return BreakerShown(
        topic=breaker.topic,
        state=breaker.state,
        since=breaker.since,
        reason=breaker.reason,
        window=Window(seen=breaker.seen, bad=breaker.bad),
        reset_by=breaker.who,
        reset_why=breaker.why,
        admitted=breaker.admitted,
    )
