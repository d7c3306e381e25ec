"""The tables of people and programs: who may log in, and with what."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Identity, LargeBinary, String, Table, true

from mailtrip.model import Role
from mailtrip.store.schema import FIRST_ID, metadata
from mailtrip.store.types import AccessText, Id, TextList, UTCDateTime, Word

__all__ = ["api_tokens", "second_factors", "tokens", "users", "web_sessions"]

users = Table(
    "users",
    metadata,
    Column("id", Id, Identity(start=FIRST_ID), primary_key=True),
    Column("guid", String(32), nullable=False, unique=True, index=True, server_default=""),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("email", String(320), nullable=False),
    Column("email_key", String(1000), nullable=False, unique=True, comment="the address, case folded"),
    Column("role", Word(Role), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("first_name", String(255)),
    Column("last_name", String(255)),
    Column("work_phone", String(255)),
    Column("access", AccessText, comment="what may be done with which monitors; NULL for Edit on all"),
    Column("enabled", Boolean, nullable=False, server_default=true()),
    Column("created_at", UTCDateTime, nullable=False),
    sqlite_autoincrement=True,
)

tokens = Table(
    "tokens",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True, comment="SHA-256 of the token"),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False, index=True),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Id, Identity(start=FIRST_ID), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), index=True, comment="NULL for the operator"),
    Column("digest", LargeBinary(32), nullable=False, unique=True, index=True, comment="SHA-256 of the token"),
    Column("name", String(255), nullable=False),
    Column("role", Word(Role), nullable=False),
    Column("scopes", TextList, comment="NULL for all that the role allows"),
    Column("created_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime),
    Column("last_used_at", UTCDateTime),
    sqlite_autoincrement=True,
)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True, comment="SHA-256 of the session's id"),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", UTCDateTime, nullable=False),
    Column("used_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    Column("browser", String(64), comment="its kind and system in words; NULL where unknown"),
    Column("network", String(64), comment="the address that it began from, without its last part"),
)

second_factors = Table(
    "second_factors",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("secret", LargeBinary, nullable=False, comment="sealed"),
    Column("last_step", BigInteger, nullable=False, comment="no code is taken twice"),
    Column("recovery", TextList, nullable=False, comment="digests of the recovery codes that are left"),
    Column("created_at", UTCDateTime, nullable=False),
)
