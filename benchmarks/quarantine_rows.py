"""Millions of quarantined records in a Postgres of their own, made there by SQL."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import partial

from sqlalchemy import Connection, text

from dataquarantine.store.partitions import Partitions
from dataquarantine.store.postgres import Database
from dataquarantine.store.record_counts import RecordCounts

SLOW_S = 1800.0
#: Days that have records, and days that have a partition: the retention that is the default.
DAYS, PARTITIONS = 30, 90
SCHEMAS = [f"schema_{n}" for n in range(40)]
TOPICS = [f"topic-{n}" for n in range(12)]
FIELDS = [f"field_{n}" for n in range(60)]
FINGERPRINTS = 600
KEYS = 1_000_000
CODES = [
    ("schema_violation", "MISSING_FIELD"),
    ("schema_violation", "WRONG_TYPE"),
    ("schema_violation", "PATTERN_MISMATCH"),
    ("rule_violation", "RULE_FAILED"),
    ("malformed_payload", "NOT_JSON"),
    ("type_violation", "OUT_OF_RANGE"),
]


def load(database: Database, count: int, now: datetime) -> None:
    """Fill the partitions of the last days; indexes other than the key are made afterwards.

    Each step is a transaction that takes itself off the list: called again after it was stopped, it
    goes on where it was.
    """
    Partitions(database, retention_days=PARTITIONS).maintain(now)
    if not is_begun(database):
        database.transact(partial(_plan, count=count, now=now))
    while database.transact(_do_next, timeout_s=SLOW_S):
        pass
    RecordCounts(database).recount()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("DROP TABLE load_steps"))


def is_begun(database: Database) -> bool:
    """Tell whether a load was begun that has not ended."""
    asked = text("SELECT to_regclass('load_steps') IS NOT NULL")
    return bool(database.transact(lambda c: c.execute(asked).scalar()))


def newest_at(database: Database) -> datetime | None:
    """Say when the newest record was seen; None when there are none."""
    asked = text("SELECT max(last_seen) FROM incidents")
    found: datetime | None = database.transact(lambda c: c.execute(asked).scalar())
    return found


def fingerprint(number: int) -> str:
    """Name an incident; it decides schema, topic, code and field of its records."""
    return f"v1:{number:024x}"


def _plan(connection: Connection, count: int, now: datetime) -> None:
    """Write down what there is to do, and drop the indexes."""
    statements = []
    for back in range(DAYS):
        day = datetime.combine(now.date() - timedelta(days=back), time(), UTC)
        # Today's records are of the part of it that is over.
        step = (min(now, day + timedelta(days=1)) - day) / (count // DAYS)
        values = {"day": day.timestamp(), "step_s": step.total_seconds(), "count": count // DAYS}
        statements.append(_FILL.format(partition=f"quarantine_records_{day:%Y%m%d}", **values))
    statements += [*_drop_indexes(connection), *_INCIDENTS]
    connection.execute(text("CREATE TABLE load_steps (number int PRIMARY KEY, statement text)"))
    connection.execute(
        text("INSERT INTO load_steps VALUES (:number, :statement)"),
        [{"number": number, "statement": each} for number, each in enumerate(statements)],
    )


def _do_next(connection: Connection) -> bool:
    step = connection.execute(text("SELECT * FROM load_steps ORDER BY number LIMIT 1")).first()
    if step is None:
        return False
    connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
    connection.execute(text(step.statement))
    connection.execute(text("DELETE FROM load_steps WHERE number = :n"), {"n": step.number})
    return True


def _drop_indexes(connection: Connection) -> list[str]:
    """Drop what a table is loaded faster without; returns how to make it again."""
    found = connection.execute(
        text(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'quarantine_records'"
            " AND indexname NOT LIKE '%_pkey'"
        )
    ).all()
    for name, _ in found:
        connection.execute(text(f"DROP INDEX {name}"))
    return [definition.replace(" ON ONLY ", " ON ") for _, definition in found]


def _array(texts: list[str]) -> str:
    return f"(ARRAY[{', '.join(repr(each) for each in texts)}])"


# Some incidents have many records, most have few; nine of ten records wait to be looked at.
_FILL = rf"""
    INSERT INTO {{partition}} (id, topic, partition, "offset", "timestamp", schema_name,
        schema_version, error_type, error_message, field_path, storage_path, status, code,
        fingerprint, violations, key, producer, lineage_id, source_timestamp_ms, dlq_partition,
        dlq_offset, payload_crc32c, quarantined_at, stored_at, updated_at)
    SELECT id, topic, n % 8, {{day}}::bigint * 10 + n, at, 'schema_' || f % 40,
        '1.0.0', {_array([each for each, _ in CODES])}[kind], message, field,
        topic || '/' || n % 8 || '/' || n || '_' || id || '.json',
        CASE WHEN luck < 0.9 THEN 'stored' WHEN luck < 0.95 THEN 'discarded'
            WHEN luck < 0.98 THEN 'reprocessed' WHEN luck < 0.99 THEN 'in_review'
            ELSE 'quarantined' END,
        {_array([code for _, code in CODES])}[kind], 'v1:' || lpad(to_hex(f), 24, '0'),
        jsonb_build_array(jsonb_build_object('message', message, 'field_path', field)),
        'hmac:' || lpad(to_hex((random() * {KEYS - 1})::int), 32, '0'), 'orders-service', id,
        (extract(epoch FROM at) * 1000)::bigint, n % 8, n, n, at, at, at
    FROM (
        SELECT r.*, 'topic-' || f % 40 % 12 AS topic, 'field_' || f % 60 AS field,
            f / 40 % 6 + 1 AS kind, CASE f / 40 % 6
                WHEN 0 THEN '''field_' || f % 60 || ''' is a required property'
                WHEN 1 THEN '''v' || noise || ''' is not of type ''number'''
                WHEN 2 THEN '''v' || noise || ''' does not match ''^USER[0-9]{{{{6}}}}$'''
                WHEN 3 THEN 'rule field_' || f % 60 || '_is_sane failed'
                WHEN 4 THEN 'unexpected character at byte ' || noise
                ELSE noise || ' is greater than the maximum of 100' END AS message
        FROM (
            SELECT n, gen_random_uuid() AS id, random() AS luck,
                to_timestamp({{day}}) + n * make_interval(secs => {{step_s}}) AS at,
                floor({FINGERPRINTS} * power(random(), 2))::int AS f,
                substr(md5(random()::text), 1, 10) AS noise
            FROM generate_series(0, {{count}}::bigint - 1) n
            OFFSET 0
        ) r
    ) q
"""
_INCIDENTS = (
    """
    INSERT INTO incidents (fingerprint, schema_name, error_type, code, field_path, title, state,
        state_since, record_count, first_seen, last_seen, sample_id, updated_at)
    SELECT fingerprint, min(schema_name), min(error_type), min(code), min(field_path), min(code),
        'ongoing', min(quarantined_at), count(*), min(quarantined_at), max(quarantined_at),
        (array_agg(id))[1], max(quarantined_at)
    FROM quarantine_records GROUP BY fingerprint
    """,
    """
    INSERT INTO incident_hours SELECT fingerprint, date_trunc('hour', quarantined_at), count(*)
    FROM quarantine_records WHERE quarantined_at > now() - interval '14 days' GROUP BY 1, 2
    """,
    """
    INSERT INTO incident_producers SELECT fingerprint, producer, count(*), max(quarantined_at)
    FROM quarantine_records GROUP BY 1, 2
    """,
)
