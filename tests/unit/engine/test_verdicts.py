"""Which failures are ours, and which are verified by a second run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.engine.ports import PlannedRun, RunJob
from mailtrip.engine.verdicts import own_up, plan_recheck
from mailtrip.model import Result, Run, RunKind, StatusCode, Verdict
from mailtrip.testing.engine import make_job, make_result

SLOT = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING = timedelta(0)
LONG = timedelta(seconds=5.1)
MISSING = make_result(SLOT, verdict=Verdict.MISSING, status=StatusCode.TIMEOUT)
REFUSED = make_result(SLOT, verdict=Verdict.REFUSED, status=StatusCode.MESSAGE_REFUSED)
SLOW = make_result(SLOT, verdict=Verdict.SLOW, status=StatusCode.SLOW)
UNREACHABLE = make_result(SLOT, verdict=Verdict.MAILBOX_UNREACHABLE, status=StatusCode.MAILBOX_LOGIN)
GOOD = make_result(SLOT)
UNSENT_RUN = make_job(100001, SLOT).run
ACCEPTED_RUN = replace(UNSENT_RUN, accepted_at=SLOT)


@pytest.mark.parametrize(
    ("result", "lag", "jump", "is_ours"),
    [
        (MISSING, NOTHING, NOTHING, False),
        (MISSING, timedelta(seconds=5), timedelta(seconds=5), False),
        (MISSING, LONG, NOTHING, True),
        # A refusal is the server's own word, however late it was read.
        (REFUSED, LONG, NOTHING, False),
        (REFUSED, NOTHING, LONG, True),
        (REFUSED, NOTHING, -LONG, True),
        (GOOD, LONG, LONG, False),
        (SLOW, LONG, LONG, False),
    ],
)
def test_no_server_is_blamed_for_a_program_that_stood_still(
    result: Result, lag: timedelta, jump: timedelta, *, is_ours: bool
) -> None:
    found = replace(result, lag=lag)
    judged = own_up(found, jump=jump)
    if is_ours:
        assert (judged.verdict, judged.status) == (Verdict.UNKNOWN, StatusCode.LOCATION_LOST)
        assert judged.summary.startswith("Nothing can be said of the mail path: ")
        assert judged.summary.endswith(found.summary)
    else:
        assert judged == found


@pytest.mark.parametrize(("result", "run"), [(MISSING, UNSENT_RUN), (MISSING, ACCEPTED_RUN), (UNREACHABLE, UNSENT_RUN)])
def test_a_resumed_run_that_finds_nothing_can_t_tell(result: Result, run: Run) -> None:
    judged = own_up(result, jump=NOTHING, resumed=run)
    assert (judged.verdict, judged.status) == (Verdict.UNKNOWN, StatusCode.LOCATION_LOST)


@pytest.mark.parametrize("result", [GOOD, REFUSED, SLOW, UNREACHABLE])
def test_what_a_resumed_run_does_find_stands(result: Result) -> None:
    assert own_up(result, jump=NOTHING, resumed=ACCEPTED_RUN) == result


def recheck(job: RunJob, result: Result) -> PlannedRun | None:
    return plan_recheck(job, result, now=SLOT + timedelta(seconds=1), next_slot=SLOT + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("ended", "next_slot", "kind"),
    [
        # The timeout is 30 s, and 5 s are left for what comes behind it.
        (1.0, 300.0, RunKind.RECHECK),
        (25.0, 60.0, RunKind.RECHECK),
        (25.1, 60.0, RunKind.SCHEDULED),
        (59.0, 60.0, RunKind.SCHEDULED),
        (29.0, None, RunKind.RECHECK),
    ],
)
def test_an_error_is_verified_at_once_or_by_the_run_of_the_next_slot_where_that_comes_too_soon(
    ended: float, next_slot: float | None, kind: RunKind
) -> None:
    following = None if next_slot is None else SLOT + timedelta(seconds=next_slot)
    planned = plan_recheck(make_job(100001, SLOT), MISSING, now=SLOT + timedelta(seconds=ended), next_slot=following)
    assert planned is not None
    assert (planned.monitor_id, planned.kind, planned.recheck_of) == (100001, kind, 100001)
    assert planned.slot == (SLOT if kind is RunKind.RECHECK else following)


@pytest.mark.parametrize("result", [GOOD, SLOW, own_up(MISSING, jump=LONG)])
def test_only_errors_are_verified(result: Result) -> None:
    assert recheck(make_job(100001, SLOT), result) is None


@pytest.mark.parametrize("kind", [RunKind.TEST, RunKind.RECHECK])
def test_only_scheduled_runs_are_verified(kind: RunKind) -> None:
    assert recheck(make_job(100001, SLOT, kind=kind), MISSING) is None


def test_a_monitor_may_do_without_rechecks() -> None:
    assert recheck(make_job(100001, SLOT, local_retry=False), MISSING) is None


def test_a_run_that_is_not_in_the_ledger_yet_has_no_recheck() -> None:
    job = make_job(100001, SLOT)
    assert recheck(replace(job, run=replace(job.run, id=-1)), MISSING) is None
