"""SQL and nothing else: tables, migrations, and plain functions from a connection to values of the model."""

from sqlalchemy import Connection

from mailtrip.store import (
    accounts,
    alerts,
    api_tokens,
    audit,
    blackouts,
    groups,
    history,
    idempotency,
    latest_runs,
    ledger,
    monitors,
    recipients,
    retention,
    revisions,
    run_queries,
    runs,
    shown_monitors,
    slas,
    tokens,
    users,
)
from mailtrip.store.database import Database

__all__ = [
    "Connection",
    "Database",
    "accounts",
    "alerts",
    "api_tokens",
    "audit",
    "blackouts",
    "groups",
    "history",
    "idempotency",
    "latest_runs",
    "ledger",
    "monitors",
    "recipients",
    "retention",
    "revisions",
    "run_queries",
    "runs",
    "shown_monitors",
    "slas",
    "tokens",
    "users",
]
