"""incidents: quarantined records grouped by fingerprint; audit_log: who changed what

expand: run before the new code is deployed

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE incidents (
            fingerprint text PRIMARY KEY,
            schema_name text NOT NULL,
            error_type text NOT NULL,
            code text,
            field_path text,
            title text NOT NULL,
            state text NOT NULL,
            state_since timestamptz NOT NULL,
            record_count bigint NOT NULL,
            first_seen timestamptz NOT NULL,
            last_seen timestamptz NOT NULL,
            sample_id uuid NOT NULL,
            owner text,
            resolved_at timestamptz,
            updated_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX incidents_last_seen ON incidents (last_seen DESC, fingerprint DESC)")
    op.execute("CREATE INDEX incidents_schema_state ON incidents (schema_name, state)")
    op.execute(
        """
        CREATE TABLE incident_hours (
            fingerprint text NOT NULL REFERENCES incidents ON DELETE CASCADE,
            hour timestamptz NOT NULL,
            record_count bigint NOT NULL,
            PRIMARY KEY (fingerprint, hour)
        )
        """
    )
    op.execute("CREATE INDEX incident_hours_hour ON incident_hours (hour)")
    op.execute(
        """
        CREATE TABLE incident_producers (
            fingerprint text NOT NULL REFERENCES incidents ON DELETE CASCADE,
            producer text NOT NULL,
            record_count bigint NOT NULL,
            last_seen timestamptz NOT NULL,
            PRIMARY KEY (fingerprint, producer)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE audit_log (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            at timestamptz NOT NULL,
            actor text NOT NULL,
            action text NOT NULL,
            subject text NOT NULL,
            reason text,
            details jsonb NOT NULL DEFAULT '{}'
        )
        """
    )
    op.execute("CREATE INDEX audit_log_subject ON audit_log (subject, id DESC)")


def downgrade() -> None:
    op.execute("DROP TABLE audit_log")
    op.execute("DROP TABLE incident_producers")
    op.execute("DROP TABLE incident_hours")
    op.execute("DROP TABLE incidents")
