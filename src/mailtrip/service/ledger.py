"""The ledger of messages: each run ends in exactly one verdict, and each change of mind is kept."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailtrip import store
from mailtrip.model import Result, Run, RunState, StatusCode, Step, Stray, Verdict
from mailtrip.service.alerts import note_revised
from mailtrip.service.strays import MOST_COPIES, is_own, rule_on
from mailtrip.store import Connection
from mailtrip.store.ledger import Acceptance, Ruling
from mailtrip.store.runs import FinishedRun

__all__ = ["ENDED", "HORIZON", "Acceptance", "TakenOver", "excuse", "lose", "note_accepted", "settle", "take_over"]

HORIZON = timedelta(hours=24)
"""A message that was not seen for so long is not expected any more."""
ENDED = "The program ended while the run was under way."
_UNREACHED = frozenset({StatusCode.CONNECTION_FAILED, StatusCode.SMTP_NAME, StatusCode.MAILBOX_NAME})
_LONGEST_TIMEOUT = timedelta(seconds=300)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """Runs that a dead process left.

    Attributes:
        resumed: they still have time: the caller has to go on with them.
        ended: how many had none left.
    """

    resumed: tuple[Run, ...]
    ended: int


def settle(
    connection: Connection, strays: Sequence[Stray], *, now: datetime, unwritten: Collection[str] = ()
) -> frozenset[str]:
    """Take note of messages that were found by others than their own runs, and revise the verdicts of these.

    A message that shows up again, as it could not be deleted, is no further copy, and a run's own message that others saw
    before it was deleted is none either. Strays of all accounts are taken, as accounts may share a mailbox.

    Args:
        connection: of a writing transaction.
        strays: what was found.
        now: becomes the time of the revisions.
        unwritten: tokens of runs that were begun while the database was away, and may not be in the ledger yet.

    Returns:
        The tokens whose messages may be deleted: those of runs that have ended, and those that the ledger does not
        know (any more). All others are to be looked at again later.
    """
    found = store.ledger.find_by_tokens(connection, {stray.token for stray in strays})
    timeouts = store.ledger.timeouts(connection, {run.monitor_id for run in found.values()})
    staying = {token for token in unwritten if token not in found}
    for stray in sorted(strays, key=lambda stray: stray.received_at or stray.seen_at):
        run = found.get(stray.token)
        if run is None:
            continue
        if run.state is RunState.RUNNING or is_own(run, stray):
            staying.add(stray.token)
            continue
        timeout = timeouts.get(run.monitor_id, _LONGEST_TIMEOUT)
        found[stray.token] = _settle_one(connection, run, stray, timeout=timeout, now=now)
    return frozenset(stray.token for stray in strays) - staying


def lose(connection: Connection, *, now: datetime, horizon: timedelta = HORIZON, limit: int) -> int:
    """Give up messages that were not seen for longer than `horizon`: their runs become LOST.

    Only where the mailbox was looked into after that time: that nobody looked is no proof.

    Returns:
        How many runs became so, at most `limit`. As long as it is `limit`, there may be more: call again.
    """
    gone = store.ledger.never_came(connection, before=now - horizon, horizon=horizon, limit=limit)
    for run in gone:
        store.ledger.revise(connection, run.id, _loss(run, horizon), now=now)
    return len(gone)


def note_accepted(connection: Connection, acceptances: Collection[Acceptance]) -> None:
    """Keep when the SMTP server took messages, so that it is known even when the program ends in the middle of a run."""
    store.ledger.note_accepted(connection, tuple(acceptances))


def excuse(connection: Connection, run_ids: Collection[int], *, now: datetime) -> list[int]:
    """Runs that failed before any server answered become UNKNOWN: the location had lost its network.

    Returns:
        The runs among them that have no result yet.
    """
    found = store.ledger.find(connection, run_ids)
    for run in found:
        if run.result is not None and run.result.status in _UNREACHED:
            excused = store.ledger.revise(connection, run.id, _excuse(run.result), now=now)
            note_revised(connection, excused, now=now)
    return [run.id for run in found if run.state is RunState.RUNNING]


def take_over(connection: Connection, *, now: datetime, own_since: datetime, location_id: int) -> TakenOver:
    """At start: what becomes of the runs that a dead process left running at a location.

    Those whose time is not over are given back, still running: their message is to be looked for, and never to be
    sent again. The others end as UNKNOWN: what became of their message is found out when it shows up.

    Runs begun from `own_since` to `now` are the caller's own and go on: a test may be ordered while it starts.
    """
    left = store.ledger.running(connection, own_since=own_since, now=now, location_id=location_id)
    timeouts = store.ledger.timeouts(connection, {run.monitor_id for run in left})
    resumed = tuple(run for run in left if _has_time(run, timeouts[run.monitor_id], now=now))
    over = [run for run in left if run not in resumed]
    ended = [FinishedRun(run_id=run.id, result=_ended(run, timeouts[run.monitor_id], now=now)) for run in over]
    store.runs.finish(connection, ended)
    return TakenOver(resumed=resumed, ended=len(over))


def _settle_one(connection: Connection, run: Run, stray: Stray, *, timeout: timedelta, now: datetime) -> Run:
    """The run as it is after its stray was found."""
    known = store.ledger.count_strays(connection, run.id)
    if known > MOST_COPIES or not store.ledger.remember_stray(connection, run, _digest(stray), seen_at=stray.seen_at):
        return run
    ruling = rule_on(run, stray, timeout=timeout, known=known)
    if ruling is None:
        return run
    revised = store.ledger.revise(connection, run.id, ruling, now=now)
    note_revised(connection, revised, now=now)
    return revised


def _digest(stray: Stray) -> bytes:
    name = f"{stray.folder}\0{stray.uidvalidity}\0{stray.key}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(name).digest()


def _loss(run: Run, horizon: timedelta) -> Ruling:
    before = run.result.summary if run.result else ""
    return Ruling(
        verdict=Verdict.LOST,
        status=StatusCode.TIMEOUT,
        step=Step.WAIT,
        summary=f"Not seen within {horizon / timedelta(hours=1):g} hours, and not expected any more. {before}",
    )


def _excuse(result: Result) -> Ruling:
    return Ruling(
        verdict=Verdict.UNKNOWN,
        status=StatusCode.LOCATION_LOST,
        step=result.step,
        summary=f"The location had lost its network: nothing can be said of the mail path. {result.summary}",
        copies=result.copies,
        delay=result.delay,
        sighting=result.sighting,
    )


def _has_time(run: Run, timeout: timedelta, *, now: datetime) -> bool:
    began = run.begins_at
    # What began later than now was begun before the clock was set back: how much time is left can't be known.
    return run.token is not None and began - timedelta(seconds=5) <= now < began + timeout


def _ended(run: Run, timeout: timedelta, *, now: datetime) -> Result:
    began = run.begins_at
    return Result(
        verdict=Verdict.UNKNOWN,
        status=StatusCode.LOCATION_LOST,
        step=None,
        summary=ENDED,
        token=run.token,
        started_at=began,
        duration=max(min(now - began, timeout), timedelta(0)),
    )
