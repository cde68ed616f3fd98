"""What a schema version would do: `/schemas/{name}/backtest` and `.../healed`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from dataquarantine.api.errors import not_found
from dataquarantine.api.http import Request
from dataquarantine.api.identity import Role
from dataquarantine.api.routes import route
from dataquarantine.replay.backtest import Backtest, backtest, healed, with_candidate
from dataquarantine.replay.beside import run_beside
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.schemas.registry import Registry
from dataquarantine.settings import Settings

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class BacktestAsked(BaseModel):
    """Which version, and how far back: `90m`, `12h`, `7d`."""

    model_config = ConfigDict(extra="forbid")

    version: str = Field(max_length=200)
    last: str = Field("7d", pattern=r"^[1-9][0-9]{0,3}[mhd]$")


class Example(BaseModel):
    """A record that would be judged otherwise, masked."""

    id: str
    payload: Any
    violations: list[dict[str, Any]]


class Examples(BaseModel):
    """Up to five of each kind."""

    newly_failing: list[Example]
    newly_passing: list[Example]


class BacktestShown(BaseModel):
    """Counts over stored records and a sample of traffic."""

    judged: int
    newly_failing: int
    newly_passing: int
    unchanged: int
    stored: int
    sampled: int
    examples: Examples


class Healed(BaseModel):
    """Open records of a schema, at most 20,000, and how many of them a version accepts."""

    open_records: int
    would_pass: int


class Backtests:
    """Judges by versions that may not be enforced; in processes of their own."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        schemas: Callable[[], Sequence[ListedSchema]],
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._schemas = schemas

    @route(
        "POST",
        "/schemas/{name}/backtest",
        "Judge stored records and a sample of traffic by a version",
        role=Role.VIEWER,
        errors=(404, 503),
    )
    def backtest(self, request: Request, name: str, body: BacktestAsked) -> BacktestShown:
        """Say what a version would newly refuse and newly accept."""
        reference, known = self._known(name, body.version)
        since = datetime.now(UTC) - timedelta(**{_UNITS[body.last[-1]]: int(body.last[:-1])})
        found: Backtest = run_beside(backtest, self._settings, known, reference, since)
        return BacktestShown.model_validate(
            {field: getattr(found, field) for field in BacktestShown.model_fields}
        )

    @route(
        "GET",
        "/schemas/{name}/versions/{version}/healed",
        "Count the open records that a version accepts",
        errors=(404, 503),
    )
    def healed(self, request: Request, name: str, version: str) -> Healed:
        """Say what a replay after enforcing a version would bring back."""
        reference, known = self._known(name, version)
        open_records, would_pass = run_beside(healed, self._settings, known, reference)
        return Healed(open_records=open_records, would_pass=would_pass)

    def _known(self, name: str, version: str) -> tuple[str, tuple[ListedSchema, ...]]:
        entry = self._registry.entry(name, version)
        known = tuple(self._schemas())
        if entry is not None:
            return entry.document.reference, with_candidate(known, entry.document)
        for listed in known:
            if (listed.document.name, listed.document.version) == (name, version):
                return listed.document.reference, known
        raise not_found(
            f"schema {name} has no version {version}", "GET /schemas lists what there is", 40402
        )
