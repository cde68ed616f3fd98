"""What the overview shows."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from dataquarantine.breaker.states import BreakerState
from dataquarantine.quarantine.states import IncidentState


class Rates(BaseModel):
    """Records a second over the last `window_s`."""

    valid: float | None
    invalid: float | None
    error: float | None
    remediated: float | None


class Totals(BaseModel):
    """Records of the last hour."""

    seen: int | None
    valid: int | None
    invalid: int | None
    error: int | None
    remediated: int | None
    tombstone_forwarded: int | None
    unjudged: int | None


class Point(BaseModel):
    """Records a second during the five seconds from `at`."""

    at: datetime
    valid: float
    invalid: float
    error: float


class ErrorTypeCount(BaseModel):
    error_type: str
    count: int


class CodeCount(BaseModel):
    code: str
    count: int


class Bucket(BaseModel):
    """Chunks that took up to `le_ms` and longer than the bucket before; null: longer than all."""

    le_ms: float | None
    count: int


class Latency(BaseModel):
    """From a chunk's first record's timestamp to the acknowledgement of its outputs, last minute.

    scope: this worker's own. A quantile is null when it lies above the last bucket.
    """

    scope: Literal["worker"]
    buckets: list[Bucket]
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class PartitionLag(BaseModel):
    topic: str
    partition: int
    lag: int | None
    state: Literal["flowing", "paused"]
    commit_age_s: float | None


class BreakerSummary(BaseModel):
    topic: str
    state: BreakerState
    since: datetime | None
    reason: str


class IncidentSummary(BaseModel):
    fingerprint: str
    title: str
    state: IncidentState
    count: int
    last_seen: datetime


class Spool(BaseModel):
    """What waits on this worker's disk for its store."""

    records: int
    bytes: int


class Overview(BaseModel):
    """The cluster now: from the ledger, the broker and Postgres; unknown numbers are null.

    codes: of the last hour, the most frequent first; error_types: of this clock hour and the one
    before. partitions: of the sources, those with the most lag when there are many. incidents: the
    ten open ones seen last.
    """

    as_of: datetime
    window_s: int
    rates: Rates
    totals: Totals
    totals_since: datetime
    success_share: float | None
    series: list[Point]
    error_types: list[ErrorTypeCount]
    codes: list[CodeCount]
    latency: Latency | None
    partitions: list[PartitionLag]
    partitions_left_out: int
    breakers: list[BreakerSummary]
    incidents: list[IncidentSummary]
    open_incidents: int | None
    open_records: int | None
    spool: Spool


class TopicPartitionShown(BaseModel):
    """committed is null where the gateway does not read; lag is end minus committed."""

    partition: int
    lag: int | None
    committed: int | None
    end: int | None
    state: Literal["flowing", "paused"]
    commit_age_s: float | None
    paused_reason: str | None


class TopicShown(BaseModel):
    """A topic of a pipeline; `pipeline` is named by its source."""

    topic: str
    kind: Literal["source", "valid", "dead_letter", "replay"]
    pipeline: str
    mode: Literal["observe", "enforce", "passthrough"]
    partitions: list[TopicPartitionShown]
    breaker: BreakerSummary | None


class Topics(BaseModel):
    items: list[TopicShown]
    next: None = None
