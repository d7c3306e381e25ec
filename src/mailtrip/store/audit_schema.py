"""The tables of the audit log."""

from sqlalchemy import Column, Identity, Index, LargeBinary, String, Table, Text

from mailtrip.model import AuditAction, AuditActorType
from mailtrip.store.schema import FIRST_ID, metadata
from mailtrip.store.types import Id, UTCDateTime, Word

__all__ = ["audit_chains", "audit_entries"]

audit_chains = Table(
    "audit_chains",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False, comment="of the account; 0 for what is of no account"),
    Column("head", LargeBinary(32), nullable=False, comment="hash of the newest entry"),
    Column("floor", LargeBinary(32), nullable=False, comment="hash of the newest entry that retention removed"),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", Id, Identity(start=FIRST_ID), primary_key=True),
    Column("account_id", Id, comment="it may be gone by now; NULL for a failed login of no account"),
    Column("at", UTCDateTime, nullable=False, index=True),
    Column("actor_type", Word(AuditActorType), nullable=False),
    Column("actor_id", Id),
    Column("actor_name", String(320)),
    Column("address", String(64)),
    Column("request_id", String(64)),
    Column("action", Word(AuditAction, 64), nullable=False),
    Column("record_id", Id),
    Column("record_name", String(320)),
    Column("changes", Text, nullable=False, comment="JSON: [before, after] by field"),
    Column("hash", LargeBinary(32), nullable=False),
    Index(None, "account_id", "at"),
    Index(None, "account_id", "record_id"),
    sqlite_autoincrement=True,
)
