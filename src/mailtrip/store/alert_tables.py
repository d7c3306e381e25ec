"""The tables of alerts: what each recipient has been told, what is to be told, and what became of telling it."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Identity, Index, Integer, String, Table, false, text

from mailtrip.model import AlertKind, AlertMethod, DeliveryFailure, DeliveryOccasion, DeliveryState, StatusCode
from mailtrip.store.schema import FIRST_ID, metadata
from mailtrip.store.types import Id, Number, UTCDateTime, Word

__all__ = ["alert_deliveries", "alert_silence_tellings", "alert_standings", "alerts"]

alert_standings = Table(
    "alert_standings",
    metadata,
    Column("monitor_id", ForeignKey("monitors.id", ondelete="CASCADE"), primary_key=True),
    Column("recipient_id", ForeignKey("recipients.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("errors", Integer, nullable=False),
    Column("history", BigInteger, nullable=False, server_default="0"),
    Column("alerts", Integer, nullable=False),
    Column("since", UTCDateTime),
    Column("run_id", BigInteger),
    Column("slot", UTCDateTime),
    Column("told_at", UTCDateTime),
    Column("acknowledged_at", UTCDateTime),
    Column("acknowledged_by", String(255)),
    Column("snoozed_until", UTCDateTime),
    Column("snoozed_status", Number(StatusCode)),
    Column("is_urgent", Boolean, nullable=False, server_default=false()),
    Column("escalates_at", UTCDateTime),
    Column("is_escalated", Boolean, nullable=False, server_default=false()),
    Index(
        "ix_alert_standings_escalating",
        "escalates_at",
        sqlite_where=text("escalates_at IS NOT NULL"),
        postgresql_where=text("escalates_at IS NOT NULL"),
    ),
    comment="of monitors that are not well: what each recipient was told",
)

alert_deliveries = Table(
    "alert_deliveries",
    metadata,
    Column("id", Id, Identity(start=1), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("recipient_id", ForeignKey("recipients.id", ondelete="CASCADE"), nullable=False),
    Column("cause", String(300), nullable=False),
    Column("key", String(32), nullable=False, unique=True),
    Column("state", Word(DeliveryState), nullable=False),
    Column("created_at", UTCDateTime, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UTCDateTime, nullable=False),
    Column("ended_at", UTCDateTime),
    Column("answer", String(1000)),
    Column("occasion", Word(DeliveryOccasion)),
    Column("fallback_for", String(32)),
    Column("method", Number(AlertMethod)),
    Column("through", String(300)),
    Column("failure", Word(DeliveryFailure)),
    Index(None, "recipient_id", "cause", "created_at"),
    Index(
        "ix_alert_deliveries_open",
        "next_at",
        sqlite_where=text("state IN ('waiting', 'sending')"),
        postgresql_where=text("state IN ('waiting', 'sending')"),
    ),
    comment="alerts that are sent to a recipient as one",
    sqlite_autoincrement=True,
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Id, Identity(start=FIRST_ID), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("recipient_id", ForeignKey("recipients.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("monitor_id", ForeignKey("monitors.id", ondelete="CASCADE"), index=True),
    Column("run_id", BigInteger),
    Column("kind", Word(AlertKind), nullable=False),
    Column("status", Number(StatusCode), nullable=False),
    Column("errors", Integer, nullable=False),
    Column("since", UTCDateTime, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("cause", String(300), nullable=False),
    Column("delivery_id", ForeignKey("alert_deliveries.id", ondelete="CASCADE"), index=True),
    Column("acknowledged_at", UTCDateTime),
    Column("acknowledged_by", String(255)),
    Column("snoozed_until", UTCDateTime),
    Column("snoozed_by", String(255)),
    Column("is_urgent", Boolean, nullable=False, server_default=false()),
    Column("detail", String(1000)),
    Column("location_id", BigInteger),
    Index(
        "ix_alerts_untold",
        "recipient_id",
        "cause",
        sqlite_where=text("delivery_id IS NULL"),
        postgresql_where=text("delivery_id IS NULL"),
    ),
    sqlite_autoincrement=True,
)

alert_silence_tellings = Table(
    "alert_silence_tellings",
    metadata,
    Column("recipient_id", ForeignKey("recipients.id", ondelete="CASCADE"), primary_key=True),
    Column("location_id", ForeignKey("locations.id"), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("since", UTCDateTime, nullable=False),
    Column("is_urgent", Boolean, nullable=False),
    comment="which recipients were told that a location is silent, and since when it was; kept until its end is told",
)
