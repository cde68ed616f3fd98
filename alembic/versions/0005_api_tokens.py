"""api_tokens: who may use the HTTP API; indexes behind what it is asked

expand: run before the new code is deployed

The search within messages uses pg_trgm where the server has it and lets us; without it the same
question reads more rows. Trusted since Postgres 13: the owner of the database may create it.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE api_tokens (
            name text PRIMARY KEY,
            hash bytea NOT NULL UNIQUE,
            role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
            created_at timestamptz NOT NULL,
            created_by text NOT NULL,
            revoked_at timestamptz,
            revoked_by text
        )
        """
    )
    op.execute("CREATE INDEX audit_log_actor ON audit_log (actor, id DESC)")
    op.execute("CREATE INDEX quarantine_records_lineage ON quarantine_records (lineage_id)")
    # A path may be of any length, which a b-tree does not take.
    op.execute(
        "CREATE INDEX quarantine_records_field_path ON quarantine_records USING hash (field_path)"
    )
    op.execute(
        """
        DO $$ BEGIN
            CREATE EXTENSION IF NOT EXISTS pg_trgm;
        EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
            RAISE WARNING 'pg_trgm is not there; searching messages reads more rows without it';
        END $$
        """
    )
    op.execute(
        """
        DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
                CREATE INDEX quarantine_records_message
                    ON quarantine_records USING gin (error_message gin_trgm_ops);
            END IF;
        END $$
        """
    )


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS quarantine_records_message")
    op.execute("DROP INDEX quarantine_records_field_path")
    op.execute("DROP INDEX quarantine_records_lineage")
    op.execute("DROP INDEX audit_log_actor")
    op.execute("DROP TABLE api_tokens")
