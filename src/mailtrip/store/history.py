"""What runs before a run came to, and what is kept of that with it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, update

from mailtrip.model import Result, Run, RunKind, RunState, StatusCode
from mailtrip.store.codec import storable
from mailtrip.store.dialects import among
from mailtrip.store.findings import Findings, Streak
from mailtrip.store.schema import latest_runs, runs
from mailtrip.store.types import AnyRow

__all__ = ["Earlier", "Streak", "Told", "before", "latest", "put", "streak_of", "streaks_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What a run before came to.

    Attributes:
        verified: whether its recheck found an error too; None when there was none, or none that could tell.
        arrived_after: from acceptance to sighting; None where it was not seen, or its acceptance was not heard.
        streak: failures in a row that it ended; None where that was not looked for, or is not known.
    """

    run_id: int
    slot: datetime
    status: StatusCode
    verified: bool | None = None
    arrived_after: timedelta | None = None
    streak: Streak | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told with a run's result of the runs before it."""

    run_id: int
    result: Result
    summary: str
    streak: Streak


def before(connection: Connection, run: Run, *, limit: int) -> list[Earlier]:
    """Finished runs of the run's monitor at its location with earlier slots, newest first; no rechecks."""
    values = {"monitor": run.monitor_id, "location": run.location_id, "slot": run.slot, "most": limit}
    rows = connection.execute(_BEFORE, values)
    return [_earlier(row) for row in rows]


def streak_of(connection: Connection, run_id: int) -> Streak | None:
    """The failures in a row that ended with a run when it was stored; None where that was not noted."""
    found = connection.scalar(_FINDINGS, {"of_run": run_id})
    return None if found is None else found.streak


def streaks_of(connection: Connection, run_ids: Collection[int]) -> dict[int, Streak]:
    """As `streak_of`, by the run's id; without those of which it was not noted."""
    rows = connection.execute(select(runs.c.id, runs.c.findings).where(among(connection, runs.c.id, run_ids)))
    return {row.id: row.findings.streak for row in rows if row.findings.streak is not None}


def latest(connection: Connection, run_ids: Collection[int]) -> dict[int, Earlier]:
    """The newest finished run of each run's monitor at its location, with its streak, by the run's id.

    No rechecks; runs of monitors without any are left out.
    """
    rows = connection.execute(_LATEST.where(among(connection, _THIS.c.id, run_ids)))
    return {row.of_run: replace(_earlier(row), streak=row.findings.streak) for row in rows}


def put(connection: Connection, told: Sequence[Told]) -> None:
    """Keep with runs how many failures in a row they end, and summaries that say so."""
    if told:
        rows = [
            {
                "of_run": each.run_id,
                "text": storable(each.summary, 1000),
                "found": Findings.of(each.result, streak=each.streak),
            }
            for each in told
        ]
        connection.execute(_PUT, rows)


def _earlier(row: AnyRow) -> Earlier:
    return Earlier(
        run_id=row.id, slot=row.slot, status=row.status, verified=row.verified, arrived_after=row.seen_not_after
    )


_BEFORE = (
    select(runs.c.id, runs.c.slot, runs.c.status, runs.c.verified, runs.c.seen_not_after)
    .where(
        runs.c.monitor_id == bindparam("monitor"),
        runs.c.location_id == bindparam("location"),
        runs.c.kind != RunKind.RECHECK,
        runs.c.state == RunState.FINISHED,
        runs.c.slot < bindparam("slot"),
    )
    .order_by(runs.c.slot.desc())
    .limit(bindparam("most"))
)
_THIS = runs.alias()
_LATEST = (
    select(
        _THIS.c.id.label("of_run"),
        runs.c.id,
        runs.c.slot,
        runs.c.status,
        runs.c.verified,
        runs.c.seen_not_after,
        runs.c.findings,
    )
    .join_from(
        _THIS,
        latest_runs,
        (latest_runs.c.monitor_id == _THIS.c.monitor_id) & (latest_runs.c.location_id == _THIS.c.location_id),
    )
    .join(runs, runs.c.id == latest_runs.c.run_id)
)
_FINDINGS = select(runs.c.findings).where(runs.c.id == bindparam("of_run"))
_PUT = (
    update(runs).where(runs.c.id == bindparam("of_run")).values(summary=bindparam("text"), findings=bindparam("found"))
)
