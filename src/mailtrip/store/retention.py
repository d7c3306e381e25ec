"""Deleting what is old, a bounded number of rows at a time. A run that is under way is never deleted."""

from datetime import datetime

from sqlalchemy import Connection, Select, delete, select

from mailtrip.model import RunState
from mailtrip.model.tally import Size
from mailtrip.store import rollups
from mailtrip.store.accounts import tables_of_accounts
from mailtrip.store.rollup_tables import ROLLUPS
from mailtrip.store.schema import (
    accounts,
    latest_runs,
    monitors,
    run_revisions,
    run_strays,
    run_transcripts,
    runs,
)

__all__ = ["expire_removed_accounts", "expire_removed_monitors", "expire_runs", "expire_transcripts"]


def expire_transcripts(connection: Connection, *, is_good: bool, before: datetime, limit: int) -> int:
    """Delete transcripts of good or of bad runs whose slot was before; how many it were."""
    old = (
        select(run_transcripts.c.run_id)
        .where(run_transcripts.c.is_good == is_good, run_transcripts.c.slot < before)
        .order_by(run_transcripts.c.slot)
        .limit(limit)
    )
    return connection.execute(delete(run_transcripts).where(run_transcripts.c.run_id.in_(old))).rowcount


def expire_runs(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete runs whose slot was before, with their transcripts; how many runs it were."""
    old = (
        select(runs.c.id)
        .where(runs.c.slot < before, runs.c.state != RunState.RUNNING)
        .order_by(runs.c.slot)
        .limit(limit)
    )
    return _delete_runs(connection, old)


def expire_removed_monitors(connection: Connection, *, removed_before: datetime, limit: int) -> int:
    """Delete runs and rollups of monitors that were removed before, then the monitors; how many rows it were."""
    removed = monitors.c.removed_at < removed_before
    theirs = (
        select(runs.c.id)
        .join(monitors, monitors.c.id == runs.c.monitor_id)
        .where(removed, runs.c.state != RunState.RUNNING)
        .limit(limit)
    )
    gone = _delete_runs(connection, theirs)
    if gone < limit:
        gone += rollups.take_out(connection, removed_before=removed_before, limit=limit - gone)
    if gone == limit:
        return gone
    hours = ROLLUPS[Size.HOUR]
    left = (
        select(runs.c.id).where(runs.c.monitor_id == monitors.c.id),
        select(hours.c.monitor_id).where(
            hours.c.account_id == monitors.c.account_id, hours.c.monitor_id == monitors.c.id
        ),
    )
    empty = select(monitors.c.id).where(removed, *(~rows.exists() for rows in left)).limit(limit - gone)
    return gone + connection.execute(delete(monitors).where(monitors.c.id.in_(empty))).rowcount


def expire_removed_accounts(connection: Connection, *, removed_before: datetime, limit: int) -> int:
    """Delete accounts that were removed before and have no monitors left, at most `limit`; how many it were."""
    empty = (
        select(accounts.c.id)
        .where(
            accounts.c.removed_at < removed_before,
            ~select(monitors.c.id).where(monitors.c.account_id == accounts.c.id).exists(),
        )
        .limit(limit)
    )
    ids = list(connection.scalars(empty))
    for table in tables_of_accounts() if ids else ():
        connection.execute(delete(table).where(table.c.account_id.in_(ids)))
    return connection.execute(delete(accounts).where(accounts.c.id.in_(ids))).rowcount


def _delete_runs(connection: Connection, which: Select[tuple[int]]) -> int:
    ids = list(connection.scalars(which))
    for table in (run_transcripts, run_revisions, run_strays):
        connection.execute(delete(table).where(table.c.run_id.in_(ids)))
    connection.execute(delete(latest_runs).where(latest_runs.c.run_id.in_(ids)))
    return connection.execute(delete(runs).where(runs.c.id.in_(ids))).rowcount
