"""Every metric, declared once. Labels are bounded: topic, schema, code; never key or offset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

from dataquarantine.validation.tally import Tally

if TYPE_CHECKING:
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
    "Broken rules by stable code, warnings included; a record may break several.",
    ["topic", "schema", "code"],
)
TOMBSTONES = Counter(
    "dataquarantine_tombstones_forwarded_total",
    "Empty values forwarded unjudged (`on_tombstone: forward`).",
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
    "From a chunk's first record's timestamp to the acknowledgement of its outputs.",
    ["topic"],
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
PRODUCE_RETRIES = Counter(
    "dataquarantine_produce_retries_total",
    "Produce rounds tried again after an error of the broker.",
)
SINK_ERRORS = Counter(
    "dataquarantine_sink_errors_total",
    "Failed calls of a store (s3, postgres). Records wait in the spool meanwhile.",
    ["sink"],
)
SPOOL_RECORDS = Gauge(
    "dataquarantine_spool_records", "Quarantined records waiting on local disk for their store."
)
SPOOL_BYTES = Gauge(
    "dataquarantine_spool_bytes", "Bytes of the local spool; at its limit the sinks pause."
)
POOL_ACTIVE = Gauge(
    "dataquarantine_postgres_pool_active_connections", "Connections of the pool in use."
)
POOL_MAX = Gauge(
    "dataquarantine_postgres_pool_max_connections", "Size of the pool; above 80 % used: raise it."
)
SHADOW_DISAGREEMENTS = Counter(
    "dataquarantine_shadow_disagreements_total",
    "Records that a shadow version judges otherwise; see `schema state NAME@VERSION`.",
    ["schema", "version"],
)
ENGINE_DISAGREEMENTS = Counter(
    "dataquarantine_engine_disagreements_total",
    "Sampled records that the second JSON Schema engine judges otherwise; the first decides. "
    "Any at all: report it with the schema.",
    ["schema"],
)
BREAKER_STATE = Gauge(
    "dataquarantine_breaker_state",
    "0 closed, 1 open, 2 half open. Open: the source is not read; `dataquarantine breaker status`.",
    ["topic"],
)
PAUSED_SECONDS = Counter(
    "dataquarantine_paused_seconds_total",
    "Time a topic was held closed, by reason (spool, breaker, operator).",
    ["topic", "reason"],
)


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
