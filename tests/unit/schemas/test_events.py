"""What becomes of versions, and writing it down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dataquarantine.errors import SinkRejected, SinkUnavailable
from dataquarantine.schemas.decisions import apply, decide
from dataquarantine.schemas.events import EventBook, SchemaEvent, all_events, events_by
from dataquarantine.schemas.proposals import Register, Rollback
from dataquarantine.schemas.registry import Registry
from dataquarantine.schemas.states import State
from tests.unit.schemas.compatibility_cases import TEXT, obj

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def register(version: str, **properties: Any) -> Register:
    document = {"name": "event", "version": version, "description": "An event."}
    schema = obj(closed=True, **properties)
    return Register(
        by="ann", why="new", document={**document, "schema": schema}, state=State.ENFORCED
    )


def registry_of_two() -> Registry:
    registry = Registry()
    for proposal in (register("1.0.0", a=TEXT), register("1.1.0", a=TEXT, b=TEXT)):
        assert apply(registry, decide(registry, proposal, NOW)).accepted
    return registry


def test_a_decision_tells_the_changes_it_made_and_no_others() -> None:
    registry = registry_of_two()
    decision = decide(registry, Rollback(by="bob", why="fails", name="event"), NOW)
    apply(registry, decision)

    (event,) = events_by(registry, decision.rows)

    assert (event.version, event.from_state, event.to_state) == ("1.1.0", "enforced", "shadow")
    assert (event.actor, event.why, event.is_rollback) == ("bob", "fails", True)
    assert event in all_events(registry)
    assert len(all_events(registry)) == 3


def test_a_refused_proposal_is_no_event() -> None:
    registry = registry_of_two()
    decision = decide(registry, Rollback(by="bob", name="other"), NOW)
    apply(registry, decision)

    assert events_by(registry, decision.rows) == []


class Store:
    """Takes a batch, or fails as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.taken: list[SchemaEvent] = []
        self.calls = 0

    def write(self, events: Sequence[SchemaEvent]) -> None:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        self.taken += events


async def written(store: Store, calls: int) -> None:
    book = EventBook(store.write)
    task = asyncio.create_task(book.run())
    book.note(all_events(registry_of_two()))
    async with asyncio.timeout(5):
        while store.calls < calls:
            await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_events_wait_for_a_store_that_is_away() -> None:
    store = Store(SinkUnavailable("postgres", "gone", retry_after_s=0.001))

    await written(store, 2)

    assert [event.version for event in store.taken] == ["1.0.0", "1.1.0"]


async def test_events_that_a_store_refuses_do_not_hold_up_the_next() -> None:
    store = Store(SinkRejected("postgres", "no"))

    await written(store, 1)

    assert store.taken == []
