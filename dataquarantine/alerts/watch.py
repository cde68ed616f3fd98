"""Looks at the gateway's conditions again and again, and says which of them are alerts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from dataquarantine.alerts.alert import Alert, AlertKind, AlertSeverity
from dataquarantine.alerts.desk import AlertDesk
from dataquarantine.breaker.states import Breaker, BreakerState
from dataquarantine.clock import Clock
from dataquarantine.settings import Settings

EVERY_S = 1.0
#: A store that is back by then was no outage.
STORE_DOWN_AFTER_S = 10.0
#: Without another such record for so long it is over.
QUIET_S = 600.0

CRITICAL, WARNING = AlertSeverity.CRITICAL, AlertSeverity.WARNING


@dataclass(frozen=True, slots=True)
class Conditions:
    """Where to look; each is asked once a second and answers at once.

    breakers: of every source, empty on all workers but one. unknown_schemas: records so far, by
        topic. stores_away_s: how long each store has been away. stalled_s: how long each topic's
        commits have stood still. retention_s: time until unread records are deleted, by topic.
    owners: of schemas `name@version`.
    """

    breakers: Callable[[], Iterable[Breaker]]
    unknown_schemas: Callable[[], Mapping[str, int]]
    stores_away_s: Callable[[], Mapping[str, float]]
    stalled_s: Callable[[], Mapping[str, float]]
    retention_s: Callable[[], Mapping[str, float]]
    owners: Callable[[Iterable[str]], tuple[str, ...]]


class AlertWatch:
    """Fires and resolves; what lasts is said again by each worker that comes to know it."""

    def __init__(
        self, settings: Settings, conditions: Conditions, desk: AlertDesk, clock: Clock
    ) -> None:
        self._settings = settings
        self._conditions = conditions
        self._desk = desk
        self._clock = clock
        self._unknown: dict[str, tuple[int, float]] = {}
        self._breakers: set[str] = set()
        self._retention: set[str] = set()
        self._stalled: set[str] = set()

    async def run(self, is_settled: Callable[[], bool]) -> None:
        """Look once a second, for ever.

        Args: is_settled: false while partitions move and tables recover.
        """
        while True:
            if is_settled():
                self.look()
            await asyncio.sleep(EVERY_S)

    def look(self) -> None:
        """Look once."""
        self._look_at_breakers()
        self._look_at_schemas()
        self._look_at_stores()
        self._look_at_commits()
        self._look_at_retention()
        for pipeline in self._settings.pipelines:
            if pipeline.mode == "passthrough":
                summary = f"{pipeline.source} is forwarded unjudged (mode: passthrough)"
                self._fire(AlertKind.PASSTHROUGH, WARNING, pipeline.source, summary)

    def _look_at_breakers(self) -> None:
        seen = {breaker.topic: breaker for breaker in self._conditions.breakers()}
        for topic in self._breakers - set(seen):
            self._desk.forget(AlertKind.BREAKER_OPEN, topic)
        self._breakers = set(seen)
        for topic, breaker in seen.items():
            if breaker.state is not BreakerState.OPEN:
                self._desk.resolve(AlertKind.BREAKER_OPEN, topic)
                continue
            facts = {
                "reason": breaker.reason,
                "bad": f"{breaker.bad} of {breaker.seen} records",
                "schemas": ", ".join(breaker.schemas),
                "codes": ", ".join(f"{c} {n}" for c, n in list(breaker.codes.items())[:5]),
                "since": breaker.since.isoformat() if breaker.since else None,
            }
            summary = f"{topic} is closed by its breaker: nothing is read until it is reset"
            owners = self._conditions.owners(breaker.schemas)
            self._fire(AlertKind.BREAKER_OPEN, CRITICAL, topic, summary, facts, owners)

    def _look_at_schemas(self) -> None:
        now = self._clock.monotonic()
        for topic, count in self._conditions.unknown_schemas().items():
            before, grew_at = self._unknown.get(topic, (0, now))
            if count > before:
                self._unknown[topic] = (count, now)
                summary = f"records of {topic} name a schema that is not registered"
                facts = {"records": count - before}
                self._fire(AlertKind.SCHEMA_NOT_FOUND, WARNING, topic, summary, facts)
            elif now - grew_at > QUIET_S:
                self._desk.resolve(AlertKind.SCHEMA_NOT_FOUND, topic)

    def _look_at_stores(self) -> None:
        for store, away_s in self._conditions.stores_away_s().items():
            if away_s >= STORE_DOWN_AFTER_S:
                summary = f"{store} does not answer; quarantined records wait in the spool"
                self._fire(AlertKind.STORE_DOWN, CRITICAL, store, summary)
            elif away_s == 0:
                self._desk.resolve(AlertKind.STORE_DOWN, store)

    def _look_at_commits(self) -> None:
        stalled = self._conditions.stalled_s()
        for topic in self._stalled - set(stalled):
            self._desk.resolve(AlertKind.COMMIT_STALLED, topic)
        self._stalled = set(stalled)
        for topic, seconds in stalled.items():
            summary = f"{topic} has lag and nothing of it was committed for {seconds:.0f} s"
            self._fire(AlertKind.COMMIT_STALLED, CRITICAL, topic, summary)

    def _look_at_retention(self) -> None:
        limit_s = self._settings.alerts.retention_hours * 3600
        near = {t: left for t, left in self._conditions.retention_s().items() if left < limit_s}
        for topic in self._retention - set(near):
            self._desk.resolve(AlertKind.RETENTION_NEAR, topic)
        self._retention = set(near)
        for topic, left_s in near.items():
            summary = f"retention deletes unread records of {topic} in {left_s / 3600:.1f} hours"
            self._fire(AlertKind.RETENTION_NEAR, CRITICAL, topic, summary)

    def _fire(
        self,
        kind: AlertKind,
        severity: AlertSeverity,
        subject: str,
        summary: str,
        facts: Mapping[str, object] | None = None,
        owners: tuple[str, ...] = (),
    ) -> None:
        self._desk.fire(Alert(kind, severity, subject, summary, facts or {}, owners))
