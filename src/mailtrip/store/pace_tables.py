"""The tables of performance alerts: how long deliveries took, and who was told that they are slow."""

from sqlalchemy import Column, ForeignKey, Integer, Table

from mailtrip.store.schema import metadata
from mailtrip.store.types import Measurements, UTCDateTime

__all__ = ["delivery_paces", "performance_standings"]

delivery_paces = Table(
    "delivery_paces",
    metadata,
    Column("monitor_id", ForeignKey("monitors.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("recent", Measurements, nullable=False, comment="the last ones, 8 bytes each: Unix seconds, milliseconds"),
    Column("hours", Measurements, nullable=False, comment="the median of each hour, likewise"),
    comment="of monitors whose account has recipients of performance alerts: how long their deliveries took",
)

performance_standings = Table(
    "performance_standings",
    metadata,
    Column("monitor_id", ForeignKey("monitors.id", ondelete="CASCADE"), primary_key=True),
    Column("recipient_id", ForeignKey("recipients.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("alerts", Integer, nullable=False),
    Column("since", UTCDateTime, nullable=False),
    Column("told_at", UTCDateTime, nullable=False),
    comment="of monitors that are slow: what each recipient was told",
)
