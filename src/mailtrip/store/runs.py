"""Runs as they are stored: claimed once by their unique key, finished many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, update

from mailtrip.model import Result, Run, RunKind, RunState, Severity, StatusCode
from mailtrip.store import latest_runs, rollups
from mailtrip.store.codec import encode_transcripts, storable
from mailtrip.store.dialects import among, insert_into
from mailtrip.store.findings import Findings, Streak
from mailtrip.store.run_rows import BRIEF, to_run
from mailtrip.store.schema import run_transcripts, runs
from mailtrip.store.types import AnyRow

__all__ = ["FinishedRun", "PlannedRun", "finish", "insert", "lock", "lock_finished", "verify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """A run that is due: one monitor at one location in one slot.

    Attributes:
        token: of its message, as text; None for a run that is never made.
        blackout_id: the blackout of its monitor that its slot lies in.
    """

    account_id: int
    monitor_id: int
    location_id: int
    slot: datetime
    kind: RunKind
    token: str | None = None
    recheck_of: int | None = None
    blackout_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRun:
    """What a claimed run found.

    Attributes:
        recheck_of: the run whose error it verifies, where that was not known at its claim.
        streak: the failures in a row that it ends.
    """

    run_id: int
    result: Result
    recheck_of: int | None = None
    streak: Streak | None = None


def insert(
    connection: Connection, planned: Sequence[PlannedRun], state: RunState, *, note: str | None, now: datetime
) -> list[Run]:
    """Store planned runs; those whose monitor, slot, location and kind are stored already are left out.

    Always in the order of the key, so that two programs that claim the same runs don't wait for each other.
    """
    if not planned:
        return []
    ordered = sorted(planned, key=lambda run: (run.monitor_id, run.slot, run.location_id, run.kind))
    common = {
        "state": state,
        "note": storable(note, 1000),
        "changed_at": now,
        "started_at": now if state is RunState.RUNNING else None,
    }
    rows = [common | {name: getattr(run, name) for name in PlannedRun.__slots__} for run in ordered]
    statement = insert_into(connection.dialect.name, runs).on_conflict_do_nothing().returning(*BRIEF)
    stored = sorted((to_run(row) for row in connection.execute(statement, rows)), key=lambda run: run.id)
    rechecks = [{"of_run": run.recheck_of, "recheck": run.id} for run in stored if run.recheck_of is not None]
    if rechecks:
        connection.execute(_LINK, rechecks)
    rollups.note(connection, ((None, run) for run in stored))
    return stored


def lock_finished(connection: Connection, finished: Sequence[FinishedRun]) -> list[Run]:
    """The runs that these results are of, and those that they verify, by id; they stay so until the transaction ends."""
    ids = {item.run_id for item in finished} | {item.recheck_of for item in finished if item.recheck_of is not None}
    return [to_run(row) for row in lock(connection, among(connection, runs.c.id, ids))] if ids else []


def finish(
    connection: Connection, finished: Sequence[FinishedRun], *, before: Sequence[Run] | None = None
) -> list[tuple[Run, Run]]:
    """Store results, transcripts and latest runs; a run that is no longer running stays as it is.

    Args:
        connection: of a writing transaction.
        finished: at most one a run.
        before: what `lock_finished` gave, if it was asked.

    Returns:
        The runs that finished by it, and those that they verify, each as it was and as it is.
    """
    before = lock_finished(connection, finished) if before is None else before
    items = {item.run_id: item for item in finished}
    ending = [run for run in before if run.id in items and run.state is RunState.RUNNING]
    if not ending:
        return []
    results = {run.id: items[run.id].result for run in ending}
    connection.execute(_FINISH, [_result_values(items[run.id]) for run in ending])
    transcripts = [_transcript_values(run, results[run.id]) for run in ending if _has_transcript(results[run.id])]
    if transcripts:
        connection.execute(run_transcripts.insert(), transcripts)
    latest_runs.put(connection, [(run, results[run.id].verdict, results[run.id].status) for run in ending])
    known = {run.id: run.recheck_of for run in ending if run.recheck_of is not None}
    new = {id_: verified for id_ in results.keys() - known if (verified := items[id_].recheck_of) is not None}
    _tie(connection, new)
    found = {verified: results[id_].status for id_, verified in (known | new).items()}
    verify(connection, found)
    changes = [
        (run, _changed(run, results.get(run.id), found.get(run.id), recheck_of=new.get(run.id, run.recheck_of)))
        for run in before
        if run.id in results or run.id in found
    ]
    rollups.note(connection, changes)
    return changes


def _changed(run: Run, result: Result | None, found: StatusCode | None, *, recheck_of: int | None) -> Run:
    """What becomes of a run that finishes with a result, or that another one verifies with what it found."""
    return replace(
        run,
        state=run.state if result is None else RunState.FINISHED,
        result=result or run.result,
        verified=run.verified if found is None else _verifies(found),
        recheck_of=recheck_of,
    )


def _tie(connection: Connection, verifiers: Mapping[int, int]) -> None:
    """Let runs know that they verify the errors of others, and the others that they are verified by them."""
    if verifiers:
        pairs = [{"recheck": run_id, "of_run": verifiers[run_id]} for run_id in sorted(verifiers)]
        connection.execute(_LINK, pairs)
        connection.execute(_REFER, pairs)


def verify(connection: Connection, found: Mapping[int, StatusCode]) -> None:
    """Note at runs what their rechecks found: another error, none, or nothing that says anything."""
    if found:
        connection.execute(_VERIFY, [{"of_run": id_, "found": _verifies(found[id_])} for id_ in sorted(found)])


def lock(connection: Connection, wanted: ColumnElement[bool]) -> Sequence[AnyRow]:
    """Lock runs and those that they recheck, and read them: all columns but the large ones.

    All that change runs lock them in the order of their ids, so that none waits for another that waits for it.
    """
    # Two queries, as PostgreSQL would read the whole table for one with an alternative in its condition.
    found = connection.execute(select(runs.c.id, runs.c.recheck_of).where(wanted)).all()
    ids = {id_ for row in found for id_ in row if id_ is not None}
    if not ids:
        return ()
    return connection.execute(
        select(*BRIEF).where(among(connection, runs.c.id, ids)).order_by(runs.c.id).with_for_update()
    ).all()


def _verifies(status: StatusCode) -> bool | None:
    severity = status.severity
    return None if severity is Severity.UNKNOWN else severity is Severity.ERROR


_FINISH = (
    update(runs)
    .where(runs.c.id == bindparam("of_run"))
    .values(
        {
            name: bindparam(name)
            for name in (
                "state",
                "changed_at",
                "started_at",
                "verdict",
                "status",
                "step",
                "summary",
                "message_id",
                "duration",
                "timings",
                "seen_not_before",
                "seen_not_after",
                "delay",
                "deferred_for",
                "copies",
                "left_behind",
                "lag",
                "sessions",
                "findings",
            )
        }
        # What the ledger knows of the message from before stays, whatever became of the run.
        | {
            "token": func.coalesce(runs.c.token, bindparam("token")),
            "queued_as": func.coalesce(bindparam("queued_as"), runs.c.queued_as),
        }
    )
)
_REFER = update(runs).where(runs.c.id == bindparam("recheck")).values(recheck_of=bindparam("of_run"))
_LINK = update(runs).where(runs.c.id == bindparam("of_run")).values(recheck_id=bindparam("recheck"))
_VERIFY = update(runs).where(runs.c.id == bindparam("of_run")).values(verified=bindparam("found"))


def _result_values(item: FinishedRun) -> dict[str, object]:
    result = item.result
    sighting = result.sighting
    return {
        "of_run": item.run_id,
        "state": RunState.FINISHED,
        "changed_at": result.started_at + result.duration,
        "started_at": result.started_at,
        "verdict": result.verdict,
        "status": result.status,
        "step": result.step,
        "summary": storable(result.summary, 1000),
        "token": storable(result.token, 255),
        "message_id": storable(result.message_id, 1000),
        "queued_as": storable(result.queued_as, 1000),
        "duration": result.duration,
        "timings": result.timings,
        "seen_not_before": None if sighting is None else sighting.not_before,
        "seen_not_after": None if sighting is None else sighting.not_after,
        "delay": result.delay,
        "deferred_for": result.deferred_for,
        "copies": result.copies,
        "left_behind": result.left_behind,
        "lag": result.lag,
        "sessions": result.sessions,
        "findings": Findings.of(result, streak=item.streak),
    }


def _has_transcript(result: Result) -> bool:
    return any(session.transcript for session in result.sessions)


def _transcript_values(run: Run, result: Result) -> dict[str, object]:
    return {
        "run_id": run.id,
        "account_id": run.account_id,
        "is_good": result.status is StatusCode.OK,
        "slot": run.slot,
        "content": encode_transcripts(result.sessions),
    }
