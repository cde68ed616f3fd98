"""Millions of quarantined records in a Postgres of their own, by COPY into the partitions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Connection, text

from dataquarantine.store.partitions import Partitions
from dataquarantine.store.postgres import Database, copy_in
from dataquarantine.store.row import COLUMNS, QuarantineRow, copy_line

SLOW_S = 1800.0
DAYS = 30
SCHEMAS = [f"schema_{n}" for n in range(40)]
TOPICS = [f"topic-{n}" for n in range(12)]
FIELDS = [f"field_{n}" for n in range(60)]
FINGERPRINTS = 600
KEYS = 1_000_000
CODES = [
    ("schema_violation", "MISSING_FIELD", "'{field}' is a required property"),
    ("schema_violation", "WRONG_TYPE", "'{value}' is not of type 'number'"),
    ("schema_violation", "PATTERN_MISMATCH", "'{value}' does not match '^USER[0-9]{{6}}$'"),
    ("rule_violation", "RULE_FAILED", "rule {field}_is_sane failed"),
    ("malformed_payload", "NOT_JSON", "unexpected character at byte {number}"),
    ("type_violation", "OUT_OF_RANGE", "{number} is greater than the maximum of 100"),
]
STATUSES = ["stored"] * 90 + ["discarded"] * 5 + ["reprocessed"] * 3 + ["in_review", "quarantined"]


def load(database: Database, count: int, now: datetime) -> None:
    """Fill the partitions of the last days; indexes other than the key are made afterwards."""
    Partitions(database, retention_days=DAYS).maintain(now)
    indexes = database.transact(_drop_indexes)
    statement = ", ".join(f'"{column}"' for column in COLUMNS)
    for back in range(DAYS):
        day = now - timedelta(days=back)
        body = "".join(map(copy_line, _rows(count // DAYS, day, seed=back)))
        copy = f"COPY quarantine_records_{day:%Y%m%d} ({statement}) FROM STDIN"
        database.transact(partial(copy_in, statement=copy, text=body), timeout_s=SLOW_S)
    for definition in (*indexes, "ANALYZE quarantine_records"):
        database.transact(partial(_execute, statement=definition), timeout_s=SLOW_S)


def _execute(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))


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


def _rows(count: int, day: datetime, *, seed: int) -> Iterator[QuarantineRow]:
    chance = random.Random(seed)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    step = timedelta(seconds=86_400 / count)
    for number in range(count):
        at = start + step * number
        kind = chance.randrange(len(CODES))
        error_type, code, message = CODES[kind]
        field = chance.choice(FIELDS)
        record_id = UUID(int=chance.getrandbits(128))
        topic = chance.choice(TOPICS)
        told = message.format(
            field=field, value=f"v{chance.getrandbits(40):x}", number=chance.getrandbits(20)
        )
        yield QuarantineRow(
            id=record_id,
            topic=topic,
            partition=number % 8,
            offset=seed * count + number,
            timestamp=at,
            schema_name=chance.choice(SCHEMAS),
            schema_version="1.0.0",
            error_type=error_type,
            error_message=told,
            field_path=field,
            storage_path=f"{topic}/{number % 8}/{number}_{record_id}.json",
            status=chance.choice(STATUSES),
            code=code,
            fingerprint=f"v1:{chance.randrange(FINGERPRINTS):032x}",
            violations=[{"code": code, "message": told, "field_path": field}],
            key=f"hmac:{chance.randrange(KEYS):032x}",
            producer="orders-service",
            attempt=1,
            lineage_id=record_id,
            source_timestamp_ms=int(at.timestamp() * 1000),
            dlq_partition=number % 8,
            dlq_offset=number,
            payload_crc32c=number,
            quarantined_at=at,
            stored_at=at,
            updated_at=at,
        )
