"""How long runs, transcripts, ended tokens and sessions, idempotency keys and the audit log are kept."""

from collections.abc import Callable
from datetime import datetime, timedelta

from mailtrip import store
from mailtrip.service import idempotency, web_sessions
from mailtrip.store import Connection

__all__ = ["expire"]

_MOST_AT_ONCE = 10_000
_AFTERLIFE = timedelta(days=1)
"""So long a caller with an ended token is told "expired", and schedulers can see which monitors were removed."""


def expire(
    connection: Connection,
    *,
    now: datetime,
    keep_runs: timedelta = timedelta(days=400),
    keep_good_transcripts: timedelta = timedelta(days=7),
    keep_bad_transcripts: timedelta = timedelta(days=90),
    keep_audit: timedelta = timedelta(days=400),
    limit: int,
) -> int:
    """Delete what is older than it is kept, and what is left of monitors and accounts removed a day ago.

    Args:
        connection: of a writing transaction.
        now: ages are counted back from here, from a run's slot.
        keep_runs: runs with all that belongs to them.
        keep_good_transcripts: transcripts of runs with status 0.
        keep_bad_transcripts: transcripts of all other runs.
        keep_audit: entries of the audit log, from when they were made.
        limit: at most so many rows in this call, so that it takes a short time; 1 to 10,000.

    Returns:
        How many rows went. As long as it is `limit`, there may be more: call again.
    """
    if not 1 <= limit <= _MOST_AT_ONCE:
        raise ValueError(f"a limit is 1 to {_MOST_AT_ONCE} rows")
    day_ago = now - _AFTERLIFE
    steps: tuple[Callable[[int], int], ...] = (
        lambda left: store.tokens.expire(connection, before=day_ago, limit=left),
        lambda left: store.web_sessions.expire(
            connection, before=now, unused_since=now - web_sessions.IDLE, limit=left
        ),
        lambda left: store.idempotency.expire(connection, before=now - idempotency.LIFETIME, limit=left),
        lambda left: store.retention.expire_transcripts(
            connection, is_good=True, before=now - keep_good_transcripts, limit=left
        ),
        lambda left: store.retention.expire_transcripts(
            connection, is_good=False, before=now - keep_bad_transcripts, limit=left
        ),
        lambda left: store.alerts.remove_older(connection, than=now - keep_runs, limit=left),
        lambda left: store.retention.expire_runs(connection, before=now - keep_runs, limit=left),
        lambda left: store.retention.expire_removed_monitors(connection, removed_before=day_ago, limit=left),
        lambda left: store.retention.expire_removed_accounts(connection, removed_before=day_ago, limit=left),
        lambda left: store.audit.expire(connection, before=now - keep_audit, limit=left),
    )
    gone = 0
    for step in steps:
        if gone < limit:
            gone += step(limit - gone)
    return gone
