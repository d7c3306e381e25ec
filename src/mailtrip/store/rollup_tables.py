"""The tables of rollups: what runs add up to, by hour, day and month (UTC), of a monitor and of a whole account."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    false,
    text,
)
from sqlalchemy.schema import SchemaItem

from mailtrip.model.tally import Size
from mailtrip.store.schema import metadata
from mailtrip.store.types import Duration, Id, UTCDateTime

__all__ = ["ALL_MONITORS", "ROLLUPS", "TIMES", "rollup_backfill"]

ALL_MONITORS: Final = 0
"""Stands in place of a monitor's id where a row is of all monitors of its account, removed ones included."""


def _key() -> tuple[Column[Any] | PrimaryKeyConstraint, ...]:  # Any: columns of several types
    return (
        Column("account_id", ForeignKey("accounts.id"), nullable=False),
        Column("monitor_id", Id, nullable=False),
        Column("begins_at", UTCDateTime, nullable=False),
        Column("location_id", Id, nullable=False),
        PrimaryKeyConstraint("account_id", "monitor_id", "begins_at", "location_id"),
    )


def _rollups(size: Size, *more: SchemaItem) -> Table:
    names = ("ok", "warning", "error", "unknown", "not_measured", "skipped", "blackout", "responses")
    return Table(
        f"{size}_rollups",
        metadata,
        *_key(),
        *(Column(name, Integer, nullable=False) for name in names),
        Column("response_time", Duration, nullable=False, comment="sum"),
        *more,
        comment="monitor_id 0 is the whole account",
        sqlite_with_rowid=False,
    )


def _times(size: Size) -> Table:
    return Table(
        f"{size}_times",
        metadata,
        *_key(),
        Column("responses", LargeBinary, nullable=False),
        Column("steps", LargeBinary, nullable=False),
        comment="how response times, and the times of steps, are spread",
    )


ROLLUPS: Final = {
    Size.HOUR: _rollups(
        Size.HOUR,
        Column("log", LargeBinary, nullable=False, comment="each run: its second, what it counts as, its status"),
        Column("is_folded", Boolean, nullable=False, server_default=false(), comment="into day, month and account"),
        Index(
            "ix_hour_rollups_unfolded",
            "begins_at",
            sqlite_where=text("is_folded = 0"),
            postgresql_where=text("is_folded = false"),
        ),
        Index(
            "ix_hour_rollups_errors",
            "account_id",
            "monitor_id",
            "begins_at",
            sqlite_where=text("error > 0"),
            postgresql_where=text("error > 0"),
        ),
    ),
    Size.DAY: _rollups(Size.DAY),
    Size.MONTH: _rollups(Size.MONTH),
}
TIMES: Final = {size: _times(size) for size in Size}

rollup_backfill = Table(
    "rollup_backfill",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("next_id", BigInteger, nullable=False),
    comment="one row while runs with smaller numbers are not in the rollups yet",
)
