"""Monitors with all that a read shows of them, in one query: what it costs is mostly its statements."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, String, and_, bindparam, cast, func, select

from mailtrip.model import BlackoutType, LatestRun, Monitor, MonitorAccess
from mailtrip.store.latest_runs import SHOWN
from mailtrip.store.monitors import COLUMNS, to_monitor
from mailtrip.store.schema import blackouts, latest_runs, monitors, runs
from mailtrip.store.seen import seen
from mailtrip.store.types import AnyRow

__all__ = ["ShownMonitor", "get", "get_all", "list_seen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMonitor:
    """A monitor and what a read shows beside its settings.

    Attributes:
        blackout_ids: of those of its runs and its alerts, past ones too, in order.
        runs: the newest finished one at each location.
    """

    monitor: Monitor
    blackout_ids: tuple[int, ...]
    runs: tuple[LatestRun, ...]


def get(connection: Connection, account_id: int, monitor_id: int) -> ShownMonitor | None:
    """One monitor of the account."""
    found = _shown(connection.execute(_ONE, {"account": account_id, "monitor": monitor_id}).all())
    return found[0] if found else None


def get_all(connection: Connection, account_id: int, ids: Collection[int]) -> list[ShownMonitor]:
    """Those of the ids that are monitors of the account."""
    return _shown(connection.execute(_SOME, {"account": account_id, "monitors": list(ids)}).all())


def list_seen(connection: Connection, account_id: int, access: MonitorAccess | None) -> list[ShownMonitor]:
    """The monitors of the account that may be seen, by id."""
    query = _ALL.where(seen(monitors.c.id, access)).order_by(monitors.c.id)
    return _shown(connection.execute(query, {"account": account_id}).all())


def _shown(rows: Iterable[AnyRow]) -> list[ShownMonitor]:
    """The monitors of the rows, which have one for each location with a run, or one without a run."""
    found: dict[int, ShownMonitor] = {}
    for row in rows:
        run = () if row[_RUN] is None else (LatestRun._make(row[_RUN:]),)
        before = found.get(row.id)
        if before is not None:
            found[row.id] = replace(before, runs=before.runs + run)
        else:
            ids = sorted(map(int, row.blackout_ids.split(","))) if row.blackout_ids else ()
            found[row.id] = ShownMonitor(monitor=to_monitor(row), blackout_ids=tuple(ids), runs=run)
    return [*found.values()]


_BLACKOUT_IDS = (
    select(func.aggregate_strings(cast(blackouts.c.id, String), ","))
    .where(
        blackouts.c.account_id == monitors.c.account_id,
        blackouts.c.type != BlackoutType.NOTIFIER,
        blackouts.c.subject_id == monitors.c.id,
    )
    .scalar_subquery()
    .label("blackout_ids")
)
_RUN = len(COLUMNS) + 1
_ALL = (
    select(*COLUMNS, _BLACKOUT_IDS, *(column.label(f"run_{column.name}") for column in SHOWN))
    .select_from(monitors)
    .outerjoin(latest_runs, latest_runs.c.monitor_id == monitors.c.id)
    .outerjoin(runs, and_(runs.c.id == latest_runs.c.run_id, runs.c.account_id == monitors.c.account_id))
    .where(monitors.c.account_id == bindparam("account"), monitors.c.removed_at.is_(None))
)
_ONE = _ALL.where(monitors.c.id == bindparam("monitor"))
_SOME = _ALL.where(monitors.c.id.in_(bindparam("monitors", expanding=True)))
