"""Service level agreements and their exclusions."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_FIRST_ID = 100001
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the tables; both are empty at first."""
    _make_slas()
    _make_sla_exclusions()
    if op.get_bind().dialect.name == "sqlite":
        _set_first_ids()


def _set_first_ids() -> None:
    for table in ("slas", "sla_exclusions"):
        op.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)").bindparams(
                name=table, last=_FIRST_ID - 1
            )
        )


def _make_slas() -> None:
    op.create_table(
        "slas",
        sa.Column("id", _ID, sa.Identity(start=_FIRST_ID), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("monitor_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=False),
        sa.Column("availability_percent", sa.Double(), nullable=False),
        sa.Column("response_time", sa.BigInteger(), nullable=False),
        sa.Column("secondary_response_time", sa.BigInteger(), nullable=False),
        sa.Column("uptime_percent", sa.Double()),
        sa.Column("operating_periods", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("modified_at", _TIME, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_slas_account_id")),
        sa.ForeignKeyConstraint(["monitor_id"], ["monitors.id"], name=op.f("fk_slas_monitor_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slas")),
        sa.UniqueConstraint("monitor_id", name=op.f("uq_slas_monitor_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_slas_account_id"), "slas", ["account_id"])


def _make_sla_exclusions() -> None:
    op.create_table(
        "sla_exclusions",
        sa.Column("id", _ID, sa.Identity(start=_FIRST_ID), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("sla_id", _ID, nullable=False),
        sa.Column("begins_at", _TIME, nullable=False),
        sa.Column("ends_at", _TIME, nullable=False),
        sa.Column("location_id", _ID, comment="NULL for all locations"),
        sa.Column("note", sa.String(length=255)),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sla_exclusions_account_id")),
        sa.ForeignKeyConstraint(["sla_id"], ["slas.id"], name=op.f("fk_sla_exclusions_sla_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_sla_exclusions_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_exclusions")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sla_exclusions_sla_id"), "sla_exclusions", ["sla_id"])
