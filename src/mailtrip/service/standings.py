"""How monitors stand: their newest runs, and whether the errors in them count by the monitor's mode."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailtrip import store
from mailtrip.model import Actor, Monitor, Run
from mailtrip.schedule.modes import error_counts, turns_of
from mailtrip.schedule.slots import slot_number
from mailtrip.service.schedules import pool_of
from mailtrip.store import Connection

__all__ = ["Standing", "standings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a monitor stands.

    Attributes:
        run: the newest finished run at any location, tests included and rechecks not, without sessions.
        counts: whether errors make the monitor fail, by what was found last at the locations that took part in the newest
            run; None where that is open (`mailtrip.schedule.modes`).
    """

    run: Run
    counts: bool | None


def standings(connection: Connection, actor: Actor, monitors: Sequence[Monitor]) -> dict[int, Standing]:
    """How monitors of the actor's account stand, by id; none for those without a finished run."""
    latest = store.latest_runs.by_location(connection, actor.account_id, [monitor.id for monitor in monitors])
    return {monitor.id: _standing(monitor, latest[monitor.id]) for monitor in monitors if monitor.id in latest}


def _standing(monitor: Monitor, latest: Mapping[int, Run]) -> Standing:
    newest = max(latest.values(), key=lambda run: (run.slot, run.id))
    interval, pool = monitor.settings.interval, pool_of(monitor.settings)
    number = slot_number(monitor.id, interval, at=newest.slot)
    places = [turn.location_id for turn in turns_of(pool, number, interval=interval)]
    found = {place: latest[place].severity if place in latest else None for place in places}
    return Standing(run=newest, counts=error_counts(pool, found))
