"""What the scheduler has to know of monitors, and what changed since it last asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailtrip import store
from mailtrip.model import DEFAULT_LOCATION_ID, Blackout, Monitor, MonitorSettings
from mailtrip.schedule.cadence import Cadence
from mailtrip.schedule.modes import Pool, cadence_at
from mailtrip.store import Connection

__all__ = ["ScheduledMonitor", "changed_since", "last_slots", "pool_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledMonitor:
    """An enabled monitor, as far as planning goes.

    Attributes:
        sends_message: whether its runs send one.
        timeout: of a whole run.
        pool: where its runs are made from.
        modified_at: slots before it were not planned with these settings: nothing was missed there.
        blackouts: those that stop its runs, past ones too, by id.
    """

    id: int
    account_id: int
    sends_message: bool = True
    interval: timedelta
    timeout: timedelta
    pool: Pool
    local_retry: bool
    modified_at: datetime
    revision: int
    blackouts: tuple[Blackout, ...] = ()

    def cadence_at(self, location_id: int) -> Cadence | None:
        """When the location has its part in the monitor's runs; None when it never has."""
        return cadence_at(self.pool, location_id, monitor_id=self.id, interval=self.interval)


def pool_of(settings: MonitorSettings) -> Pool:
    """Where a monitor's runs are made from, defaults filled in."""
    location_ids = settings.location_ids or (settings.home_location_id or DEFAULT_LOCATION_ID,)
    return Pool(
        location_ids=location_ids,
        home_id=settings.home_location_id or location_ids[0],
        mode=settings.mode,
        per_run=settings.locations_per_run,
        rotates=settings.rotate_locations,
    )


def changed_since(connection: Connection, revision_mark: int) -> tuple[list[ScheduledMonitor], list[int], int]:
    """What changed after a mark.

    Args:
        connection: of any transaction.
        revision_mark: as the call before gave it; 0 is the beginning.

    Returns:
        Enabled monitors that are new or changed, or whose blackouts are, ids of those that were removed or disabled (also such that the
        caller never knew), and the mark for the next call.
    """
    live, gone, mark = store.monitors.changed_since(connection, revision_mark)
    blackouts = store.blackouts.stopping_since(connection, revision_mark) if live else {}
    return [_scheduled(monitor, blackouts.get(monitor.id, ())) for monitor in live], gone, mark


def last_slots(connection: Connection, *, location_id: int) -> dict[int, datetime]:
    """The newest scheduled slot that is stored of each enabled monitor at a location, whatever became of it."""
    return store.run_queries.last_slots(connection, location_id=location_id)


def _scheduled(monitor: Monitor, blackouts: tuple[Blackout, ...]) -> ScheduledMonitor:
    settings = monitor.settings
    return ScheduledMonitor(
        id=monitor.id,
        account_id=monitor.account_id,
        sends_message=settings.sends_message,
        interval=settings.interval,
        timeout=settings.run_timeout,
        pool=pool_of(settings),
        local_retry=settings.local_retry,
        modified_at=monitor.modified_at,
        revision=monitor.revision,
        blackouts=blackouts,
    )
