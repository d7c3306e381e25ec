"""How runs end: with a result or without one, also those that were begun while the database was away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailtrip.model import Result, Run, RunState
from mailtrip.service import alerts, notices, performance
from mailtrip.service.lookup import Lookup
from mailtrip.service.runs import finish
from mailtrip.store import Connection, endings
from mailtrip.store.endings import Ending, RunKey
from mailtrip.store.runs import FinishedRun, PlannedRun, insert

__all__ = ["Conclusion", "conclude"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """How a run that was `RUNNING` ended.

    Attributes:
        run: as it was claimed; an id below zero means that it was begun while the database was away, so that it may
            not be stored yet.
        result: there when the state is `FINISHED`.
        note: why, when there is no result.
    """

    run: Run
    state: RunState
    result: Result | None = None
    note: str | None = None


def conclude(connection: Connection, conclusions: Sequence[Conclusion], *, now: datetime) -> None:
    """Store how runs ended, at most one conclusion a run, and put the alerts that follow into the outbox.

    A run that has ended already keeps its end, so that doing it twice does no harm; one that is no longer there is
    left out; one that is not stored yet is added.
    """
    late = _claim_late(connection, [item.run for item in conclusions if item.run.id < 0], now=now)
    finished = []
    ended = []
    for item in conclusions:
        run_id = late[_key(item.run)] if item.run.id < 0 else item.run.id
        if item.result is not None:
            finished.append(FinishedRun(run_id=run_id, result=item.result, recheck_of=item.run.recheck_of))
        else:
            ended.append(Ending(run_id=run_id, state=item.state, note=item.note or ""))
    done = finish(connection, finished)
    lookup = Lookup(connection, now=now)
    alerts.note_finished(connection, done, lookup, now=now)
    notices.note_states(connection, done.runs, lookup, now=now)
    performance.note_pace(connection, done.runs, lookup, now=now)
    endings.end(connection, ended, now=now)


def _claim_late(connection: Connection, begun: Sequence[Run], *, now: datetime) -> dict[RunKey, int]:
    """The ids of runs that could not be claimed in time.

    An earlier claim may have got through after all, though nobody heard of it: then the run is there already.
    """
    planned = [
        PlannedRun(
            account_id=run.account_id,
            monitor_id=run.monitor_id,
            location_id=run.location_id,
            slot=run.slot,
            kind=run.kind,
            token=run.token,
            recheck_of=run.recheck_of,
        )
        for run in begun
    ]
    insert(connection, planned, RunState.RUNNING, note=None, now=now)
    return endings.find_ids(connection, [_key(run) for run in begun])


def _key(run: Run) -> RunKey:
    return run.monitor_id, run.location_id, run.slot, run.kind
