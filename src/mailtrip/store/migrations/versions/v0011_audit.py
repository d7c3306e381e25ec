"""The audit log."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_FIRST_ID = 100001
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the tables; what was done before is not known."""
    op.create_table(
        "audit_chains",
        sa.Column(
            "id", _ID, autoincrement=False, nullable=False, comment="of the account; 0 for what is of no account"
        ),
        sa.Column("head", sa.LargeBinary(length=32), nullable=False, comment="hash of the newest entry"),
        sa.Column(
            "floor",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="hash of the newest entry that retention removed",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chains")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", _ID, sa.Identity(start=_FIRST_ID), nullable=False),
        sa.Column("account_id", _ID, comment="it may be gone by now; NULL for a failed login of no account"),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("actor_type", sa.String(length=32), nullable=False),
        sa.Column("actor_id", _ID),
        sa.Column("actor_name", sa.String(length=320)),
        sa.Column("address", sa.String(length=64)),
        sa.Column("request_id", sa.String(length=64)),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("record_id", _ID),
        sa.Column("record_name", sa.String(length=320)),
        sa.Column("changes", sa.Text(), nullable=False, comment="JSON: [before, after] by field"),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        start = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('audit_entries', :last)")
        op.execute(start.bindparams(last=_FIRST_ID - 1))
    op.create_index(op.f("ix_audit_entries_at"), "audit_entries", ["at"])
    op.create_index(op.f("ix_audit_entries_account_id_at"), "audit_entries", ["account_id", "at"])
    op.create_index(op.f("ix_audit_entries_account_id_record_id"), "audit_entries", ["account_id", "record_id"])
