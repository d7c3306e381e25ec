"""Trips whose provider allows few logins: when they look, and what they say where they could not."""

from datetime import timedelta

import pytest

from mailtrip.model import Accepted, Failure, MailProtocol, MessageRef, StatusCode, Step, Verdict
from mailtrip.probe.compare import compare
from mailtrip.probe.looks import look_plan
from mailtrip.probe.moves import (
    Conclusion,
    Done,
    Event,
    Failed,
    Fetch,
    Fetched,
    Finish,
    Looked,
    LookNow,
    Opened,
    OpenMailbox,
    Pause,
    Submitted,
)
from mailtrip.probe.roundtrip import advance, begin
from mailtrip.probe.state import State

GAP = 10.0
DEADLINE = 50.0
REF = MessageRef("INBOX", "7")
ACCEPTED = Accepted(reply="250 ok", at=2.0)
MESSAGE = b"Subject: x\r\n\r\nhello\r\n"
SAME = Fetched(compare(MESSAGE, MESSAGE))
HELD_BACK = Failure(step=Step.LOOK, status=StatusCode.HELD_BACK, reason="no login in time", is_temporary=True)
DROPPED = Failure(step=Step.LOOK, status=StatusCode.MAILBOX_PROTOCOL, reason="box: gone", is_temporary=True)
SENT: list[tuple[float, Event]] = [(1.0, Opened(can_push=False)), (1.5, Done()), (2.0, Submitted(ACCEPTED))]


def after(
    *events: tuple[float, Event], gap: float = GAP, deadline: float = DEADLINE, warning: float | None = None
) -> State:
    state = begin(
        deadline=deadline,
        warning_time=None if warning is None else timedelta(seconds=warning),
        looks=look_plan(MailProtocol.POP3, login_gap=gap),
        now=0.0,
    )
    for now, event in events:
        state = advance(state, event, now)
    return state


def conclusion(state: State) -> Conclusion:
    assert isinstance(state.action, Finish), state.action
    return state.action.conclusion


def looked(at: float, *refs: MessageRef) -> Looked:
    return Looked(asked_at=at, answered_at=at + 0.5, own=refs)


def test_looks_are_the_gap_apart_and_the_last_one_is_shortly_before_the_deadline() -> None:
    first = after(*SENT)
    second = after(*SENT, (12.0, Done()), (12.5, looked(12.0)))
    last = after(*SENT, (12.0, Done()), (12.5, looked(12.0)), (36.0, Done()), (36.5, looked(36.0)))

    assert [state.action for state in (first, second, last)] == [Pause(10.0), Pause(10.0), Pause(10.5)]


def test_where_there_is_room_for_one_look_it_is_made_at_the_end() -> None:
    assert after(*SENT, gap=30.0).action == Pause(45.0)


def test_a_trip_that_may_not_log_in_sends_nothing_and_blames_nobody() -> None:
    ended = conclusion(after((0.0, Failed(HELD_BACK))))

    assert (ended.verdict, ended.status, ended.failure) == (Verdict.UNKNOWN, StatusCode.HELD_BACK, HELD_BACK)


def test_a_message_that_may_not_be_looked_for_any_more_is_not_called_missing() -> None:
    ended = conclusion(after(*SENT, (12.0, Done()), (12.5, looked(12.0)), (22.5, Done()), (22.5, Failed(HELD_BACK))))

    assert (ended.verdict, ended.status) == (Verdict.UNKNOWN, StatusCode.HELD_BACK)


def test_a_message_that_was_never_looked_for_is_not_called_missing() -> None:
    waiting = after(*SENT, gap=49.0)

    ended = conclusion(after(*SENT, (DEADLINE, Done()), gap=49.0))

    assert waiting.action == Pause(48.0)
    assert (ended.verdict, ended.status) == (Verdict.UNKNOWN, StatusCode.HELD_BACK)
    assert ended.failure is not None
    assert "set a longer timeout" in ended.failure.reason


def test_a_message_that_was_looked_for_at_the_end_is_missing() -> None:
    ended = conclusion(after(*SENT, (47.0, Done()), (47.5, looked(47.0)), (DEADLINE, Done()), gap=30.0))

    assert (ended.verdict, ended.status) == (Verdict.MISSING, StatusCode.TIMEOUT)


def test_a_mailbox_that_failed_is_blamed_though_there_is_no_time_to_try_again() -> None:
    failed = after(*SENT, (12.0, Done()), (12.5, Failed(DROPPED)), (22.5, Done()))

    ended = conclusion(advance(failed, Failed(HELD_BACK), 22.5))

    assert failed.action == OpenMailbox()
    assert (ended.verdict, ended.status) == (Verdict.MAILBOX_UNREACHABLE, StatusCode.MAILBOX_PROTOCOL)


def test_a_message_that_was_seen_was_delivered_though_there_is_no_time_to_fetch_it() -> None:
    seen = after(*SENT, (12.0, Done()), (12.5, looked(12.0, REF)))

    ended = conclusion(advance(seen, Failed(HELD_BACK), 12.6))

    assert seen.action == Fetch(REF)
    assert ended.verdict is Verdict.DELIVERED


@pytest.mark.parametrize(
    ("unseen_at", "verdict"), [(None, Verdict.DELIVERED), (5.0, Verdict.DELIVERED), (12.0, Verdict.SLOW)]
)
def test_a_delivery_is_slow_only_where_a_look_proves_it(unseen_at: float | None, verdict: Verdict) -> None:
    before: list[tuple[float, Event]] = (
        [] if unseen_at is None else [(unseen_at, Done()), (unseen_at, looked(unseen_at))]
    )
    state = after(*SENT, *before, (22.0, Done()), warning=5.0)

    assert state.action == LookNow()
    for now, event in ((22.5, looked(22.0, REF)), (23.0, SAME), (23.5, Done())):
        state = advance(state, event, now)
    assert conclusion(state).verdict is verdict
