"""The newest finished run of each monitor at each location."""

from collections.abc import Collection, Hashable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, func, select, tuple_, type_coerce
from sqlalchemy.types import NullType

from mailtrip.model import LatestRun, Run, RunKind, StatusCode, Verdict
from mailtrip.store.dialects import insert_into
from mailtrip.store.run_rows import BRIEF, to_run
from mailtrip.store.schema import latest_runs, runs

__all__ = ["SHOWN", "find", "fingerprint", "marks", "put"]

SHOWN = tuple({**runs.c, "seen_after": runs.c.seen_not_after}[name] for name in LatestRun._fields)
"""The columns of a run that make a `LatestRun`."""


def find(connection: Connection, account_id: int, monitor_ids: Collection[int]) -> dict[int, Run]:
    """The newest finished run of each monitor at any location, without sessions; none for those that have none."""
    query = _query(account_id).where(latest_runs.c.monitor_id.in_(monitor_ids))
    rows = connection.execute(query.order_by(latest_runs.c.slot, latest_runs.c.run_id))
    return {row.monitor_id: to_run(row) for row in rows}


def marks(connection: Connection, account_id: int, first: int, last: int) -> dict[int, Hashable]:
    """What is the same as long as `SHOWN` is, of each monitor with a number from `first` to `last`.

    It is what the database has of the runs, not made into values of the model, which takes longer than the reading.
    """
    found: dict[int, tuple[object, ...]] = {}
    rows = connection.execute(_MARKS, {"account": account_id, "first": first, "last": last}).all()
    for monitor_id, *values in rows:
        found[monitor_id] = (*found.get(monitor_id, ()), *values)
    return dict(found)


def fingerprint(connection: Connection, account_id: int) -> str:
    """A text that is another one after each new run of the account, and each new verdict of one that is shown."""
    count, runs_sum, status_sum = connection.execute(_FINGERPRINT, {"account": account_id}).one()
    return f"{count}.{int(runs_sum or 0)}.{int(status_sum or 0)}"


def put(connection: Connection, ended: Sequence[tuple[Run, Verdict, StatusCode]]) -> None:
    """Make these the latest runs of their monitors and locations, where they are. A recheck never is."""
    values = [_values(*each) for each in ended if each[0].kind is not RunKind.RECHECK]
    if values:
        connection.execute(_upsert(connection.dialect.name), values)


@cache  # put together once, as each batch of results waits for it
def _upsert(dialect: str) -> Any:  # Any: as for insert_into
    statement = insert_into(dialect, latest_runs)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[latest_runs.c.monitor_id, latest_runs.c.location_id],
        set_={name: new[name] for name in ("run_id", "slot", "verdict", "status")},
        where=tuple_(new.slot, new.run_id) >= tuple_(latest_runs.c.slot, latest_runs.c.run_id),
    )


def _values(run: Run, verdict: Verdict, status: StatusCode) -> dict[str, object]:
    return {
        "monitor_id": run.monitor_id,
        "location_id": run.location_id,
        "account_id": run.account_id,
        "run_id": run.id,
        "slot": run.slot,
        "verdict": verdict,
        "status": status,
    }


def _query(account_id: int) -> Any:  # Any: Select of many columns
    return (
        select(*BRIEF)
        .join_from(latest_runs, runs, runs.c.id == latest_runs.c.run_id)
        .where(latest_runs.c.account_id == account_id)
    )


_FINGERPRINT = select(
    func.count(), func.sum(latest_runs.c.run_id), func.sum(type_coerce(latest_runs.c.status, Integer))
).where(latest_runs.c.account_id == bindparam("account"))
_MARKS = (
    select(latest_runs.c.monitor_id, *(type_coerce(column, NullType()) for column in SHOWN))
    .join_from(latest_runs, runs, runs.c.id == latest_runs.c.run_id)
    .where(
        latest_runs.c.account_id == bindparam("account"),
        latest_runs.c.monitor_id.between(bindparam("first"), bindparam("last")),
    )
    .order_by(latest_runs.c.monitor_id, latest_runs.c.location_id)
)
