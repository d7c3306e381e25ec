"""What the engine adds to a probe's findings: whether a failure is ours, and whether it is to be verified. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from mailtrip.model import Result, Run, RunKind, Severity, StatusCode, Verdict
from mailtrip.service.jobs import RunJob
from mailtrip.service.runs import PlannedRun

__all__ = ["own_up", "plan_recheck"]

_MOST_LAG = timedelta(seconds=5)
_MOST_JUMP = timedelta(seconds=5)
_MARGIN = timedelta(seconds=5)
"""What a recheck may take beyond its timeout: to be claimed, to sweep, to close its sessions."""


def own_up(result: Result, *, jump: timedelta, resumed: Run | None = None) -> Result:
    """The result, or UNKNOWN where a failure may well be our own: no server is blamed for a program that stood still.

    Args:
        result: with the event loop's lag.
        jump: how far the clock of the day moved away from the monotonic one during the run; negative is backwards.
        resumed: the run, where an earlier process began it.
    """
    if resumed is not None and result.verdict is Verdict.MISSING:
        return _unknown(result, "the program ended, perhaps after it had found and deleted the message,")
    if resumed is not None and result.verdict is Verdict.MAILBOX_UNREACHABLE and resumed.accepted_at is None:
        return _unknown(result, "the program ended, perhaps before it had sent the message,")
    if result.status.severity is not Severity.ERROR:
        return result
    if result.status is StatusCode.TIMEOUT and result.lag > _MOST_LAG:
        return _unknown(result, f"the program stood still for {result.lag.total_seconds():.1f} s")
    if abs(jump) > _MOST_JUMP:
        # A machine that was suspended: connections were lost, and time was not counted.
        return _unknown(result, f"the machine's clock jumped by {jump.total_seconds():.1f} s")
    return result


def plan_recheck(job: RunJob, result: Result, *, now: datetime, next_slot: datetime | None) -> PlannedRun | None:
    """The run that verifies an error; None where none is wanted.

    It is a run of its own, to be made at once, where it is surely over before the next slot. Else it is the run of that
    slot: no slot is given up for a recheck.

    A run that could not be claimed, as the database is away, has no id yet that a recheck could refer to.

    Args:
        job: the run that has ended.
        result: of the run.
        now: when it ended.
        next_slot: of the monitor; None where no further run is planned.
    """
    run = job.run
    is_wanted = job.settings.local_retry and run.kind is RunKind.SCHEDULED and run.id > 0
    if not is_wanted or result.status.severity is not Severity.ERROR:
        return None
    has_room = next_slot is None or now + job.settings.run_timeout + _MARGIN <= next_slot
    return PlannedRun(
        account_id=run.account_id,
        monitor_id=run.monitor_id,
        location_id=run.location_id,
        slot=run.slot if has_room or next_slot is None else next_slot,
        kind=RunKind.RECHECK if has_room else RunKind.SCHEDULED,
        recheck_of=run.id,
    )


def _unknown(result: Result, reason: str) -> Result:
    return replace(
        result,
        verdict=Verdict.UNKNOWN,
        status=StatusCode.LOCATION_LOST,
        summary=f"Nothing can be said of the mail path: {reason} during the run. {result.summary}",
    )
