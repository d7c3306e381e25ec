"""The tables of what is told once a day: what runs say of it, and who was told when."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from mailtrip.model import StatusCode
from mailtrip.store.schema import metadata
from mailtrip.store.types import Number, UTCDateTime

__all__ = ["alert_notice_tellings", "alert_notices"]

alert_notices = Table(
    "alert_notices",
    metadata,
    Column("monitor_id", ForeignKey("monitors.id", ondelete="CASCADE"), primary_key=True),
    Column("status", Number(StatusCode), primary_key=True, autoincrement=False),
    Column("server", String(300), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("cause", String(300), nullable=False),
    Column("detail", String(1000), nullable=False),
    Column("found", Integer, nullable=False),
    Column("without", Integer, nullable=False),
    Column("since", UTCDateTime, nullable=False),
    Column("next_at", UTCDateTime, nullable=False),
    Index(None, "account_id", "status", "cause"),
    comment="states of servers that become errors unless somebody acts, by monitor",
)

alert_notice_tellings = Table(
    "alert_notice_tellings",
    metadata,
    Column("recipient_id", ForeignKey("recipients.id", ondelete="CASCADE"), primary_key=True),
    Column("status", Number(StatusCode), primary_key=True, autoincrement=False),
    Column("cause", String(300), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("monitor_id", ForeignKey("monitors.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("told_at", UTCDateTime, nullable=False),
    Index(None, "account_id", "status", "cause"),
    comment="when recipients were last told of such a state",
)
