"""schema_events: the life of every schema version, for reports; the schema log decides

expand: run before the new code is deployed

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE schema_events (
            name text NOT NULL,
            version text NOT NULL,
            proposal text NOT NULL,
            schema_id integer NOT NULL,
            at timestamptz NOT NULL,
            actor text NOT NULL,
            why text NOT NULL,
            from_state text,
            to_state text NOT NULL,
            is_rollback boolean NOT NULL,
            effect jsonb,
            PRIMARY KEY (name, version, proposal)
        )
        """
    )
    op.execute("CREATE INDEX schema_events_at ON schema_events (at)")


def downgrade() -> None:
    op.execute("DROP TABLE schema_events")
