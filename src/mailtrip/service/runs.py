"""Runs: ordered, claimed, finished and read."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailtrip import store
from mailtrip.errors import Fault, InvalidInput, NotFound, RateLimited
from mailtrip.model import Actor, AuditAction, Monitor, Result, Run, RunKind, RunState, Severity, Verdict
from mailtrip.schedule.blackouts import blackout_at
from mailtrip.service import audit
from mailtrip.service.access import may_see, require_seen, require_test
from mailtrip.service.history import MOST_EARLIER, add_history, can_tell, last_failure, tell_history
from mailtrip.service.schedules import pool_of
from mailtrip.store import Connection
from mailtrip.store.history import Earlier, Streak, Told
from mailtrip.store.runs import FinishedRun, PlannedRun

__all__ = [
    "Finished",
    "FinishedRun",
    "PlannedRun",
    "claim",
    "finish",
    "get",
    "order_test",
    "page",
    "skip",
]

_MOST_TESTS = 5
"""Tests of one monitor that may be under way at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Runs that have just finished, as they are now.

    Attributes:
        verified: those that they verify, and that had finished before.
    """

    runs: tuple[Run, ...]
    verified: tuple[Run, ...] = ()


def order_test(
    connection: Connection,
    actor: Actor,
    monitor_id: int,
    *,
    token: str,
    now: datetime,
    location_id: int | None = None,
) -> Run:
    """Store a test run as running; the caller hands it to the engine once the transaction is kept.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        monitor_id: which; it may be disabled.
        token: of the run's message, new, as text; not used where none is sent.
        now: becomes the slot.
        location_id: one of the monitor's; None is its home.

    Raises:
        Forbidden: the role may not test.
        NotFound: no such monitor in the account.
        InvalidInput: the location is none of the monitor's.
        RateLimited: five tests of the monitor are under way.
    """
    require_test(actor)
    require_seen(actor, monitor_id)
    monitor = store.monitors.get(connection, actor.account_id, monitor_id, lock=True)
    if monitor is None:
        raise NotFound(f"there is no monitor {monitor_id}")
    location = _location(monitor, location_id)
    under_way = store.run_queries.running_tests(connection, monitor_id)
    if len(under_way) >= _MOST_TESTS:
        ends = under_way[0] + monitor.settings.run_timeout
        raise RateLimited(
            f"{_MOST_TESTS} tests of monitor {monitor_id} are under way; wait until one ends",
            retry_after=max(ends - now, timedelta(seconds=1)),
        )
    run = _insert_test(connection, monitor, location, token=token, now=now)
    name, ordered = monitor.settings.name, {"run_id": run.id, "location_id": location}
    audit.record(connection, actor, AuditAction.MONITOR_TESTED, monitor_id, now=now, after=ordered, name=name)
    return run


def get(connection: Connection, actor: Actor, run_id: int) -> Run:
    """One run, whole: with its sessions, and with their transcripts while these are kept.

    Raises:
        NotFound: no such run in the account, or its monitor was removed.
    """
    run = store.run_queries.get(connection, actor.account_id, run_id)
    if run is None or not may_see(actor, run.monitor_id):
        raise NotFound(f"there is no run {run_id}")
    return run


def page(
    connection: Connection,
    actor: Actor,
    monitor_id: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    verdicts: Collection[Verdict] | None = None,
    limit: int,
    before: tuple[datetime, int] | None = None,
) -> list[Run]:
    """Runs of a monitor in any state, newest slot first, without sessions.

    Args:
        connection: of any transaction.
        actor: who asks.
        monitor_id: which.
        since: slots from this time on.
        until: slots before this time.
        verdicts: only runs with one of these.
        limit: at most so many.
        before: (slot, id) of the last run of the page before; the page goes on after it.

    Raises:
        NotFound: no such monitor in the account.
    """
    require_seen(actor, monitor_id)
    if store.monitors.get(connection, actor.account_id, monitor_id) is None:
        raise NotFound(f"there is no monitor {monitor_id}")
    return store.run_queries.page(
        connection, monitor_id, since=since, until=until, verdicts=verdicts, limit=limit, before=before
    )


def claim(connection: Connection, planned: Sequence[PlannedRun], *, now: datetime) -> list[Run]:
    """Store planned runs as running, and give those that nobody has stored before, by id."""
    return store.runs.insert(connection, planned, RunState.RUNNING, note=None, now=now)


def skip(connection: Connection, planned: Sequence[PlannedRun], *, note: str, state: RunState, now: datetime) -> None:
    """Store planned runs in a state of runs that were not made, with the reason; those that are stored already stay."""
    if state in {RunState.RUNNING, RunState.FINISHED}:
        raise ValueError(f"a run that was not made is skipped, not measured or in a blackout, not {state}")
    store.runs.insert(connection, planned, state, note=note, now=now)


def finish(connection: Connection, finished: Sequence[FinishedRun]) -> Finished:
    """Store many results; a run that is not running any more stays as it is, so that doing it twice does no harm.

    The sentence of an error gets a clause about the runs before it, as they are known now. A recheck's does not.
    """
    results = {item.run_id: item.result for item in finished}
    before = store.runs.lock_finished(connection, finished)
    ending = {run.id: run for run in before if run.id in results and run.state is RunState.RUNNING}
    failed = [
        run
        for run in ending.values()
        if run.kind is not RunKind.RECHECK and results[run.id].status.severity is Severity.ERROR
    ]
    latest = store.history.latest(connection, [run.id for run in failed]) if failed else {}
    ended = Counter((run.monitor_id, run.location_id) for run in ending.values())
    told = {
        run.id: _told(connection, run, results[run.id], [last] if last else [])
        for run in failed
        if ended[run.monitor_id, run.location_id] == 1 and _is_enough(last := latest.get(run.id), run)
    }
    changes = store.runs.finish(connection, [_with_history(item, told) for item in finished], before=before)
    for run in sorted(failed, key=lambda run: run.slot):
        if run.id not in told:  # one by one, as what is told of the one counts for the next
            earlier = store.history.before(connection, run, limit=MOST_EARLIER)
            store.history.put(connection, [_told(connection, run, results[run.id], earlier)])
    return Finished(
        runs=tuple(run for _, run in changes if run.id in ending),
        verified=tuple(run for _, run in changes if run.id not in ending),
    )


def _with_history(item: FinishedRun, told: Mapping[int, Told]) -> FinishedRun:
    if item.run_id not in told:
        return item
    history = told[item.run_id]
    return replace(item, result=replace(item.result, summary=history.summary), streak=history.streak)


def _is_enough(latest: Earlier | None, run: Run) -> bool:
    """Whether the newest run at the time, or that there was none, says all about the runs before one."""
    return latest is None or (latest.slot < run.slot and can_tell(latest))


def _told(connection: Connection, run: Run, result: Result, earlier: Sequence[Earlier]) -> Told:
    """What is told of the runs before one that failed."""
    streak = Streak(1, run.slot)
    if last := last_failure(earlier):
        known = last.streak or store.history.streak_of(connection, last.run_id) or Streak(1, last.slot)
        streak = Streak(known.failures + 1, known.since)
    summary = add_history(result.summary, tell_history(earlier, streak, slot=run.slot))
    return Told(run_id=run.id, result=result, summary=summary, streak=streak)


def _location(monitor: Monitor, wanted: int | None) -> int:
    pool = pool_of(monitor.settings)
    if wanted is None:
        return pool.home_id
    if wanted not in pool.location_ids:
        shown = ", ".join(str(id_) for id_ in pool.location_ids)
        raise InvalidInput([Fault("location_id", f"{wanted} is none of the monitor's locations; use one of {shown}")])
    return wanted


def _insert_test(connection: Connection, monitor: Monitor, location_id: int, *, token: str, now: datetime) -> Run:
    """Two tests asked for at the same microsecond are two runs: the later one's slot moves on.

    A test is made in a blackout too, as a person wants it; it is marked.
    """
    slot = now
    blackouts = store.blackouts.stopping(connection, monitor.id)
    blackout = blackout_at(blackouts, now)
    while True:
        planned = PlannedRun(
            account_id=monitor.account_id,
            monitor_id=monitor.id,
            location_id=location_id,
            slot=slot,
            kind=RunKind.TEST,
            token=token if monitor.settings.sends_message else None,
            blackout_id=blackout.id if blackout else None,
        )
        stored = store.runs.insert(connection, [planned], RunState.RUNNING, note=None, now=now)
        if stored:
            return stored[0]
        slot += timedelta(microseconds=1)
