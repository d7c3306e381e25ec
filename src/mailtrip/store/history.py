"""What runs before a run came to, and what is kept of that with it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, update

from mailtrip.model import Result, Run, RunKind, RunState, StatusCode
from mailtrip.store.codec import storable
from mailtrip.store.findings import Findings, Streak
from mailtrip.store.schema import runs

__all__ = ["Earlier", "Streak", "before", "put", "streak_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What a run before came to.

    Attributes:
        verified: whether its recheck found an error too; None when there was none, or none that could tell.
        arrived_after: from acceptance to sighting; None where it was not seen, or its acceptance was not heard.
    """

    run_id: int
    slot: datetime
    status: StatusCode
    verified: bool | None = None
    arrived_after: timedelta | None = None


def before(connection: Connection, run: Run, *, limit: int) -> list[Earlier]:
    """Finished runs of the run's monitor at its location with earlier slots, newest first; no rechecks."""
    values = {"monitor": run.monitor_id, "location": run.location_id, "slot": run.slot, "most": limit}
    rows = connection.execute(_BEFORE, values)
    return [
        Earlier(
            run_id=row.id, slot=row.slot, status=row.status, verified=row.verified, arrived_after=row.seen_not_after
        )
        for row in rows
    ]


def streak_of(connection: Connection, run_id: int) -> Streak | None:
    """The failures in a row that ended with a run when it was stored; None where that was not noted."""
    found = connection.scalar(_FINDINGS, {"of_run": run_id})
    return None if found is None else found.streak


def put(connection: Connection, run_id: int, result: Result, *, summary: str, streak: Streak) -> None:
    """Keep with a run how many failures in a row it ends, and a summary that says so."""
    findings = Findings.of(result, streak=streak)
    connection.execute(_PUT, {"of_run": run_id, "text": storable(summary, 1000), "found": findings})


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
_FINDINGS = select(runs.c.findings).where(runs.c.id == bindparam("of_run"))
_PUT = (
    update(runs).where(runs.c.id == bindparam("of_run")).values(summary=bindparam("text"), findings=bindparam("found"))
)
