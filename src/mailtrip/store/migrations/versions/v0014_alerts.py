"""Alerts: what recipients were told, the outbox, and the deliveries made of it."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_FIRST_ID = 100001
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_OPEN = sa.text("state IN ('waiting', 'sending')")
_UNTOLD = sa.text("delivery_id IS NULL")


def upgrade() -> None:
    """Add the tables; nobody has been told of anything yet."""
    _add_standings()
    _add_deliveries()
    _add_alerts()


def _add_standings() -> None:
    op.create_table(
        "alert_standings",
        sa.Column("monitor_id", _ID, nullable=False),
        sa.Column("recipient_id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("alerts", sa.Integer(), nullable=False),
        sa.Column("since", _TIME),
        sa.Column("run_id", sa.BigInteger()),
        sa.Column("slot", _TIME),
        sa.Column("told_at", _TIME),
        sa.ForeignKeyConstraint(
            ["monitor_id"], ["monitors.id"], name=op.f("fk_alert_standings_monitor_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.id"], name=op.f("fk_alert_standings_recipient_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_alert_standings_account_id")),
        sa.PrimaryKeyConstraint("monitor_id", "recipient_id", name=op.f("pk_alert_standings")),
        comment="of monitors that are not well: what each recipient was told",
    )
    op.create_index(op.f("ix_alert_standings_recipient_id"), "alert_standings", ["recipient_id"])


def _add_deliveries() -> None:
    op.create_table(
        "alert_deliveries",
        sa.Column("id", _ID, sa.Identity(start=1), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("recipient_id", _ID, nullable=False),
        sa.Column("cause", sa.String(length=300), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME),
        sa.Column("answer", sa.String(length=1000)),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_alert_deliveries_account_id")),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.id"], name=op.f("fk_alert_deliveries_recipient_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_deliveries")),
        sa.UniqueConstraint("key", name=op.f("uq_alert_deliveries_key")),
        comment="alerts that are sent to a recipient as one",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_alert_deliveries_account_id"), "alert_deliveries", ["account_id"])
    op.create_index(op.f("ix_alert_deliveries_created_at"), "alert_deliveries", ["created_at"])
    op.create_index(
        op.f("ix_alert_deliveries_recipient_id_cause_created_at"),
        "alert_deliveries",
        ["recipient_id", "cause", "created_at"],
    )
    op.create_index(
        "ix_alert_deliveries_open", "alert_deliveries", ["next_at"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def _add_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", _ID, sa.Identity(start=_FIRST_ID), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("recipient_id", _ID, nullable=False),
        sa.Column("monitor_id", _ID),
        sa.Column("run_id", sa.BigInteger()),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("cause", sa.String(length=300), nullable=False),
        sa.Column("delivery_id", _ID),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_alerts_account_id")),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.id"], name=op.f("fk_alerts_recipient_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["monitor_id"], ["monitors.id"], name=op.f("fk_alerts_monitor_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["alert_deliveries.id"], name=op.f("fk_alerts_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        start = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('alerts', :last)")
        op.execute(start.bindparams(last=_FIRST_ID - 1))
    for column in ("account_id", "recipient_id", "monitor_id", "delivery_id"):
        op.create_index(op.f(f"ix_alerts_{column}"), "alerts", [column])
    op.create_index(
        "ix_alerts_untold", "alerts", ["recipient_id", "cause"], sqlite_where=_UNTOLD, postgresql_where=_UNTOLD
    )
