"""What a message that shows up after its run does to the run's verdict: the whole table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.model import Copy, Result, Run, RunKind, RunState, Severity, Sighting, StatusCode, Step, Stray, Verdict
from mailtrip.service.strays import MOST_COPIES, is_own, rule_on, show_duration

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


def stray(
    key: str = "7",
    *,
    folder: str = "INBOX",
    uidvalidity: int | None = None,
    received: float | None = None,
    stamped: float | None = None,
    seen: float = 900.0,
) -> Stray:
    """Received, stamped and seen so many seconds after acceptance; a look took a second."""
    return Stray(
        token="t",
        folder=folder,
        key=key,
        uidvalidity=uidvalidity,
        received_at=None if received is None else ACCEPTED + received * SECOND,
        stamped_at=None if stamped is None else ACCEPTED + stamped * SECOND,
        asked_at=ACCEPTED + (seen - 1) * SECOND,
        seen_at=ACCEPTED + seen * SECOND,
    )


def copy(
    key: str = "7",
    *,
    folder: str = "INBOX",
    uidvalidity: int | None = None,
    received: float | None = None,
    stamped: float | None = None,
    deleted: float | None = 5.0,
) -> Copy:
    """A copy that the run has found itself, seen three seconds after acceptance."""
    return Copy(
        folder=folder,
        key=key,
        uidvalidity=uidvalidity,
        not_before=ACCEPTED,
        not_after=ACCEPTED + 3 * SECOND,
        received_at=None if received is None else ACCEPTED + received * SECOND,
        stamped_at=None if stamped is None else ACCEPTED + stamped * SECOND,
        deleted_at=None if deleted is None else ACCEPTED + deleted * SECOND,
    )


def delivered(*copies: Copy, verdict: Verdict = Verdict.DELIVERED, status: StatusCode = StatusCode.OK) -> Run:
    """A run that has found these copies."""
    left = sum(each.deleted_at is None for each in copies)
    summary = "Delivered within 3.0 s."
    return ended(verdict, status, summary=summary, found=copies, copies=len(copies), left_behind=left)


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


# -- Which message it is ------------------------------------------------------------------------------------------------

SAME, OTHER, UNCLEAR = "the same", "another", "nobody can tell"


@pytest.mark.parametrize(
    ("found", "seen", "which"),
    [
        pytest.param(copy(), stray(), SAME, id="the same UIDL"),
        pytest.param(copy(), stray("8"), OTHER, id="another UIDL"),
        pytest.param(copy(stamped=2), stray(stamped=2), SAME, id="the same UIDL and trace field"),
        pytest.param(copy(stamped=2), stray(stamped=60), OTHER, id="a UIDL made from the content"),
        pytest.param(copy(uidvalidity=9, received=2), stray(uidvalidity=9, received=2), SAME, id="the same UID"),
        pytest.param(copy(uidvalidity=9), stray("8", uidvalidity=9), OTHER, id="another UID"),
        pytest.param(copy(uidvalidity=9), stray(uidvalidity=10), UNCLEAR, id="another UIDVALIDITY"),
        pytest.param(
            copy(uidvalidity=9, received=2), stray(uidvalidity=10, received=2), UNCLEAR, id="another one, the same time"
        ),
        pytest.param(
            copy(uidvalidity=9, received=2), stray(uidvalidity=10, received=63), OTHER, id="another one, another time"
        ),
        pytest.param(copy(uidvalidity=9), stray(uidvalidity=None), UNCLEAR, id="seen over POP3"),
        pytest.param(copy(stamped=2), stray(uidvalidity=9, stamped=2), UNCLEAR, id="seen over IMAP"),
        pytest.param(copy(stamped=2), stray(uidvalidity=9, stamped=80), OTHER, id="seen over IMAP, another time"),
        pytest.param(copy(uidvalidity=9), stray(folder="Trash", uidvalidity=9), UNCLEAR, id="moved"),
    ],
)
def test_a_message_that_shows_up_after_its_deletion_is_told_from_a_second_copy_by_its_name(
    found: Copy, seen: Stray, which: str
) -> None:
    ruling = rule_on(delivered(found), seen, timeout=TIMEOUT, known=0)
    told = None if ruling is None else (ruling.verdict, ruling.status, ruling.copies, ruling.left_behind)
    assert (
        told
        == {
            SAME: (Verdict.DELIVERED, StatusCode.DELETE_FAILED, 1, 1),
            OTHER: (Verdict.DOUBLED, StatusCode.DOUBLED, 2, 0),
            UNCLEAR: None,
        }[which]
    )


@pytest.mark.parametrize(
    ("deleted", "seen", "is_just_its_own"),
    [
        (5.0, 3.0, True),
        (5.0, 6.0, True),
        # Other sessions may be told late.
        (5.0, 16.0, True),
        (5.0, 17.0, False),
        (None, 3.0, False),
    ],
)
def test_what_others_saw_before_the_run_deleted_it_says_nothing(
    deleted: float | None, seen: float, *, is_just_its_own: bool
) -> None:
    assert is_own(delivered(copy(deleted=deleted)), stray(seen=seen)) is is_just_its_own


def test_another_message_is_never_its_own() -> None:
    assert not is_own(delivered(copy()), stray("8", seen=3.0))
    assert not is_own(not_measured(), stray(seen=3.0))
    assert not is_own(ended(Verdict.MISSING), stray(seen=3.0))


def test_what_the_run_could_not_delete_says_nothing_new_and_another_message_does() -> None:
    run = delivered(copy(deleted=None), status=StatusCode.DELETE_FAILED)
    assert rule_on(run, stray(), timeout=TIMEOUT, known=0) is None
    doubled = rule_on(run, stray("8"), timeout=TIMEOUT, known=1)
    assert doubled is not None
    assert (doubled.verdict, doubled.copies, doubled.left_behind) == (Verdict.DOUBLED, 2, 1)


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        *WORSE.items(),
        (Verdict.DELIVERED, StatusCode.MAILBOX_PROTOCOL),
        (Verdict.SLOW, StatusCode.SLOW),
        (Verdict.DOUBLED, StatusCode.DOUBLED),
    ],
)
def test_a_message_that_was_kept_never_covers_up_a_worse_finding(verdict: Verdict, status: StatusCode) -> None:
    ruling = rule_on(delivered(copy(), verdict=verdict, status=status), stray(), timeout=TIMEOUT, known=0)
    assert ruling is not None
    assert (ruling.verdict, ruling.status, ruling.left_behind) == (verdict, status, 1)
    assert "the server said that it was deleted" in ruling.summary


@pytest.mark.parametrize("status", [StatusCode.CERTIFICATE, StatusCode.MAILBOX_FILLING, StatusCode.AUTHENTICATION])
def test_a_message_that_was_kept_goes_before_what_falls_short(status: StatusCode) -> None:
    ruling = rule_on(delivered(copy(), status=status), stray(), timeout=TIMEOUT, known=0)
    assert ruling is not None
    assert (ruling.verdict, ruling.status, ruling.step) == (Verdict.DELIVERED, StatusCode.DELETE_FAILED, Step.DELETE)


def test_trouble_of_ours_stays_that_whatever_became_of_the_message_that_was_found() -> None:
    run = delivered(copy(), verdict=Verdict.UNKNOWN, status=StatusCode.LOCATION_LOST)
    for seen in (stray(), stray("8")):
        ruling = rule_on(run, seen, timeout=TIMEOUT, known=0)
        assert ruling is not None
        assert (ruling.verdict, ruling.status) == (Verdict.UNKNOWN, StatusCode.LOCATION_LOST)


def test_a_late_message_is_kept_as_a_copy_so_that_the_next_one_can_be_told_from_it() -> None:
    late = rule_on(ended(Verdict.MISSING), stray(received=70.0), timeout=TIMEOUT, known=0)
    assert late is not None
    run = ended(late.verdict, late.status, copies=late.copies, found=late.found, summary=late.summary)
    again = rule_on(run, stray("8", received=170.0, seen=1000.0), timeout=TIMEOUT, known=1)
    assert again is not None
    assert (again.verdict, again.copies, [each.key for each in again.found]) == (Verdict.LATE, 2, ["7", "8"])


@pytest.mark.parametrize(
    ("found", "seen", "text"),
    [
        (
            copy(),
            stray("8"),
            "2 copies came in all, the last was found in INBOX at 2026-03-01 12:15:01 UTC, 14 min 57 s after the first.",
        ),
        (
            copy(uidvalidity=9, received=2),
            stray("8", uidvalidity=9, received=63),
            "2 copies came in all, the last was found in INBOX at 2026-03-01 12:15:01 UTC; it had come 1 min to 1 min 2 s apart from the first.",
        ),
        (copy(), stray(), "the server said that it was deleted, but it was still in INBOX at 2026-03-01 12:15:01 UTC."),
    ],
)
def test_the_summary_says_what_showed_up_and_how_long_after_the_first(found: Copy, seen: Stray, text: str) -> None:
    ruling = rule_on(delivered(found), seen, timeout=TIMEOUT, known=0)
    assert ruling is not None
    assert ruling.summary == f"Delivered within 3.0 s; {text}"


def test_notes_of_two_kinds_stand_beside_each_other_and_none_is_there_twice() -> None:
    run = delivered(copy("1"), copy("2"))
    for seen in (stray("1"), stray("3"), stray("2"), stray("4", folder="A; B\x1b")):
        ruling = rule_on(run, seen, timeout=TIMEOUT, known=0)
        if ruling is not None:
            run = ended(ruling.verdict, ruling.status, summary=ruling.summary, copies=ruling.copies, found=ruling.found)
    assert run.result is not None
    assert run.result.summary.startswith("Delivered within 3.0 s; ")
    assert run.result.summary.count("copies came in all") == 1
    assert run.result.summary.count("the server said that it was deleted") == 1


# -- Bounds and words ---------------------------------------------------------------------------------------------------


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
