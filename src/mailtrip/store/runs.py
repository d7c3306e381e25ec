"""Runs as they are stored: claimed once by their unique key, finished many at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, func, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from mailtrip.model import Result, Revision, Run, RunKind, RunState, Severity, Sighting, StatusCode, Verdict
from mailtrip.store.codec import decode_transcripts, encode_transcripts, storable
from mailtrip.store.findings import Findings
from mailtrip.store.schema import latest_runs, monitors, run_revisions, run_transcripts, runs
from mailtrip.store.types import AnyRow

__all__ = [
    "BRIEF",
    "Check",
    "FinishedRun",
    "PlannedRun",
    "checks",
    "finish",
    "get",
    "insert",
    "last_slots",
    "latest",
    "latest_by_location",
    "lock",
    "page",
    "put_latest",
    "recent",
    "running_tests",
    "to_run",
    "verify",
]

_LARGE = {runs.c.sessions, runs.c.findings}
BRIEF = tuple(column for column in runs.c if column not in _LARGE)
"""All that is read of a run where its sessions and findings are not wanted."""


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
    """

    run_id: int
    result: Result
    recheck_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A finished run as reports list it.

    Attributes:
        run: its result has its sessions, without transcripts.
        recheck_status: what the run that verified its error found; None when there was none.
    """

    run: Run
    monitor_name: str
    recheck_status: StatusCode | None


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
    statement = _insert(connection, runs).on_conflict_do_nothing().returning(*BRIEF)
    stored = sorted((to_run(row) for row in connection.execute(statement, rows)), key=lambda run: run.id)
    rechecks = [{"of_run": run.recheck_of, "recheck": run.id} for run in stored if run.recheck_of is not None]
    if rechecks:
        connection.execute(_LINK, rechecks)
    return stored


def finish(connection: Connection, finished: Sequence[FinishedRun]) -> list[Run]:
    """Store results, transcripts and latest runs; a run that is no longer running stays as it is.

    Returns:
        The runs that finished by it, as they were until then.
    """
    results = {item.run_id: item.result for item in finished}
    if not results:
        return []
    verified = {item.run_id: item.recheck_of for item in finished if item.recheck_of is not None}
    locked = lock(connection, runs.c.id.in_({*results, *verified.values()}))
    rows = [row for row in locked if row.id in results and row.state is RunState.RUNNING]
    if not rows:
        return []
    connection.execute(_FINISH, [_result_values(row.id, results[row.id]) for row in rows])
    with_transcript = [row for row in rows if any(session.transcript for session in results[row.id].sessions)]
    if with_transcript:
        connection.execute(
            run_transcripts.insert(), [_transcript_values(row, results[row.id]) for row in with_transcript]
        )
    put_latest(connection, [(row, results[row.id].verdict, results[row.id].status) for row in rows])
    verified |= {row.id: row.recheck_of for row in rows if row.recheck_of is not None}
    _tie(connection, {row.id: verified[row.id] for row in rows if row.recheck_of is None and row.id in verified})
    verify(connection, {verified[row.id]: results[row.id].status for row in rows if row.id in verified})
    return [to_run(row) for row in rows]


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


def put_latest(connection: Connection, rows: Sequence[tuple[AnyRow, Verdict, StatusCode]]) -> None:
    """Make these the latest runs of their monitors and locations, where they are. A recheck never is."""
    values = [_latest_values(*row) for row in rows if row[0].kind is not RunKind.RECHECK]
    if values:
        connection.execute(_upsert_latest(connection), values)


def lock(connection: Connection, wanted: ColumnElement[bool]) -> Sequence[AnyRow]:
    """Lock runs and those that they recheck, and read them: all columns but the large ones.

    All that change runs lock them in the order of their ids, so that none waits for another that waits for it.
    """
    # Two queries, as PostgreSQL would read the whole table for one with an alternative in its condition.
    found = connection.execute(select(runs.c.id, runs.c.recheck_of).where(wanted)).all()
    ids = {id_ for row in found for id_ in row if id_ is not None}
    if not ids:
        return ()
    return connection.execute(select(*BRIEF).where(runs.c.id.in_(ids)).order_by(runs.c.id).with_for_update()).all()


def _verifies(status: StatusCode) -> bool | None:
    severity = status.severity
    return None if severity is Severity.UNKNOWN else severity is Severity.ERROR


def running_tests(connection: Connection, monitor_id: int) -> list[datetime]:
    """When the tests of the monitor that are under way were begun, oldest first."""
    query = select(runs.c.started_at).where(
        runs.c.monitor_id == monitor_id, runs.c.state == RunState.RUNNING, runs.c.kind == RunKind.TEST
    )
    return list(connection.scalars(query.order_by(runs.c.started_at)))


def recent(connection: Connection, monitor_ids: Collection[int], *, since: datetime) -> list[Run]:
    """Runs of these monitors, of any account and in any state, with slots later than `since`, oldest slot first."""
    query = select(*BRIEF).where(runs.c.monitor_id.in_(monitor_ids), runs.c.slot > since)
    return [to_run(row) for row in connection.execute(query.order_by(runs.c.slot, runs.c.id))]


def get(connection: Connection, account_id: int, run_id: int) -> Run | None:
    """One run of the account, whole; None also when its monitor was removed."""
    row = connection.execute(
        select(*runs.c, run_transcripts.c.content)
        .join_from(runs, monitors, and_(monitors.c.id == runs.c.monitor_id, monitors.c.removed_at.is_(None)))
        .outerjoin(run_transcripts, run_transcripts.c.run_id == runs.c.id)
        .where(runs.c.account_id == account_id, runs.c.id == run_id)
    ).one_or_none()
    if row is None:
        return None
    run = to_run(row)
    if run.result is None:
        return run
    found = row.findings
    sessions = row.sessions or ()
    if row.content is not None:
        transcripts = decode_transcripts(row.content)
        sessions = tuple(
            replace(session, transcript=transcript) for session, transcript in zip(sessions, transcripts, strict=True)
        )
    result = replace(
        run.result, sessions=sessions, proof=found.proof, facts=found.facts, bounce=found.bounce, found=found.found
    )
    return replace(run, result=result, revisions=_revisions(connection, row))


def checks(
    connection: Connection,
    account_id: int,
    *,
    monitor_ids: Collection[int] | None,
    since: datetime,
    until: datetime,
    limit: int,
) -> list[Check]:
    """Planned runs that have finished, with slots from `since` on and before `until`, oldest slot first.

    Runs of removed monitors are left out. None for all monitors of the account.
    """
    recheck = runs.alias()
    wanted = (runs.c.account_id == account_id) & (runs.c.kind == RunKind.SCHEDULED) & (runs.c.slot >= since)
    wanted &= (runs.c.state == RunState.FINISHED) & (runs.c.slot < until)
    if monitor_ids is not None:
        wanted &= runs.c.monitor_id.in_(monitor_ids)
    query = (
        select(*BRIEF, runs.c.sessions, monitors.c.name, recheck.c.status.label("recheck_status"))
        .join_from(runs, monitors, and_(monitors.c.id == runs.c.monitor_id, monitors.c.removed_at.is_(None)))
        .outerjoin(recheck, recheck.c.id == runs.c.recheck_id)
        .where(wanted)
    )
    rows = connection.execute(query.order_by(runs.c.slot, runs.c.id).limit(limit))
    return [_check(row) for row in rows]


def page(
    connection: Connection,
    monitor_id: int,
    *,
    since: datetime | None,
    until: datetime | None,
    verdicts: Collection[Verdict] | None,
    limit: int,
    before: tuple[datetime, int] | None,
) -> list[Run]:
    """Runs of a monitor, newest slot first, without sessions; `before` is the (slot, id) of the last one seen."""
    query = select(*BRIEF).where(runs.c.monitor_id == monitor_id)
    if since is not None:
        query = query.where(runs.c.slot >= since)
    if until is not None:
        query = query.where(runs.c.slot < until)
    if verdicts is not None:
        query = query.where(runs.c.verdict.in_(verdicts))
    if before is not None:
        slot, run_id = before
        query = query.where(runs.c.slot <= slot, or_(runs.c.slot < slot, runs.c.id < run_id))
    return [
        to_run(row) for row in connection.execute(query.order_by(runs.c.slot.desc(), runs.c.id.desc()).limit(limit))
    ]


def latest(connection: Connection, account_id: int, monitor_ids: Collection[int]) -> dict[int, Run]:
    """The newest finished run of each monitor at any location, without sessions; none for those that have none."""
    query = _latest_query(account_id).where(latest_runs.c.monitor_id.in_(monitor_ids))
    rows = connection.execute(query.order_by(latest_runs.c.slot, latest_runs.c.run_id))
    return {row.monitor_id: to_run(row) for row in rows}


def latest_by_location(
    connection: Connection, account_id: int, monitor_ids: Collection[int]
) -> dict[int, dict[int, Run]]:
    """The newest finished run of each monitor at each location, by monitor and location, without sessions."""
    found: dict[int, dict[int, Run]] = {}
    for row in connection.execute(_latest_query(account_id).where(latest_runs.c.monitor_id.in_(monitor_ids))):
        found.setdefault(row.monitor_id, {})[row.location_id] = to_run(row)
    return found


def last_slots(connection: Connection, *, location_id: int) -> dict[int, datetime]:
    """The newest scheduled slot that is stored of each enabled monitor at a location; one index look-up a monitor."""
    newest = (
        select(runs.c.slot)
        .where(
            runs.c.monitor_id == monitors.c.id,
            runs.c.location_id == location_id,
            runs.c.kind == RunKind.SCHEDULED,
        )
        .order_by(runs.c.slot.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = connection.execute(select(monitors.c.id, newest.label("slot")).where(monitors.c.enabled))
    return {row.id: row.slot for row in rows if row.slot is not None}


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


def _insert(connection: Connection, table: Table) -> Any:  # Any: SQLite's and PostgreSQL's insert have no common type
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def _upsert_latest(connection: Connection) -> Any:  # Any: as for _insert
    statement = _insert(connection, latest_runs)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[latest_runs.c.monitor_id, latest_runs.c.location_id],
        set_={name: new[name] for name in ("run_id", "slot", "verdict", "status")},
        where=tuple_(new.slot, new.run_id) >= tuple_(latest_runs.c.slot, latest_runs.c.run_id),
    )


def _result_values(run_id: int, result: Result) -> dict[str, object]:
    sighting = result.sighting
    return {
        "of_run": run_id,
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
        "findings": Findings.of(result),
    }


def _transcript_values(row: AnyRow, result: Result) -> dict[str, object]:
    return {
        "run_id": row.id,
        "account_id": row.account_id,
        "is_good": result.status is StatusCode.OK,
        "slot": row.slot,
        "content": encode_transcripts(result.sessions),
    }


def _latest_values(row: AnyRow, verdict: Verdict, status: StatusCode) -> dict[str, object]:
    return {
        "monitor_id": row.monitor_id,
        "location_id": row.location_id,
        "account_id": row.account_id,
        "run_id": row.id,
        "slot": row.slot,
        "verdict": verdict,
        "status": status,
    }


def _latest_query(account_id: int) -> Any:  # Any: Select of many columns
    return (
        select(*BRIEF)
        .join_from(latest_runs, runs, runs.c.id == latest_runs.c.run_id)
        .where(latest_runs.c.account_id == account_id)
    )


def to_run(row: AnyRow) -> Run:
    """The run of a row with all columns but the large ones."""
    return Run(
        id=row.id,
        account_id=row.account_id,
        monitor_id=row.monitor_id,
        location_id=row.location_id,
        slot=row.slot,
        kind=row.kind,
        state=row.state,
        started_at=row.started_at,
        result=_result(row) if row.state is RunState.FINISHED else None,
        note=row.note,
        token=row.token,
        accepted_at=row.accepted_at,
        accepted_reply=row.queued_as if row.accepted_at else None,
        recheck_of=row.recheck_of,
        recheck_id=row.recheck_id,
        blackout_id=row.blackout_id,
        verified=row.verified,
    )


def _check(row: AnyRow) -> Check:
    run = to_run(row)
    if run.result is not None:
        run = replace(run, result=replace(run.result, sessions=row.sessions or ()))
    return Check(run=run, monitor_name=row.name, recheck_status=row.recheck_status)


def _revisions(connection: Connection, row: AnyRow) -> tuple[Revision, ...]:
    """All verdicts that were in force; none when there was one only."""
    past = connection.execute(
        select(run_revisions).where(run_revisions.c.run_id == row.id).order_by(run_revisions.c.id)
    ).all()
    if not past:
        return ()
    found = [Revision(at=old.at, verdict=old.verdict, status=old.status, summary=old.summary) for old in past]
    return (*found, Revision(at=row.changed_at, verdict=row.verdict, status=row.status, summary=row.summary))


def _result(row: AnyRow) -> Result:
    return Result(
        verdict=row.verdict,
        status=row.status,
        step=row.step,
        summary=row.summary,
        token=row.token,
        message_id=row.message_id,
        queued_as=row.queued_as,
        started_at=row.started_at,
        duration=row.duration,
        timings=row.timings,
        sighting=_sighting(row),
        delay=row.delay,
        deferred_for=row.deferred_for,
        copies=row.copies or 0,
        left_behind=row.left_behind or 0,
        lag=row.lag,
    )


def _sighting(row: AnyRow) -> Sighting | None:
    if row.seen_not_before is None:
        return None
    return Sighting(not_before=row.seen_not_before, not_after=row.seen_not_after)
