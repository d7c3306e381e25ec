"""Runs as rows: which columns are read, and the values of the model that they make."""

from mailtrip.model import Result, Run, RunState, Sighting
from mailtrip.store.schema import runs
from mailtrip.store.types import AnyRow

__all__ = ["BRIEF", "to_run"]

_LARGE = {runs.c.sessions, runs.c.findings}
BRIEF = tuple(column for column in runs.c if column not in _LARGE)
"""All that is read of a run where its sessions and findings are not wanted."""


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
