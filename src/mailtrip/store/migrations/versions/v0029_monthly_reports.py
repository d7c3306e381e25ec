"""Recipients may want the report of each month by mail."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the column and the table; nobody gets reports unless somebody says so."""
    op.add_column("recipients", sa.Column("monthly_report", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "monthly_reports",
        sa.Column("recipient_id", _ID, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False, comment="as 2026-10"),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME),
        sa.Column("answer", sa.String(length=1000)),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.id"], name=op.f("fk_monthly_reports_recipient_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_monthly_reports_account_id")),
        sa.PrimaryKeyConstraint("recipient_id", "month", name=op.f("pk_monthly_reports")),
        comment="reports by mail: what was, and is to be, sent",
    )
    op.create_index(op.f("ix_monthly_reports_state_next_at"), "monthly_reports", ["state", "next_at"])
