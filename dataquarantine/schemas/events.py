"""What became of versions, written down where reports can query it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dataquarantine.errors import SinkRejected, SinkUnavailable
from dataquarantine.schemas.registry import DOC, STATE, Entry, Registry

logger = logging.getLogger(__name__)

MAX_BATCH = 500


@dataclass(frozen=True, slots=True)
class SchemaEvent:
    """One change of a version's state; (name, version, proposal) is there once.

    effect: what the shadow had shown by then.
    """

    name: str
    version: str
    proposal: str
    schema_id: int
    at: str
    actor: str
    why: str
    from_state: str | None
    to_state: str
    is_rollback: bool
    effect: dict[str, Any] | None


def events_of(entry: Entry) -> list[SchemaEvent]:
    """List the changes of a version, its registration first."""
    registered = entry.record["proposal"]
    return [
        SchemaEvent(
            entry.name,
            entry.version,
            step.get("proposal", registered),
            entry.id,
            step["at"],
            step["by"],
            step["why"],
            step["from"],
            step["to"],
            step.get("rollback", False),
            step.get("effect"),
        )
        for step in entry.history
    ]


def all_events(registry: Registry) -> list[SchemaEvent]:
    """List the changes of every version."""
    return [
        event
        for versions in list(registry.names.values())
        for entry in list(versions.values())
        for event in events_of(entry)
    ]


def events_by(registry: Registry, rows: Iterable[str]) -> list[SchemaEvent]:
    """List the changes that a decision's rows made, once they are folded.

    Args: rows: their keys.
    """
    found = []
    for key in rows:
        if key.startswith((DOC, STATE)):
            name, version = key.partition("/")[2].rsplit("/", 1)
            entry = registry.entry(name, version)
            if entry is not None:
                found.append(events_of(entry)[-1])
    return found


class EventBook:
    """Writes events to a store behind whoever decides, who never waits for it.

    What a crash leaves unwritten the next owner of the log notes again: all it knows.
    Args: write: may block; takes the same event twice.
    """

    def __init__(self, write: Callable[[Sequence[SchemaEvent]], None]) -> None:
        self._write = write
        self._pending: list[SchemaEvent] = []
        self._noted = asyncio.Event()

    def note(self, events: Iterable[SchemaEvent]) -> None:
        """Take events to be written."""
        self._pending.extend(events)
        self._noted.set()

    async def run(self) -> None:
        """Write what is noted, again and again until the store takes it."""
        while True:
            await self._noted.wait()
            while self._pending:
                await self._write_some()
            self._noted.clear()

    async def _write_some(self) -> None:
        batch = self._pending[:MAX_BATCH]
        try:
            await asyncio.to_thread(self._write, batch)
        except SinkUnavailable as exc:
            logger.warning(
                "%d schema events wait for their store: %s",
                len(self._pending),
                exc,
                extra={"action": "schema_events_wait"},
            )
            await asyncio.sleep(exc.retry_after_s)
            return
        except SinkRejected as exc:
            logger.error(
                "%d schema events can't be written: %s",
                len(batch),
                exc,
                extra={"action": "schema_events_refused"},
            )
        del self._pending[: len(batch)]
