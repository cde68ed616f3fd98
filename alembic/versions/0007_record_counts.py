"""record_counts: how many records there are of each kind and state, kept by a trigger

expand: run before the new code is deployed

Writers of `quarantine_records` wait while the rows that are there are counted: about 5 s for ten
million. Until every worker runs the new code, one of the old may drop an expired day without
subtracting it; `dataquarantine db recount` mends that.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KIND = "topic, schema_name, schema_version, error_type, code, fingerprint, status"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE record_counts (
            topic text NOT NULL,
            schema_name text,
            schema_version text,
            error_type text NOT NULL,
            code text,
            fingerprint text NOT NULL,
            status text NOT NULL,
            record_count bigint NOT NULL,
            is_folded boolean NOT NULL DEFAULT FALSE
        )
        """
    )
    # Until the triggers are there; readers go on.
    op.execute("LOCK TABLE quarantine_records IN SHARE ROW EXCLUSIVE MODE")
    op.execute(
        f"INSERT INTO record_counts SELECT {KIND}, count(*), TRUE FROM quarantine_records"
        f" GROUP BY {KIND}"
    )
    op.execute("CREATE INDEX record_counts_fingerprint ON record_counts (fingerprint)")
    _count_by("INSERT", f"SELECT {KIND}, 1 AS n FROM new_rows", "NEW TABLE AS new_rows")
    _count_by("DELETE", f"SELECT {KIND}, -1 AS n FROM old_rows", "OLD TABLE AS old_rows")
    _count_by(
        "UPDATE",
        f"SELECT {KIND}, 1 AS n FROM new_rows UNION ALL SELECT {KIND}, -1 FROM old_rows",
        "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    )
    op.execute(
        """
        CREATE FUNCTION quarantine_count_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            DELETE FROM record_counts;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER count_truncate AFTER TRUNCATE ON quarantine_records"
        " FOR EACH STATEMENT EXECUTE FUNCTION quarantine_count_truncate()"
    )


def _count_by(event: str, changes: str, tables: str) -> None:
    """Note what each statement adds and takes: by new rows, for which no writer has to wait."""
    name = f"count_{event.lower()}"
    op.execute(
        f"""
        CREATE FUNCTION quarantine_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO record_counts
                SELECT {KIND}, sum(n), FALSE FROM ({changes}) c GROUP BY {KIND} HAVING sum(n) <> 0;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        f"CREATE TRIGGER {name} AFTER {event} ON quarantine_records REFERENCING {tables}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION quarantine_{name}()"
    )


def downgrade() -> None:
    for event in ("insert", "delete", "update", "truncate"):
        op.execute(f"DROP TRIGGER count_{event} ON quarantine_records")
        op.execute(f"DROP FUNCTION quarantine_count_{event}()")
    op.execute("DROP TABLE record_counts")
