"""Blackouts, and which of them a run fell into."""

import sqlalchemy as sa
from alembic import op

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_FIRST_ID = 100001
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the table; runs that are there already fell into none."""
    op.create_table(
        "blackouts",
        sa.Column("id", _ID, sa.Identity(start=_FIRST_ID), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("subject_id", _ID, nullable=False, comment="a monitor, or a recipient for type Notifier"),
        sa.Column("begins_at", _TIME),
        sa.Column("ends_at", _TIME),
        sa.Column("week_start", sa.BigInteger(), comment="since Sunday 00:00 UTC; there for weekly ones only"),
        sa.Column("week_end", sa.BigInteger()),
        sa.Column("note", sa.String(length=255)),
        sa.Column("created_by", sa.String(length=320)),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_blackouts_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blackouts")),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        start = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('blackouts', :last)")
        op.execute(start.bindparams(last=_FIRST_ID - 1))
    op.create_index(op.f("ix_blackouts_account_id"), "blackouts", ["account_id"])
    op.create_index(op.f("ix_blackouts_subject_id"), "blackouts", ["subject_id"])
    op.add_column("runs", sa.Column("blackout_id", sa.BigInteger()))
