"""SQL and nothing else: tables, migrations, and plain functions from a connection to values of the model."""

from mailtrip.store import accounts, monitors, retention, runs, tokens, users
from mailtrip.store.database import Database

__all__ = ["Database", "accounts", "monitors", "retention", "runs", "tokens", "users"]
