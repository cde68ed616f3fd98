"""Notes changes that were decided elsewhere than in Postgres."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from dataquarantine.clock import Clock
from dataquarantine.errors import DataQuarantineError
from dataquarantine.store import audit_log
from dataquarantine.store.postgres import Database

logger = logging.getLogger(__name__)

#: subject, who, action, what it was, what it is.
Note = Callable[[str, str, str, Any, Any], Awaitable[None]]


class Trail:
    """Writes to `audit_log`; what has happened is not undone because Postgres is away."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def note(self, subject: str, actor: str, action: str, before: Any, after: Any) -> None:
        """Note a change."""
        try:
            await asyncio.to_thread(self._write, subject, actor, action, before, after)
        except DataQuarantineError as exc:
            logger.error(
                "%s of %s is not in the audit log: %s",
                action,
                subject,
                exc,
                extra={"action": "audit_log_missed"},
            )

    def _write(self, subject: str, actor: str, action: str, before: Any, after: Any) -> None:
        audit_log.note(
            self._database,
            subject,
            at=self._clock.now(),
            actor=actor,
            action=action,
            before=before,
            after=after,
        )
