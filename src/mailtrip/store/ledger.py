"""What is found out about runs after their end: strays, revised verdicts, messages that never came."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Interval,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    type_coerce,
    update,
)

from mailtrip.model import Copy, Run, RunState, Sighting, StatusCode, Step, Verdict
from mailtrip.store import rollups
from mailtrip.store.codec import storable
from mailtrip.store.dialects import insert_into
from mailtrip.store.findings import Findings
from mailtrip.store.latest_runs import put as put_latest
from mailtrip.store.monitors import settings_of
from mailtrip.store.run_rows import BRIEF, to_run
from mailtrip.store.runs import lock, verify
from mailtrip.store.schema import AWAITED, latest_runs, monitors, run_revisions, run_strays, run_transcripts, runs

__all__ = [
    "Acceptance",
    "Ruling",
    "count_strays",
    "find",
    "find_by_tokens",
    "never_came",
    "note_accepted",
    "remember_stray",
    "revise",
    "running",
    "timeouts",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """When the SMTP server took a run's message, and what it said."""

    run_id: int
    at: datetime
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A new verdict of a run, and what belongs to it; the fields are those of `Result`.

    Attributes:
        left_behind: None leaves it as it is; so does an empty `found`.
    """

    verdict: Verdict
    status: StatusCode
    step: Step | None
    summary: str
    copies: int = 0
    delay: timedelta | None = None
    sighting: Sighting | None = None
    left_behind: int | None = None
    found: tuple[Copy, ...] = ()


def find(connection: Connection, run_ids: Collection[int]) -> list[Run]:
    """The runs with these ids, without sessions; locked until the transaction ends."""
    return [to_run(row) for row in lock(connection, runs.c.id.in_(run_ids)) if row.id in run_ids]


def find_by_tokens(connection: Connection, tokens: Collection[str]) -> dict[str, Run]:
    """The runs of these tokens, of any account, with the copies they found; locked until the transaction ends."""
    rows = [row for row in lock(connection, runs.c.token.in_(tokens)) if row.token in tokens]
    query = select(runs.c.id, runs.c.findings).where(runs.c.id.in_([row.id for row in rows]))
    findings: dict[int, Findings] = {row.id: row.findings for row in connection.execute(query)}
    return {row.token: _with_found(to_run(row), findings[row.id].found) for row in rows}


def remember_stray(connection: Connection, run: Run, digest: bytes, *, seen_at: datetime) -> bool:
    """Whether a message was not known as a stray of this run; it is from now on."""
    statement = insert_into(connection.dialect.name, run_strays).on_conflict_do_nothing().returning(run_strays.c.run_id)
    values = {"run_id": run.id, "digest": digest, "account_id": run.account_id, "seen_at": seen_at}
    return connection.execute(statement, values).one_or_none() is not None


def count_strays(connection: Connection, run_id: int) -> int:
    """How many strays of a run are known."""
    query = select(func.count()).select_from(run_strays).where(run_strays.c.run_id == run_id)
    return connection.scalar(query) or 0


def revise(connection: Connection, run_id: int, ruling: Ruling, *, now: datetime) -> Run:
    """Put a new verdict in force and keep the one before; a run without a result gets its first one.

    Returns:
        The run as it is then, with the copies of the ruling.
    """
    locked = lock(connection, runs.c.id == run_id)
    columns = (runs.c.account_id, runs.c.id, runs.c.changed_at, runs.c.verdict, runs.c.status, runs.c.summary)
    before = select(*columns).where(runs.c.id == run_id, runs.c.verdict.is_not(None))
    names = ("account_id", "run_id", "at", "verdict", "status", "summary")
    connection.execute(insert(run_revisions).from_select(names, before))
    values = _values(ruling, now=now)
    if ruling.found:
        findings = connection.execute(select(runs.c.findings).where(runs.c.id == run_id)).scalar_one()
        values["findings"] = replace(findings, found=ruling.found)
    row = connection.execute(update(runs).where(runs.c.id == run_id).values(values).returning(*BRIEF)).one()
    connection.execute(
        update(run_transcripts).where(run_transcripts.c.run_id == run_id).values(is_good=ruling.status is StatusCode.OK)
    )
    revised = to_run(row)
    put_latest(connection, [(revised, ruling.verdict, ruling.status)])
    if row.recheck_of is not None:
        verify(connection, {row.recheck_of: ruling.status})
    rollups.note_since(connection, locked)
    return _with_found(revised, ruling.found)


def note_accepted(connection: Connection, acceptances: Sequence[Acceptance]) -> None:
    """Keep when messages were accepted; runs that are not there, or know it already, are left alone."""
    rows = [
        {"of_run": item.run_id, "at": item.at, "reply": storable(item.reply, 1000)}
        for item in sorted(acceptances, key=lambda item: item.run_id)
    ]
    if rows:
        connection.execute(_ACCEPT, rows)


def never_came(connection: Connection, *, before: datetime, horizon: timedelta, limit: int) -> list[Run]:
    """Runs of slots before `before` whose message has not come, though the mailbox was looked into after the horizon.

    Locked until the transaction ends, by id.
    """
    # That nobody looked is no proof that nothing came.
    looked = (
        select(latest_runs.c.run_id)
        .where(
            latest_runs.c.monitor_id == runs.c.monitor_id,
            latest_runs.c.verdict.in_(_LOOKED),
            _earlier(connection, latest_runs.c.slot, horizon) >= _plain(connection, runs.c.slot),
        )
        .exists()
    )
    ids = connection.scalars(
        select(runs.c.id).where(text(AWAITED), runs.c.slot < before, looked).order_by(runs.c.slot).limit(limit)
    ).all()
    if not ids:
        return []
    locked = select(*BRIEF).where(runs.c.id.in_(ids), text(AWAITED)).order_by(runs.c.id).with_for_update()
    return [to_run(row) for row in connection.execute(locked)]


def running(connection: Connection, *, own_since: datetime, now: datetime, location_id: int) -> list[Run]:
    """Runs that are running at a location, not begun by the caller from `own_since` to `now`; locked, by id."""
    # A run from the future was begun before the clock was set back: not by the caller either.
    theirs = or_(runs.c.started_at < own_since, runs.c.started_at > now)
    wanted = (text("state = 'running'"), runs.c.location_id == location_id, theirs)
    query = select(*BRIEF).where(*wanted).order_by(runs.c.id).with_for_update()
    return [to_run(row) for row in connection.execute(query)]


def timeouts(connection: Connection, monitor_ids: Collection[int]) -> Mapping[int, timedelta]:
    """How long the runs of monitors may take, as they are set now; removed monitors included."""
    rows = connection.execute(select(monitors).where(monitors.c.id.in_(set(monitor_ids))))
    return {row.id: settings_of(row).run_timeout for row in rows}


_LOOKED = frozenset(
    {
        Verdict.DELIVERED,
        Verdict.SLOW,
        Verdict.ALTERED,
        Verdict.DOUBLED,
        Verdict.SPAM,
        Verdict.MISSING,
        Verdict.UNDECIDED,
        Verdict.BOUNCED,
    }
)
"""Verdicts of runs that have read the mailbox."""

_ACCEPT = (
    update(runs)
    .where(runs.c.id == bindparam("of_run"), runs.c.accepted_at.is_(None))
    .values(accepted_at=bindparam("at"), queued_as=func.coalesce(runs.c.queued_as, bindparam("reply")))
)


def _with_found(run: Run, found: tuple[Copy, ...]) -> Run:
    return run if run.result is None else replace(run, result=replace(run.result, found=found))


def _values(ruling: Ruling, *, now: datetime) -> dict[str, object]:
    sighting = ruling.sighting
    return {
        "state": RunState.FINISHED,
        "changed_at": now,
        "started_at": func.coalesce(runs.c.started_at, runs.c.slot),
        "verdict": ruling.verdict,
        "status": ruling.status,
        "step": ruling.step,
        "summary": storable(ruling.summary, 1000),
        "copies": ruling.copies,
        "left_behind": runs.c.left_behind if ruling.left_behind is None else ruling.left_behind,
        "delay": ruling.delay,
        "seen_not_before": None if sighting is None else sighting.not_before,
        "seen_not_after": None if sighting is None else sighting.not_after,
        # What a run that was never measured lacks.
        "duration": func.coalesce(runs.c.duration, literal(timedelta(0), runs.c.duration.type)),
        "timings": func.coalesce(runs.c.timings, literal((), runs.c.timings.type)),
        "lag": func.coalesce(runs.c.lag, literal(timedelta(0), runs.c.lag.type)),
    }


def _earlier(connection: Connection, column: ColumnElement[datetime], by: timedelta) -> ColumnElement[Any]:
    """A stored time less a duration, to be compared with `_plain` ones."""
    if connection.dialect.name == "sqlite":
        return _plain(connection, column) - by // timedelta(microseconds=1)
    return _plain(connection, column) - literal(by, Interval())


def _plain(connection: Connection, column: ColumnElement[datetime]) -> ColumnElement[Any]:  # Any: an int or a time
    return type_coerce(column, BigInteger() if connection.dialect.name == "sqlite" else DateTime(timezone=True))
