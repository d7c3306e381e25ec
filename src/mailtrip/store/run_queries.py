"""Runs as they are read: one of them whole, many of them brief."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from mailtrip.model import MonitorAccess, Revision, Run, RunKind, RunState, StatusCode, Verdict
from mailtrip.store.codec import decode_transcripts
from mailtrip.store.run_rows import BRIEF, to_run
from mailtrip.store.schema import monitors, run_revisions, run_transcripts, runs
from mailtrip.store.seen import seen
from mailtrip.store.types import AnyRow

__all__ = ["Check", "by_ids", "checks", "get", "last_slots", "page", "recent", "running_tests"]


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


def checks(
    connection: Connection,
    account_id: int,
    *,
    monitor_ids: Collection[int] | None,
    access: MonitorAccess | None,
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
    if access is not None:
        wanted &= seen(runs.c.monitor_id, access)
    query = (
        select(*BRIEF, runs.c.sessions, monitors.c.name, recheck.c.status.label("recheck_status"))
        .join_from(runs, monitors, and_(monitors.c.id == runs.c.monitor_id, monitors.c.removed_at.is_(None)))
        .outerjoin(recheck, recheck.c.id == runs.c.recheck_id)
        .where(wanted)
    )
    rows = connection.execute(query.order_by(runs.c.slot, runs.c.id).limit(limit))
    return [_check(row) for row in rows]


def recent(connection: Connection, monitor_ids: Collection[int], *, since: datetime) -> list[Run]:
    """Runs of these monitors, of any account and in any state, with slots later than `since`, oldest slot first."""
    query = select(*BRIEF).where(runs.c.monitor_id.in_(monitor_ids), runs.c.slot > since)
    return [to_run(row) for row in connection.execute(query.order_by(runs.c.slot, runs.c.id))]


def by_ids(connection: Connection, run_ids: Collection[int]) -> list[Run]:
    """Those of the ids that are runs, of any account, without sessions."""
    return [to_run(row) for row in connection.execute(select(*BRIEF).where(runs.c.id.in_(run_ids)))]


def running_tests(connection: Connection, monitor_id: int) -> list[datetime]:
    """When the tests of the monitor that are under way were begun, oldest first."""
    query = select(runs.c.started_at).where(
        runs.c.monitor_id == monitor_id, runs.c.state == RunState.RUNNING, runs.c.kind == RunKind.TEST
    )
    return list(connection.scalars(query.order_by(runs.c.started_at)))


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
