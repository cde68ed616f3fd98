"""What a compiled layer of a schema version offers the engine."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from dataquarantine.outcomes import ErrorType, Violation


class Layer(Protocol):
    """Structure, types or rules of one schema version, compiled once.

    `now` is read once a chunk. Neither method raises for bad data; both see the decoded document
    without the selector fields (`_schema`, ...).
    """

    error_type: ErrorType

    def passes(self, document: Any, now: datetime) -> bool:
        """Tell fast whether there is nothing to report, not even a warning."""

    def violations(self, document: Any, now: datetime) -> list[Violation]:
        """Name everything that is wrong, warnings included; called only after `passes` is false."""
