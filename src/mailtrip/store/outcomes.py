"""What came of a monitor's newest planned runs, in short: for the bars of the overview."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from mailtrip.model import RunKind, RunState, Severity, StatusCode
from mailtrip.model.run import severity_of
from mailtrip.store.schema import runs

__all__ = ["Outcome", "newest"]


class Outcome(NamedTuple):
    """What came of a planned run.

    Attributes:
        status: None where the run was not made, or has not ended.
        verified: whether its recheck found an error too; None when there was none, or none that could tell.
        arrived_after: from acceptance to sighting; None where it was not seen, or its acceptance was not heard.
    """

    slot: datetime
    state: RunState
    status: StatusCode | None
    verified: bool | None
    arrived_after: timedelta | None

    @property
    def severity(self) -> Severity | None:
        """How bad it is; None where nothing was measured: the run was not made, or has not ended."""
        return None if self.status is None else severity_of(self.status, verified=self.verified)


def newest(connection: Connection, monitor_ids: Collection[int], *, limit: int) -> dict[int, list[Outcome]]:
    """At most `limit` planned runs of each monitor, oldest first; one look into an index a monitor."""
    found = {}
    for monitor_id in monitor_ids:
        rows = connection.execute(_NEWEST, {"monitor": monitor_id, "most": limit})
        found[monitor_id] = [Outcome(*row) for row in rows][::-1]
    return found


_NEWEST = (
    select(runs.c.slot, runs.c.state, runs.c.status, runs.c.verified, runs.c.seen_not_after)
    .where(runs.c.monitor_id == bindparam("monitor"), runs.c.kind == RunKind.SCHEDULED)
    .order_by(runs.c.slot.desc())
    .limit(bindparam("most"))
)
