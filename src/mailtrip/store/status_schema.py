"""The tables of status pages: the page of an account, the monitors on it, incidents and what was told of them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from mailtrip.model.status_page import IncidentState
from mailtrip.store.schema import FIRST_ID, metadata
from mailtrip.store.types import Id, IntegerList, UTCDateTime, Word

__all__ = ["incident_updates", "incidents", "status_entries", "status_pages"]

status_pages = Table(
    "status_pages",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("slug", String(43), nullable=False, unique=True),
    Column("key", String(36), nullable=False),
    Column("title", String(100), nullable=False),
    Column("text", Text),
    Column("is_published", Boolean, nullable=False),
    Column("logo", LargeBinary),
    Column("logo_type", String(32)),
)

status_entries = Table(
    "status_entries",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("monitor_id", ForeignKey("monitors.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("position", Integer, nullable=False),
    Column("key", String(36), nullable=False),
    Column("name", String(100), nullable=False),
    Column("group", String(100)),
    comment="monitors under the names by which the public knows them",
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Id, Identity(start=FIRST_ID), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("key", String(36), nullable=False),
    Column("title", String(200), nullable=False),
    Column("began_at", UTCDateTime, nullable=False),
    Column("resolved_at", UTCDateTime),
    Column("monitor_ids", IntegerList, nullable=False),
    Index(None, "account_id", "began_at"),
    sqlite_autoincrement=True,
)

incident_updates = Table(
    "incident_updates",
    metadata,
    Column("incident_id", ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("key", String(36), nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("state", Word(IncidentState), nullable=False),
    Column("text", Text, nullable=False),
)
