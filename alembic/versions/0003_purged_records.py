"""purged_records: ids that must not come back, whatever topic or spool still hold

expand: run before the new code is deployed

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE purged_records (
            id uuid PRIMARY KEY,
            purged_at timestamptz NOT NULL,
            storage_path text NOT NULL,
            is_erased boolean NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX purged_records_left ON purged_records (id) WHERE NOT is_erased")


def downgrade() -> None:
    op.execute("DROP TABLE purged_records")
