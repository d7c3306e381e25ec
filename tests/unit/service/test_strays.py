"""What a message that shows up after its run does to the run's verdict: the whole table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.model import Result, Run, RunKind, RunState, Severity, Sighting, StatusCode, Step, Stray, Verdict
from mailtrip.service.strays import MOST_COPIES, rule_on, show_duration

SLOT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TIMEOUT = timedelta(seconds=60)
ACCEPTED = SLOT + SECOND
LOOKED_IN_VAIN = (Verdict.MISSING, Verdict.UNDECIDED, Verdict.LOST)
DID_NOT_LOOK = {
    Verdict.MAILBOX_UNREACHABLE: StatusCode.MAILBOX_LOGIN,
    Verdict.UNKNOWN: StatusCode.LOCATION_LOST,
    Verdict.UNSENT: StatusCode.SMTP_TLS,
    Verdict.REFUSED: StatusCode.MESSAGE_REFUSED,
    Verdict.DEFERRED: StatusCode.DEFERRED,
    Verdict.BOUNCED: StatusCode.BOUNCED,
}
WORSE = {
    Verdict.ALTERED: StatusCode.ALTERED,
    Verdict.SPAM: StatusCode.SPAM_FOLDER,
    Verdict.LATE: StatusCode.TIMEOUT,
}


def ended(verdict: Verdict, status: StatusCode = StatusCode.TIMEOUT, **more: object) -> Run:
    result = Result(
        verdict=verdict,
        status=status,
        step=Step.WAIT,
        summary="As it was.",
        started_at=SLOT,
        duration=TIMEOUT,
    )
    return Run(
        id=1,
        account_id=1,
        monitor_id=1,
        location_id=10,
        slot=SLOT,
        kind=RunKind.SCHEDULED,
        state=RunState.FINISHED,
        started_at=SLOT,
        accepted_at=ACCEPTED,
        result=replace(result, **more),  # type: ignore[arg-type]  # the caller names fields with their own types
    )


def not_measured() -> Run:
    return replace(ended(Verdict.UNKNOWN), state=RunState.NOT_MEASURED, result=None, note="cut short by a shutdown")


def stray(*, received: float | None = None, seen: float = 900.0) -> Stray:
    """Received and seen so many seconds after acceptance."""
    return Stray(
        token="t",
        folder="INBOX",
        key="7",
        received_at=None if received is None else ACCEPTED + received * SECOND,
        seen_at=ACCEPTED + seen * SECOND,
    )


@pytest.mark.parametrize("verdict", LOOKED_IN_VAIN)
@pytest.mark.parametrize(
    ("received", "delay"),
    [
        (None, 900.0),
        (300.0, 300.0),
        # Clocks that differ: the message was not there when the run ended, and was there when it was seen.
        (2.0, 59.0),
        (5000.0, 900.0),
    ],
)
def test_a_message_that_was_looked_for_in_vain_is_late(verdict: Verdict, received: float | None, delay: float) -> None:
    ruling = rule_on(ended(verdict), stray(received=received), timeout=TIMEOUT, known=0)
    assert ruling is not None
    assert (ruling.verdict, ruling.status, ruling.step, ruling.copies) == (
        Verdict.LATE,
        StatusCode.TIMEOUT,
        Step.WAIT,
        1,
    )
    assert ruling.delay == delay * SECOND
    assert ruling.sighting == Sighting(not_before=59 * SECOND, not_after=900 * SECOND)


@pytest.mark.parametrize("run", [*(ended(*item) for item in DID_NOT_LOOK.items()), not_measured()], ids=str)
def test_a_message_that_was_not_looked_for_is_late_only_when_the_server_says_so(run: Run) -> None:
    ruling = rule_on(run, stray(received=60.0), timeout=TIMEOUT, known=0)
    assert ruling is not None
    assert (ruling.verdict, ruling.status, ruling.delay) == (Verdict.LATE, StatusCode.TIMEOUT, 60 * SECOND)


@pytest.mark.parametrize("received", [58.0, None, -3.0])
@pytest.mark.parametrize("run", [*(ended(*item) for item in DID_NOT_LOOK.items()), not_measured()], ids=str)
def test_a_message_that_may_have_come_in_time_is_delivered_with_the_status_as_it_was(
    run: Run, received: float | None
) -> None:
    ruling = rule_on(run, stray(received=received), timeout=TIMEOUT, known=0)
    assert ruling is not None
    status = run.result.status if run.result else StatusCode.LOCATION_LOST
    assert (ruling.verdict, ruling.status) == (Verdict.DELIVERED, status)
    assert ruling.status.severity is not Severity.OK
    assert ruling.delay == (None if received is None else max(received, 0.0) * SECOND)


def test_trouble_of_ours_never_turns_red_by_a_message_whose_arrival_is_not_known() -> None:
    for run in (ended(Verdict.UNKNOWN, StatusCode.LOCATION_LOST), not_measured()):
        ruling = rule_on(run, stray(seen=86_000.0), timeout=TIMEOUT, known=0)
        assert ruling is not None
        assert ruling.status.severity is Severity.UNKNOWN


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        (Verdict.DELIVERED, StatusCode.OK),
        (Verdict.DELIVERED, StatusCode.DELETE_FAILED),
        (Verdict.SLOW, StatusCode.SLOW),
        (Verdict.DOUBLED, StatusCode.DOUBLED),
    ],
)
def test_one_more_copy_of_a_delivered_message_makes_it_doubled(verdict: Verdict, status: StatusCode) -> None:
    ruling = rule_on(ended(verdict, status, copies=1), stray(), timeout=TIMEOUT, known=0)
    assert ruling is not None
    assert (ruling.verdict, ruling.status, ruling.copies) == (Verdict.DOUBLED, StatusCode.DOUBLED, 2)


@pytest.mark.parametrize(("verdict", "status"), [*WORSE.items(), (Verdict.DELIVERED, StatusCode.MAILBOX_PROTOCOL)])
def test_one_more_copy_never_covers_up_a_worse_finding(verdict: Verdict, status: StatusCode) -> None:
    run = ended(verdict, status, copies=2, delay=70 * SECOND)
    ruling = rule_on(run, stray(), timeout=TIMEOUT, known=0)
    assert ruling is not None
    assert (ruling.verdict, ruling.status, ruling.copies, ruling.delay) == (verdict, status, 3, 70 * SECOND)


def test_what_the_run_itself_had_to_leave_behind_is_no_further_copy() -> None:
    run = ended(Verdict.DELIVERED, StatusCode.DELETE_FAILED, copies=2, left_behind=2)
    assert [rule_on(run, stray(), timeout=TIMEOUT, known=known) is None for known in range(3)] == [True, True, False]


def test_a_mail_loop_is_not_counted_for_ever() -> None:
    run = ended(Verdict.DOUBLED, StatusCode.DOUBLED, copies=MOST_COPIES)
    assert rule_on(run, stray(), timeout=TIMEOUT, known=3) is None


def test_copies_don_t_make_the_summary_grow() -> None:
    run = ended(Verdict.DELIVERED, StatusCode.OK, copies=1, summary="Delivered within 0.1 s.")
    for _ in range(3):
        ruling = rule_on(run, stray(), timeout=TIMEOUT, known=0)
        assert ruling is not None
        run = ended(ruling.verdict, ruling.status, copies=ruling.copies, summary=ruling.summary)
    assert run.result is not None
    assert run.result.summary == (
        "Delivered within 0.1 s; 4 copies came in all, the last was found in INBOX at 2026-03-01 12:15:01 UTC."
    )


def test_the_summaries_are_sentences_for_an_administrator() -> None:
    late = rule_on(ended(Verdict.MISSING), stray(received=723.0), timeout=TIMEOUT, known=0)
    found = rule_on(not_measured(), stray(), timeout=TIMEOUT, known=0)
    assert late is not None
    assert late.summary == (
        "Arrived late: in INBOX 12 min 3 s after it was accepted, 11 min 4 s after the run's deadline."
    )
    assert found is not None
    assert found.summary == (
        "Found in INBOX at 2026-03-01 12:15:01 UTC, after the run had ended; when it arrived is not known. "
        "Cut short by a shutdown."
    )


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.04, "0.0 s"),
        (9.96, "10.0 s"),
        (42.4, "42 s"),
        (60, "1 min"),
        (723, "12 min 3 s"),
        (3600, "1 h"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d"),
        (2 * 86_400 + 4 * 3600, "2 d 4 h"),
    ],
)
def test_a_duration_is_shown_in_its_two_largest_units(seconds: float, shown: str) -> None:
    assert show_duration(timedelta(seconds=seconds)) == shown
