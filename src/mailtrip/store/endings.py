"""Runs that end without a result, and runs that are looked up by their unique key."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, tuple_, update

from mailtrip.model import RunKind, RunState
from mailtrip.store import rollups
from mailtrip.store.codec import storable
from mailtrip.store.runs import lock
from mailtrip.store.schema import runs

__all__ = ["Ending", "RunKey", "end", "find_ids"]

RunKey = tuple[int, int, datetime, RunKind]
"""What is unique of a run: monitor id, location id, slot, kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended that has no result, and why."""

    run_id: int
    state: RunState
    note: str


def end(connection: Connection, endings: Sequence[Ending], *, now: datetime) -> None:
    """Store how runs ended; one that is no longer running, or no longer there, is left alone."""
    if endings:
        rows = [
            {
                "of_run": ending.run_id,
                "new_state": ending.state,
                "new_note": storable(ending.note, 1000),
                "now": now,
            }
            for ending in sorted(endings, key=lambda ending: ending.run_id)
        ]
        locked = lock(connection, runs.c.id.in_([ending.run_id for ending in endings]))
        connection.execute(_END, rows)
        rollups.note_since(connection, locked)


def find_ids(connection: Connection, keys: Collection[RunKey]) -> dict[RunKey, int]:
    """The ids of the runs with these keys; those that don't exist are missing."""
    if not keys:
        return {}
    key = (runs.c.monitor_id, runs.c.location_id, runs.c.slot, runs.c.kind)
    rows = connection.execute(select(runs.c.id, *key).where(tuple_(*key).in_(list(keys))))
    return {(row.monitor_id, row.location_id, row.slot, row.kind): row.id for row in rows}


_END = (
    update(runs)
    .where(runs.c.id == bindparam("of_run"), runs.c.state == RunState.RUNNING)
    .values(state=bindparam("new_state"), note=bindparam("new_note"), changed_at=bindparam("now"))
)
