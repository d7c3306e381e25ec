"""SQL and nothing else: tables, migrations, and plain functions from a connection to values of the model."""

from sqlalchemy import Connection

from mailtrip.store import accounts, history, ledger, monitors, retention, runs, tokens, users
from mailtrip.store.database import Database

__all__ = [
    "Connection",
    "Database",
    "accounts",
    "history",
    "ledger",
    "monitors",
    "retention",
    "runs",
    "tokens",
    "users",
]
