"""quarantine_records, partitioned by day of the record's own timestamp

expand: run before the new code is deployed

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: Every list is newest first, so each filter column is followed by that order.
NEWEST_FIRST = "quarantined_at DESC, id DESC"
INDEXES = {
    "newest": NEWEST_FIRST,
    "schema": f"schema_name, {NEWEST_FIRST}",
    "error_type": f"error_type, {NEWEST_FIRST}",
    "code": f"code, {NEWEST_FIRST}",
    "fingerprint": f"fingerprint, {NEWEST_FIRST}",
    "status": f"status, {NEWEST_FIRST}",
    "coordinates": 'topic, partition, "offset"',
}


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE quarantine_records (
            id uuid NOT NULL,
            topic text NOT NULL,
            partition integer NOT NULL,
            "offset" bigint NOT NULL,
            "timestamp" timestamptz NOT NULL,
            schema_name text,
            schema_version text,
            error_type text NOT NULL,
            error_message text,
            field_path text,
            storage_path text NOT NULL,
            status text NOT NULL,
            code text,
            fingerprint text NOT NULL,
            violations jsonb NOT NULL DEFAULT '[]',
            key text,
            producer text,
            attempt integer NOT NULL DEFAULT 1,
            lineage_id uuid NOT NULL,
            source_timestamp_ms bigint NOT NULL,
            dlq_partition integer NOT NULL,
            dlq_offset bigint NOT NULL,
            payload_crc32c bigint,
            quarantined_at timestamptz NOT NULL,
            stored_at timestamptz,
            updated_at timestamptz NOT NULL,
            PRIMARY KEY (id, "timestamp")
        ) PARTITION BY RANGE ("timestamp")
        """
    )
    op.execute("CREATE TABLE quarantine_records_default PARTITION OF quarantine_records DEFAULT")
    for name, columns in INDEXES.items():
        op.execute(f"CREATE INDEX quarantine_records_{name} ON quarantine_records ({columns})")
    # A key may be of any length, which a b-tree does not take.
    op.execute("CREATE INDEX quarantine_records_key ON quarantine_records USING hash (key)")


def downgrade() -> None:
    op.execute("DROP TABLE quarantine_records")
