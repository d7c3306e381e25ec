"""How monitors stand: their newest runs, and whether the errors in them count by the monitor's mode."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

from mailtrip import store
from mailtrip.model import Actor, LatestRun, Monitor
from mailtrip.schedule.modes import error_counts, turns_of
from mailtrip.schedule.slots import slot_number
from mailtrip.service.schedules import pool_of
from mailtrip.store import Connection

__all__ = ["Standing", "marks", "standings"]


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


def standings(connection: Connection, actor: Actor, monitors: Collection[Monitor]) -> dict[int, Standing]:
    """How monitors of the actor's account stand, by id; none for those without a finished run."""
    runs = store.latest_runs.by_location(connection, actor.account_id, [monitor.id for monitor in monitors])
    return {monitor.id: _standing(monitor, runs[monitor.id]) for monitor in monitors if monitor.id in runs}


def marks(connection: Connection, actor: Actor, *, first: int, last: int) -> Mapping[int, Hashable]:
    """By id, of monitors with a number from `first` to `last`: what stays the same while standing and settings do.

    Those without a finished run are left out.
    """
    return store.latest_runs.marks(connection, actor.account_id, first, last)


def _standing(monitor: Monitor, runs: Sequence[LatestRun]) -> Standing:
    newest = max(runs, key=lambda run: (run.slot, run.id))
    interval, pool = monitor.settings.interval, pool_of(monitor.settings)
    number = slot_number(monitor.id, interval, at=newest.slot)
    severities = {run.location_id: run.severity for run in runs}
    found = {turn.location_id: severities.get(turn.location_id) for turn in turns_of(pool, number, interval=interval)}
    return Standing(run=newest, counts=error_counts(pool, found))
