"""Reports on what is stored."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from mailtrip import store
from mailtrip.model import Actor, Monitor, MonitorType, Run, Severity
from mailtrip.store import Connection

__all__ = ["SiteStatus", "StatusFilter", "site_status"]


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
    monitors, _ = store.monitors.page(connection, actor.account_id, ids=monitor_ids, types=types, limit=None, offset=0)
    latest = store.runs.latest(connection, actor.account_id, [monitor.id for monitor in monitors])
    found = [SiteStatus(monitor=monitor, run=latest.get(monitor.id)) for monitor in monitors]
    return [item for item in found if status is None or _severity(item.run) in _SEVERITIES[status]]


def _severity(run: Run | None) -> Severity:
    return (run.severity if run else None) or Severity.UNKNOWN
