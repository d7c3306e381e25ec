"""Recipients may say what is slow for them; how long deliveries took, and who was told of it."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add columns and tables; those who wanted performance alerts are told by the warning times of monitors."""
    for name, kind, default in (
        ("performance_rule", sa.String(length=32), "warning-time"),
        ("performance_percentile", sa.Integer(), "95"),
        ("performance_window", sa.Integer(), "12"),
    ):
        op.add_column("recipients", sa.Column(name, kind, nullable=False, server_default=default))
    _add_paces()
    _add_standings()


def _add_paces() -> None:
    op.create_table(
        "delivery_paces",
        sa.Column("monitor_id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column(
            "recent",
            sa.LargeBinary(),
            nullable=False,
            comment="the last ones, 8 bytes each: Unix seconds, milliseconds",
        ),
        sa.Column("hours", sa.LargeBinary(), nullable=False, comment="the median of each hour, likewise"),
        sa.ForeignKeyConstraint(
            ["monitor_id"], ["monitors.id"], name=op.f("fk_delivery_paces_monitor_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_delivery_paces_account_id")),
        sa.PrimaryKeyConstraint("monitor_id", name=op.f("pk_delivery_paces")),
        comment="of monitors whose account has recipients of performance alerts: how long their deliveries took",
    )


def _add_standings() -> None:
    op.create_table(
        "performance_standings",
        sa.Column("monitor_id", _ID, nullable=False),
        sa.Column("recipient_id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("alerts", sa.Integer(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("told_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["monitor_id"], ["monitors.id"], name=op.f("fk_performance_standings_monitor_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.id"], name=op.f("fk_performance_standings_recipient_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_performance_standings_account_id")),
        sa.PrimaryKeyConstraint("monitor_id", "recipient_id", name=op.f("pk_performance_standings")),
        comment="of monitors that are slow: what each recipient was told",
    )
    op.create_index(op.f("ix_performance_standings_recipient_id"), "performance_standings", ["recipient_id"])
