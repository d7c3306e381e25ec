"""Reports on what is stored."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailtrip import store
from mailtrip.errors import NotFound
from mailtrip.model import Actor, Monitor, MonitorType, Run, Severity
from mailtrip.store import Connection
from mailtrip.store.run_queries import Check

__all__ = ["Check", "SiteStatus", "StatusFilter", "checks", "require_not_anothers", "site_status"]


class StatusFilter(StrEnum):
    """The two sides that the vendor's report can be cut to."""

    OK = "ok"
    """The last run proved the mail path working: severity ok or warning."""
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """A monitor and its newest finished run, without sessions; None when nothing was measured yet."""

    monitor: Monitor
    run: Run | None


_SEVERITIES = {StatusFilter.OK: {Severity.OK, Severity.WARNING}, StatusFilter.ERROR: {Severity.ERROR}}


def site_status(
    connection: Connection,
    actor: Actor,
    *,
    monitor_ids: Collection[int] | None = None,
    types: Collection[MonitorType] | None = None,
    status: StatusFilter | None = None,
) -> list[SiteStatus]:
    """The latest status of monitors, by id.

    Args:
        connection: of a reading transaction.
        actor: who asks.
        monitor_ids: only these; ids that are not there are left out.
        types: only these.
        status: only monitors on this side; one that was never measured, or whose last run says nothing of the mail
            path (severity unknown), is on neither.
    """
    monitors, _ = store.monitors.page(
        connection, actor.account_id, ids=monitor_ids, types=types, access=actor.access, limit=None, offset=0
    )
    latest = store.latest_runs.find(connection, actor.account_id, [monitor.id for monitor in monitors])
    found = [SiteStatus(monitor=monitor, run=latest.get(monitor.id)) for monitor in monitors]
    return [item for item in found if status is None or _severity(item.run) in _SEVERITIES[status]]


def checks(
    connection: Connection,
    actor: Actor,
    *,
    monitor_ids: Collection[int] | None = None,
    since: datetime,
    until: datetime,
    limit: int,
) -> list[Check]:
    """What planned runs found, oldest slot first; those that found nothing as they were not made are left out.

    Args:
        connection: of a reading transaction.
        actor: who asks.
        monitor_ids: only these; ids that are not there are left out.
        since: slots from this time on.
        until: slots before this time.
        limit: at most so many.
    """
    return store.run_queries.checks(
        connection,
        actor.account_id,
        monitor_ids=monitor_ids,
        access=actor.access,
        since=since,
        until=until,
        limit=limit,
    )


def require_not_anothers(connection: Connection, actor: Actor, customer: int) -> None:
    """Raise NotFound for the number of another account of the installation.

    Any other number is taken: scripts that came from the vendor name the customer number that they had there.
    """
    if customer != actor.account_id and store.accounts.exists(connection, customer):
        raise NotFound(f"there is no customer {customer}")


def _severity(run: Run | None) -> Severity:
    return (run.severity if run else None) or Severity.UNKNOWN
