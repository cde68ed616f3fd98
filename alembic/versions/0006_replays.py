"""replay_jobs and replay_items: repairs of quarantined records and what became of each

expand: run before the new code is deployed

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE replay_jobs (
            id uuid PRIMARY KEY,
            state text NOT NULL,
            created_at timestamptz NOT NULL,
            created_by text NOT NULL,
            why text NOT NULL,
            selection jsonb NOT NULL,
            repair jsonb NOT NULL,
            schema_ref text,
            target text,
            rate_per_s double precision,
            on_failure text NOT NULL,
            run_at_once boolean NOT NULL,
            samples jsonb NOT NULL DEFAULT '[]',
            newer_valid_keys bigint,
            started_at timestamptz,
            finished_at timestamptz,
            error text,
            leased_by text,
            leased_until timestamptz,
            written_to jsonb NOT NULL DEFAULT '{}'
        )
        """
    )
    op.execute("CREATE INDEX replay_jobs_newest ON replay_jobs (created_at DESC, id DESC)")
    op.execute(
        """
        CREATE TABLE replay_items (
            id uuid PRIMARY KEY,
            job_id uuid NOT NULL REFERENCES replay_jobs ON DELETE CASCADE,
            place bigint NOT NULL,
            record_id uuid NOT NULL,
            record_time timestamptz NOT NULL,
            fate text,
            schema_ref text,
            code text,
            field_path text,
            result text NOT NULL,
            reason text,
            attempt integer,
            status_before text,
            coordinates text,
            updated_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX replay_items_place ON replay_items (job_id, place)")
    op.execute("CREATE INDEX replay_items_result ON replay_items (job_id, result, place)")
    op.execute("CREATE INDEX replay_items_record ON replay_items (record_id)")
    # Whether an incident has an open record left is asked with every verdict.
    op.execute(
        "CREATE INDEX quarantine_records_open ON quarantine_records (fingerprint)"
        " WHERE status NOT IN ('reprocessed', 'discarded')"
    )


def downgrade() -> None:
    op.execute("DROP INDEX quarantine_records_open")
    op.execute("DROP TABLE replay_items")
    op.execute("DROP TABLE replay_jobs")
