"""Rollups: what runs add up to, by hour, day and month."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

__all__ = ["branch_labels", "depends_on", "down_revision", "revision", "upgrade"]

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_COUNTS = ("ok", "warning", "error", "unknown", "not_measured", "skipped", "blackout", "responses")
_KEY = ("account_id", "monitor_id", "begins_at", "location_id")


def upgrade() -> None:
    """Add the tables; runs that are there are added piece by piece while the program runs, newest first."""
    for size in ("hour", "day", "month"):
        _add_rollups(size)
        _add_times(size)
    _add_indexes()
    op.create_table(
        "rollup_backfill",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("next_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollup_backfill")),
        comment="one row while runs with smaller numbers are not in the rollups yet",
    )
    op.execute(
        "INSERT INTO rollup_backfill (id, next_id) SELECT 1, last + 1 FROM (SELECT max(id) AS last FROM runs) AS found WHERE last IS NOT NULL"
    )


def _key(table: str) -> list[SchemaItem]:
    return [
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("monitor_id", _ID, nullable=False),
        sa.Column("begins_at", _TIME, nullable=False),
        sa.Column("location_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f(f"fk_{table}_account_id")),
        sa.PrimaryKeyConstraint(*_KEY, name=op.f(f"pk_{table}")),
    ]


def _add_rollups(size: str) -> None:
    table = f"{size}_rollups"
    more = [
        sa.Column(
            "log", sa.LargeBinary(), nullable=False, comment="each run: its second, what it counts as, its status"
        ),
        sa.Column(
            "is_folded", sa.Boolean(), nullable=False, server_default=sa.false(), comment="into day, month and account"
        ),
    ]
    op.create_table(
        table,
        *_key(table),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        sa.Column("response_time", sa.BigInteger(), nullable=False, comment="sum"),
        *(more if size == "hour" else ()),
        comment="monitor_id 0 is the whole account",
        sqlite_with_rowid=False,
    )


def _add_times(size: str) -> None:
    table = f"{size}_times"
    op.create_table(
        table,
        *_key(table),
        sa.Column("responses", sa.LargeBinary(), nullable=False),
        sa.Column("steps", sa.LargeBinary(), nullable=False),
        comment="how response times, and the times of steps, are spread",
    )


def _add_indexes() -> None:
    op.create_index(
        "ix_hour_rollups_unfolded",
        "hour_rollups",
        ["begins_at"],
        sqlite_where=sa.text("is_folded = 0"),
        postgresql_where=sa.text("is_folded = false"),
    )
    op.create_index(
        "ix_hour_rollups_errors",
        "hour_rollups",
        ["account_id", "monitor_id", "begins_at"],
        sqlite_where=sa.text("error > 0"),
        postgresql_where=sa.text("error > 0"),
    )
