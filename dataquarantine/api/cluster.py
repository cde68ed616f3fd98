"""The cluster as one worker sees it: what `/overview`, `/live` and `/topics` answer from."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dataquarantine import metrics
from dataquarantine.api.figures import COUNTED, KEPT_S, WINDOW_S, LatencyFigures, LedgerFigures
from dataquarantine.api.ledger_tail import LedgerTail, Positions
from dataquarantine.api.overview_models import (
    BreakerSummary,
    Overview,
    PartitionLag,
    Spool,
    TopicPartitionShown,
    Topics,
    TopicShown,
)
from dataquarantine.breaker.states import Breaker, BreakerState
from dataquarantine.clock import Clock
from dataquarantine.errors import DataQuarantineError
from dataquarantine.quarantine.desk import Desk
from dataquarantine.quarantine.states import OPEN_RECORDS
from dataquarantine.records import TopicPartition
from dataquarantine.settings import PipelineSettings

logger = logging.getLogger(__name__)

#: Asking goes on so long after the last who wanted to know.
WANTED_S = 60.0
STORE_EVERY_S = 5.0
FIRST_ANSWER_S = 3.0
MOST_PARTITIONS = 80
MOST_INCIDENTS = 10


class Cluster:
    """Follows the cluster once somebody asked; everybody shares what is known.

    Args: breaker: reads this worker's table. held: why a topic is held on this worker.
    """

    def __init__(
        self,
        desk: Desk,
        clock: Clock,
        breaker: Callable[[str], Breaker],
        held: Callable[[str], Sequence[str]],
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._breaker = breaker
        self._held = held
        self._pipelines = desk.settings.pipelines
        self._sources = [pipeline.source for pipeline in self._pipelines]
        kafka = desk.settings.kafka
        self._figures = LedgerFigures(self._sources)
        self._tail = LedgerTail(kafka, self._figures)
        topics = {t for p in self._pipelines for t in (p.source, p.valid, p.dead_letter)}
        self._positions = Positions(kafka, sorted(topics))
        self._latency = LatencyFigures()
        self._stored: Mapping[str, Any] = {}
        self._wanted_at = float("-inf")
        self._tasks: list[asyncio.Task[None]] = []

    async def overview(self) -> Overview:
        """Tell what is known now; the first who asks waits for it a little."""
        await self._follow()
        now = self._clock.now()
        known = self._tail.is_current
        totals = self._figures.totals() if known else dict.fromkeys(COUNTED)
        rates = self._figures.rates(now) if known else {}
        partitions = self._source_partitions()
        shown = sorted(partitions, key=lambda each: -(each.lag or 0))[:MOST_PARTITIONS]
        return Overview.model_validate(
            {
                "as_of": now,
                "window_s": WINDOW_S,
                "rates": {n: rates.get(n) for n in ("valid", "invalid", "error", "remediated")},
                "totals": totals,
                "totals_since": now - timedelta(seconds=KEPT_S),
                "success_share": _share(totals),
                "series": self._figures.series(now) if known else [],
                "error_types": self._stored.get("error_types", []),
                "codes": self._figures.codes(),
                "latency": self._observed(),
                "partitions": sorted(shown, key=lambda each: (each.topic, each.partition)),
                "partitions_left_out": len(partitions) - len(shown),
                "breakers": [self._breaker_summary(topic) for topic in self._sources],
                "incidents": self._stored.get("incidents", []),
                "open_incidents": self._stored.get("open_incidents"),
                "open_records": self._stored.get("open_records"),
                "spool": Spool(
                    records=int(_gauge(metrics.SPOOL_RECORDS)),
                    bytes=int(_gauge(metrics.SPOOL_BYTES)),
                ),
            }
        )

    async def topics(self) -> Topics:
        """Tell where every partition of every pipeline's topics stands."""
        await self._follow()
        return Topics(items=[each for p in self._pipelines for each in self._topics_of(p)])

    def close(self) -> None:
        """Stop following."""
        for task in self._tasks:
            task.cancel()

    async def _follow(self) -> None:
        self._wanted_at = time.monotonic()
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._tail.run()),
                asyncio.create_task(self._positions.run(self._is_wanted)),
                asyncio.create_task(self._read_stores()),
            ]
        deadline = time.monotonic() + FIRST_ANSWER_S
        while not self._is_complete() and time.monotonic() < deadline:
            await asyncio.sleep(0.05)

    def _is_complete(self) -> bool:
        return bool(self._tail.is_current and self._positions.read_at is not None and self._stored)

    def _is_wanted(self) -> bool:
        return time.monotonic() - self._wanted_at < WANTED_S

    async def _read_stores(self) -> None:
        while True:
            if self._is_wanted():
                try:
                    self._stored = await asyncio.to_thread(self._ask_stores)
                except DataQuarantineError as exc:
                    logger.info(
                        "The overview goes without Postgres: %s",
                        exc,
                        extra={"action": "overview_without_postgres"},
                    )
                    self._stored = {}
            await asyncio.sleep(STORE_EVERY_S)

    def _ask_stores(self) -> dict[str, Any]:
        desk, now = self._desk, self._clock.now()
        open_ones = desk.incidents.page(state="open", limit=MOST_INCIDENTS).items
        return {
            "error_types": desk.incidents.error_types(now - timedelta(seconds=KEPT_S)),
            "incidents": [{**each, "count": each["record_count"]} for each in open_ones],
            "open_incidents": desk.incidents.count_open(),
            "open_records": desk.queries.count_some(sorted(OPEN_RECORDS)),
        }

    def _source_partitions(self) -> list[PartitionLag]:
        return [
            PartitionLag(
                topic=tp.topic,
                partition=tp.partition,
                lag=self._positions.lag(tp),
                state="paused" if self._paused(tp.topic) else "flowing",
                commit_age_s=self._commit_age(tp),
            )
            for tp in sorted(self._positions.ends)
            if tp.topic in self._sources
        ]

    def _topics_of(self, pipeline: PipelineSettings) -> list[TopicShown]:
        kinds = {
            pipeline.source: "source",
            pipeline.valid: "valid",
            pipeline.dead_letter: "dead_letter",
        }
        return [
            TopicShown.model_validate(
                {
                    "topic": topic,
                    "kind": kind,
                    "pipeline": pipeline.source,
                    "mode": pipeline.mode,
                    "partitions": self._partitions_of(topic, reads=kind != "valid"),
                    "breaker": self._breaker_summary(topic) if kind == "source" else None,
                }
            )
            for topic, kind in kinds.items()
        ]

    def _partitions_of(self, topic: str, *, reads: bool) -> list[TopicPartitionShown]:
        reason = self._paused(topic)
        return [
            TopicPartitionShown(
                partition=tp.partition,
                lag=self._positions.lag(tp) if reads else None,
                committed=self._positions.committed.get(tp),
                end=end,
                state="paused" if reason else "flowing",
                commit_age_s=self._commit_age(tp),
                paused_reason=reason,
            )
            for tp, end in sorted(self._positions.ends.items())
            if tp.topic == topic
        ]

    def _commit_age(self, tp: TopicPartition) -> float | None:
        """Tell how long a partition with lag has not moved; None while nothing waits."""
        moved: datetime | None = self._figures.moved_at.get(tp)
        if moved is None or not self._positions.lag(tp):
            return None
        return round(max(0.0, (self._clock.now() - moved).total_seconds()), 1)

    def _paused(self, topic: str) -> str | None:
        """Say why a topic is not read: its breaker anywhere, else what holds it here."""
        if topic in self._sources and self._breaker(topic).state is BreakerState.OPEN:
            return "breaker"
        return next(iter(self._held(topic)), None)

    def _breaker_summary(self, topic: str) -> BreakerSummary:
        found = self._breaker(topic)
        return BreakerSummary(
            topic=topic, state=found.state, since=found.since, reason=found.reason
        )

    def _observed(self) -> dict[str, object] | None:
        by_bound: dict[float, float] = {}
        for family in metrics.END_TO_END_SECONDS.collect():
            for sample in family.samples:
                if sample.name.endswith("_bucket"):
                    bound = float(sample.labels["le"])
                    by_bound[bound] = by_bound.get(bound, 0.0) + sample.value
        bounds = sorted(by_bound)
        return self._latency.observe(
            time.monotonic(), bounds, [by_bound[bound] for bound in bounds]
        )


def _share(totals: Mapping[str, int | None]) -> float | None:
    """Tell which share of the judged records passed; None where none was."""
    valid, invalid, error = (totals.get(name) for name in ("valid", "invalid", "error"))
    if valid is None or invalid is None or error is None or not valid + invalid + error:
        return None
    return round(valid / (valid + invalid + error), 6)


def _gauge(gauge: Any) -> float:
    [family] = gauge.collect()
    return float(family.samples[0].value)
