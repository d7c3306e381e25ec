"""The check of one server: each end as a row, and what is expected of a server's capabilities."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.model import Failure, MailProtocol, Severity, StatusCode, Step, Verdict
from mailtrip.probe.moves import Conclusion, Finish, Pause
from mailtrip.probe.service_check import Answered, Call, CheckEvent, CheckState, advance, begin, find_missing

SECOND = timedelta(seconds=1)
LOCKED = Failure(
    step=Step.MAILBOX_LOGIN, status=StatusCode.MAILBOX_LOCKED, reason="[IN-USE] do you have it open?", is_temporary=True
)


def failure(step: Step, status: StatusCode, *, is_temporary: bool = False) -> Failure:
    return Failure(step=step, status=status, reason="the server says no", is_temporary=is_temporary)


def start(*, warning_time: timedelta | None = None) -> CheckState:
    return begin(deadline=60.0, warning_time=warning_time)


def conclusion(state: CheckState) -> Conclusion:
    assert isinstance(state.action, Finish)
    return state.action.conclusion


@pytest.mark.parametrize(
    ("event", "verdict", "status", "step"),
    [
        (Answered(0.2), Verdict.ANSWERS, StatusCode.OK, None),
        (Answered(1.0), Verdict.ANSWERS, StatusCode.OK, None),
        (Answered(1.001), Verdict.ANSWERS, StatusCode.SLOW_ANSWER, None),
        (Step.GREETING, Verdict.FAILS, StatusCode.TIMEOUT, Step.GREETING),
        *(
            (failure(step, status, is_temporary=is_temporary), Verdict.FAILS, status, step)
            for is_temporary in (False, True)
            for step, status in (
                (Step.RESOLVE, StatusCode.SMTP_NAME),
                (Step.CONNECT, StatusCode.CONNECTION_FAILED),
                (Step.TLS, StatusCode.SMTP_TLS),
                (Step.GREETING, StatusCode.SMTP_PROTOCOL),
                (Step.LOGIN, StatusCode.SMTP_LOGIN),
                (Step.MAILBOX_LOGIN, StatusCode.MAILBOX_LOGIN),
                (Step.MAILBOX_OPEN, StatusCode.MAILBOX_PROTOCOL),
                (Step.GREETING, StatusCode.TIMEOUT),
            )
        ),
        *(
            (failure(Step.MAILBOX_OPEN, status), Verdict.UNKNOWN, status, Step.MAILBOX_OPEN)
            for status in (StatusCode.LOCATION_LOST, StatusCode.HELD_BACK, StatusCode.INTERNAL_ERROR)
        ),
    ],
)
def test_what_a_call_comes_to_is_the_verdict(
    event: CheckEvent, verdict: Verdict, status: StatusCode, step: Step | None
) -> None:
    found = conclusion(advance(start(warning_time=SECOND), event, 10.0))

    assert (found.verdict, found.status, found.step) == (verdict, status, step)


def test_without_a_warning_time_no_answer_is_too_slow() -> None:
    assert conclusion(advance(start(), Answered(59.0), 59.5)).status is StatusCode.OK


def test_a_locked_mailbox_is_called_again_after_ever_longer_pauses() -> None:
    state, now, gaps = start(), 0.0, []
    while isinstance((state := advance(state, LOCKED, now)).action, Pause):
        gaps.append(state.action.seconds)
        now += state.action.seconds
        state = advance(state, None, now)
        assert state.action == Call()

    found = conclusion(state)
    assert gaps == [1.0, 2.0, 4.0, 8.0, 15.0, 15.0]
    assert (found.verdict, found.status, found.failure) == (Verdict.FAILS, StatusCode.MAILBOX_LOCKED, LOCKED)


def test_a_mailbox_that_is_free_again_answers() -> None:
    waiting = advance(start(), LOCKED, 0.0)
    found = conclusion(advance(advance(waiting, None, 1.0), Answered(0.1), 1.2))

    assert (found.verdict, found.status) == (Verdict.ANSWERS, StatusCode.OK)


def test_a_pause_that_ends_after_the_deadline_ends_the_check() -> None:
    found = conclusion(advance(advance(start(), LOCKED, 0.0), None, 60.0))

    assert found.status is StatusCode.MAILBOX_LOCKED


def test_a_mailbox_that_is_locked_for_good_is_not_waited_for() -> None:
    found = conclusion(advance(start(), failure(Step.MAILBOX_LOGIN, StatusCode.MAILBOX_LOCKED), 0.0))

    assert found.verdict is Verdict.FAILS


@pytest.mark.parametrize("state", [start(), advance(start(), LOCKED, 0.0), advance(start(), Answered(0.1), 0.1)])
def test_an_event_that_is_no_outcome_of_the_action_is_our_bug(state: CheckState) -> None:
    event = None if isinstance(state.action, Call) else Answered(0.1)
    with pytest.raises(ValueError, match="is no outcome of"):
        advance(state, event, 1.0)


@given(st.sampled_from(StatusCode), st.sampled_from(Step), st.booleans())
def test_no_failure_says_anything_of_delivery_and_none_of_ours_is_red(
    status: StatusCode, step: Step, is_temporary: bool
) -> None:
    state = advance(begin(deadline=0.0, warning_time=None), failure(step, status, is_temporary=is_temporary), 0.0)
    found = conclusion(state)

    assert found.verdict is (Verdict.UNKNOWN if status.severity is Severity.UNKNOWN else Verdict.FAILS)


SMTP_LINES = ["SIZE 10240000", "AUTH LOGIN PLAIN", "starttls"]
IMAP_LINES = ["IMAP4REV1", "AUTH=PLAIN", "IDLE"]


@pytest.mark.parametrize(
    ("wanted", "offered", "missing"),
    [
        ([], [], []),
        (["STARTTLS", "AUTH PLAIN", "auth login", "AUTH PLAIN LOGIN", "SIZE"], SMTP_LINES, []),
        (["AUTH CRAM-MD5"], SMTP_LINES, ["AUTH CRAM-MD5"]),
        (["PLAIN"], SMTP_LINES, ["PLAIN"]),
        (["SIZE 5"], SMTP_LINES, ["SIZE 5"]),
        (["DSN", "STARTTLS", "CHUNKING"], SMTP_LINES, ["DSN", "CHUNKING"]),
        (["AUTH=PLAIN", "idle"], IMAP_LINES, []),
        (["IDLE", "UIDPLUS"], IMAP_LINES, ["UIDPLUS"]),
        (["STLS"], [], ["STLS"]),
    ],
)
def test_capabilities_are_compared_by_word_and_arguments(
    wanted: list[str], offered: list[str], missing: list[str]
) -> None:
    found = find_missing(wanted, offered, MailProtocol.SMTP)

    assert [each.text for each in found] == [f"it does not offer {name}" for name in missing]
    assert {each.status for each in found} <= {StatusCode.NOT_OFFERED}


@pytest.mark.parametrize(
    ("protocol", "step"),
    [
        (MailProtocol.SMTP, Step.GREETING),
        (MailProtocol.POP3, Step.MAILBOX_GREETING),
        (MailProtocol.IMAP, Step.MAILBOX_GREETING),
    ],
)
def test_what_is_missing_is_told_at_the_greeting(protocol: MailProtocol, step: Step) -> None:
    assert [each.step for each in find_missing(["X"], [], protocol)] == [step]
