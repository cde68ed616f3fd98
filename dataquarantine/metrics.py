"""Every metric, declared once. Labels are bounded: topic, schema, code; never key or offset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

from dataquarantine.validation.tally import Tally

if TYPE_CHECKING:
    from dataquarantine.store.backlog import Backlog
    from dataquarantine.validation.compiled import CompiledSchema

LATENCY_BUCKETS_S = (
    *(0.000001, 0.0000025, 0.000005, 0.00001, 0.000025, 0.00005, 0.0001, 0.00025),
    *(0.001, 0.005, 0.025, 0.05, 0.1, 0.5),
)
END_TO_END_BUCKETS_S = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)

PROCESSED = Counter(
    "dataquarantine_records_processed_total",
    "Records judged. No rate while there is lag: the worker stalls, see its log.",
    ["topic", "schema"],
)
VALID = Counter(
    "dataquarantine_records_valid_total",
    "Records forwarded. Its share of processed is the success rate; investigate below 95 %.",
    ["topic", "schema"],
)
INVALID = Counter(
    "dataquarantine_records_invalid_total",
    "Records that did not pass. A jump of one error_type points at one producer's change.",
    ["topic", "schema", "error_type"],
)
REMEDIATED = Counter(
    "dataquarantine_records_remediated_total",
    "Records forwarded only after remediation. Growth: tell the producer, the steps hide it.",
    ["topic", "schema"],
)
VIOLATIONS = Counter(
    "dataquarantine_violations_total",
    "Broken rules by stable code, warnings included; a record may break several. The code that "
    "grows names the field's trouble: `dataquarantine incidents list`.",
    ["topic", "schema", "code"],
)
TOMBSTONES = Counter(
    "dataquarantine_tombstones_forwarded_total",
    "Empty values forwarded unjudged. Unexpected ones: set `on_tombstone: quarantine`.",
    ["topic"],
)
VALIDATION_SECONDS = Histogram(
    "dataquarantine_validation_duration_seconds",
    "Time to judge one record (every 64th is timed alone). p99 above 50 ms: a rule is too dear.",
    ["schema"],
    buckets=LATENCY_BUCKETS_S,
)
END_TO_END_SECONDS = Histogram(
    "dataquarantine_end_to_end_seconds",
    "From a chunk's first record's timestamp to the acknowledgement of its outputs, by outcome "
    "(valid, invalid, unjudged). Grows with lag: see kafka_lag; without lag the broker is slow.",
    ["topic", "outcome"],
    buckets=END_TO_END_BUCKETS_S,
)
LAG = Gauge(
    "dataquarantine_kafka_lag",
    "Records between committed offset and end of an assigned partition. Above 10,000: scale out.",
    ["topic", "partition", "state"],
)
COMMIT_AGE_SECONDS = Gauge(
    "dataquarantine_commit_age_seconds",
    "How long an assigned partition with lag has not been committed. Above 60 s: it stalls.",
    ["topic", "partition"],
)
KAFKA_UP = Gauge(
    "dataquarantine_kafka_up",
    "1 while the broker takes our records. 0: the gateway waits and loses nothing; mend Kafka.",
)
LOOP_LAG_SECONDS = Gauge(
    "dataquarantine_loop_lag_seconds",
    "Longest time that the event loop was busy with one thing, of the last seconds. "
    "Above 0.5: chunks are too large or a rule too dear; heartbeats suffer above 3.",
)
PRODUCE_RETRIES = Counter(
    "dataquarantine_produce_retries_total",
    "Produce rounds tried again after an error of the broker. Growth: look at the brokers' log.",
)
SINK_ERRORS = Counter(
    "dataquarantine_sink_errors_total",
    "Failed calls of a store (s3, postgres). Records wait in the spool meanwhile; mend the store.",
    ["sink"],
)
SPOOL_RECORDS = Gauge(
    "dataquarantine_spool_records",
    "Quarantined records waiting on local disk. Growth: a store is away, see sink_errors_total.",
)
SPOOL_BYTES = Gauge(
    "dataquarantine_spool_bytes",
    "Bytes of the local spool. At `spool.max_bytes` the sinks pause: mend the store before.",
)
POOL_ACTIVE = Gauge(
    "dataquarantine_postgres_pool_active_connections",
    "Connections of the pool in use. All for long: Postgres is slow, or the pool too small.",
)
POOL_MAX = Gauge(
    "dataquarantine_postgres_pool_max_connections", "Size of the pool; above 80 % used: raise it."
)
SHADOW_DISAGREEMENTS = Counter(
    "dataquarantine_shadow_disagreements_total",
    "Records that a shadow version judges otherwise. Before enforcing it: "
    "`dataquarantine schema state NAME@VERSION` shows samples.",
    ["schema", "version"],
)
ENGINE_DISAGREEMENTS = Counter(
    "dataquarantine_engine_disagreements_total",
    "Sampled records that the second JSON Schema engine judges otherwise; the first decides. "
    "Any at all: report it with the schema.",
    ["schema"],
)
FORGED_HEADERS = Counter(
    "dataquarantine_forged_headers_total",
    "Records that came with headers under `__dq.`, the gateway's own; they are stripped. "
    "Growth: a producer copies our outputs back, or plays gateway.",
    ["topic"],
)
REPLAYED = Counter(
    "dataquarantine_records_replayed_total",
    "Verdicts of replayed records, by result.",
    ["result"],
)
BREAKER_STATE = Gauge(
    "dataquarantine_breaker_state",
    "0 closed, 1 open, 2 half open. Open: the source is not read; `dataquarantine breaker status`.",
    ["topic"],
)
BREAKER_WRITER = Gauge(
    "dataquarantine_breaker_writer",
    "1 on the one worker that keeps windows and states of all breakers. A sum of 0 for minutes: "
    "nothing can be opened or reset.",
)
PAUSED_SECONDS = Counter(
    "dataquarantine_paused_seconds_total",
    "Time a topic was held closed, by reason (spool, breaker, operator). While it grows, nothing "
    "of that topic is read: mend the store, reset the breaker or lift the pause.",
    ["topic", "reason"],
)
RETENTION_LEFT_SECONDS = Gauge(
    "dataquarantine_retention_left_seconds",
    "Until retention deletes the first unread record of a partition that is closed or stands "
    "still. Below a day: reset the breaker or raise the topic's retention.ms.",
    ["topic", "partition"],
)
ALERTS = Counter(
    "dataquarantine_alerts_total",
    "Alerts by channel and outcome: sent, failed, dropped (its queue was full). Any but sent: "
    "look after that receiver.",
    ["channel", "outcome"],
)

INCIDENTS = Gauge(
    "dataquarantine_incidents",
    "Incidents by state, as Postgres has them: all workers say the same, take the maximum. "
    "A new one: `dataquarantine incidents list --state new`.",
    ["state"],
)
OLDEST_OPEN_SECONDS = Gauge(
    "dataquarantine_oldest_open_record_seconds",
    "Age of the oldest quarantined record that nobody decided on; the same on all workers. "
    "Above a day: replay, discard or give it an owner.",
)


def observe_end_to_end(topic: str, tally: Tally | None, age_s: float) -> None:
    """Observe how old a chunk's first record was when its outputs were acknowledged."""
    outcomes = {
        "unjudged": tally is None,
        "valid": tally is not None and bool(tally.valid + tally.tombstones_forwarded),
        "invalid": tally is not None and bool(tally.invalid + tally.error),
    }
    for outcome, is_there in outcomes.items():
        if is_there:
            END_TO_END_SECONDS.labels(topic, outcome).observe(age_s)


def show_backlog(backlog: Backlog) -> None:
    """Show what waits for people."""
    for state, count in backlog.incidents.items():
        INCIDENTS.labels(state).set(count)
    OLDEST_OPEN_SECONDS.set(backlog.oldest_open_s)


def count_chunk(topic: str, tally: Tally) -> None:
    """Add a chunk's counts; once per distinct label set, not per record."""
    if tally.tombstones_forwarded:
        TOMBSTONES.labels(topic).inc(tally.tombstones_forwarded)
    for schema in tally.schemas.values():
        PROCESSED.labels(topic, schema.name).inc(schema.processed)
        if schema.valid:
            VALID.labels(topic, schema.name).inc(schema.valid)
        if schema.remediated:
            REMEDIATED.labels(topic, schema.name).inc(schema.remediated)
        for error_type, count in schema.error_types.items():
            INVALID.labels(topic, schema.name, error_type.value).inc(count)
        for code, count in schema.violations.items():
            VIOLATIONS.labels(topic, schema.name, code.value).inc(count)


def count_disagreement(schema: CompiledSchema) -> None:
    """Take note that two engines judge a record by a schema differently."""
    ENGINE_DISAGREEMENTS.labels(schema.name).inc()
