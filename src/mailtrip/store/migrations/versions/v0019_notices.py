"""What is told once a day: certificates, quotas, deletions; and alerts that tell more than their run."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the tables and the column; nobody has been told of anything yet."""
    op.add_column("alerts", sa.Column("detail", sa.String(length=1000)))
    _add_notices()
    _add_tellings()


def _add_notices() -> None:
    op.create_table(
        "alert_notices",
        sa.Column("monitor_id", _ID, nullable=False),
        sa.Column("status", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("server", sa.String(length=300), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("cause", sa.String(length=300), nullable=False),
        sa.Column("detail", sa.String(length=1000), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("without", sa.Integer(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("next_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["monitor_id"], ["monitors.id"], name=op.f("fk_alert_notices_monitor_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_alert_notices_account_id")),
        sa.PrimaryKeyConstraint("monitor_id", "status", "server", name=op.f("pk_alert_notices")),
        comment="states of servers that become errors unless somebody acts, by monitor",
    )
    op.create_index(
        op.f("ix_alert_notices_account_id_status_cause"), "alert_notices", ["account_id", "status", "cause"]
    )


def _add_tellings() -> None:
    op.create_table(
        "alert_notice_tellings",
        sa.Column("recipient_id", _ID, nullable=False),
        sa.Column("status", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cause", sa.String(length=300), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("monitor_id", _ID, nullable=False),
        sa.Column("told_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.id"], name=op.f("fk_alert_notice_tellings_recipient_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_alert_notice_tellings_account_id")),
        sa.ForeignKeyConstraint(
            ["monitor_id"], ["monitors.id"], name=op.f("fk_alert_notice_tellings_monitor_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("recipient_id", "status", "cause", name=op.f("pk_alert_notice_tellings")),
        comment="when recipients were last told of such a state",
    )
    op.create_index(op.f("ix_alert_notice_tellings_monitor_id"), "alert_notice_tellings", ["monitor_id"])
    op.create_index(
        op.f("ix_alert_notice_tellings_account_id_status_cause"),
        "alert_notice_tellings",
        ["account_id", "status", "cause"],
    )
