"""How monitors stand: their newest runs, and whether the errors in them count by the monitor's mode."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

from mailtrip import store
from mailtrip.errors import NotFound
from mailtrip.model import Actor, LatestRun, Monitor
from mailtrip.schedule.modes import error_counts, turns_of
from mailtrip.schedule.slots import slot_number
from mailtrip.service.access import require_seen
from mailtrip.service.schedules import pool_of
from mailtrip.store import Connection
from mailtrip.store.shown_monitors import ShownMonitor

__all__ = ["Standing", "StandingMonitor", "get", "get_all", "list_seen", "marks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a monitor stands.

    Attributes:
        run: the newest finished run at any location, tests included and rechecks not.
        counts: whether errors make the monitor fail, by what was found last at the locations that took part in the newest
            run; None where that is open (`mailtrip.schedule.modes`).
    """

    run: LatestRun
    counts: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingMonitor:
    """A monitor and how it stands.

    Attributes:
        standing: None without a finished run.
        blackout_ids: of those of its runs and its alerts, past ones too, in order.
    """

    monitor: Monitor
    standing: Standing | None
    blackout_ids: tuple[int, ...]


def get(connection: Connection, actor: Actor, monitor_id: int) -> StandingMonitor:
    """One monitor and how it stands; raises NotFound."""
    require_seen(actor, monitor_id)
    found = store.shown_monitors.get(connection, actor.account_id, monitor_id)
    if found is None:
        raise NotFound(f"there is no monitor {monitor_id}")
    return _standing_monitor(found)


def get_all(connection: Connection, actor: Actor, monitor_ids: Collection[int]) -> list[StandingMonitor]:
    """Those of the ids that are monitors of the account, and how they stand. Whether they may be seen is known before."""
    return [
        _standing_monitor(found) for found in store.shown_monitors.get_all(connection, actor.account_id, monitor_ids)
    ]


def list_seen(connection: Connection, actor: Actor) -> list[StandingMonitor]:
    """The monitors that the actor may see, by id, and how they stand."""
    return [
        _standing_monitor(found) for found in store.shown_monitors.list_seen(connection, actor.account_id, actor.access)
    ]


def marks(connection: Connection, actor: Actor, *, first: int, last: int) -> Mapping[int, Hashable]:
    """By id, of monitors with a number from `first` to `last`: what stays the same while standing and settings do.

    Those without a finished run are left out.
    """
    return store.latest_runs.marks(connection, actor.account_id, first, last)


def _standing_monitor(found: ShownMonitor) -> StandingMonitor:
    standing = _standing(found.monitor, found.runs) if found.runs else None
    return StandingMonitor(monitor=found.monitor, standing=standing, blackout_ids=found.blackout_ids)


def _standing(monitor: Monitor, runs: Sequence[LatestRun]) -> Standing:
    newest = max(runs, key=lambda run: (run.slot, run.id))
    interval, pool = monitor.settings.interval, pool_of(monitor.settings)
    number = slot_number(monitor.id, interval, at=newest.slot)
    severities = {run.location_id: run.severity for run in runs}
    found = {turn.location_id: severities.get(turn.location_id) for turn in turns_of(pool, number, interval=interval)}
    return Standing(run=newest, counts=error_counts(pool, found))
