from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeAlias

import pytest

from mailtrip.model import (
    Accepted,
    Bounce,
    BouncedRecipient,
    Failure,
    MailProtocol,
    MessageRef,
    Severity,
    Sighting,
    StatusCode,
    Step,
    Verdict,
)
from mailtrip.probe.compare import Alteration, Change, Comparison
from mailtrip.probe.looks import LookPlan, look_plan
from mailtrip.probe.moves import (
    Action,
    Conclusion,
    ConnectSender,
    Delete,
    Done,
    Event,
    Failed,
    Fetch,
    Fetched,
    Finish,
    LookBack,
    Looked,
    LookNow,
    Opened,
    OpenMailbox,
    Pause,
    ReadReport,
    Reported,
    Seen,
    Submit,
    Submitted,
    TimeUp,
    Watch,
)
from mailtrip.probe.roundtrip import State, advance, begin, resume

IMAP = look_plan(MailProtocol.IMAP)
POP3 = look_plan(MailProtocol.POP3)
DEADLINE = 300.0

REF = MessageRef("INBOX", "7")
COPY = MessageRef("INBOX", "8")
ACCEPTED = Accepted(reply="250 ok", at=2.0)
OPENED = Opened(can_push=True)
SUBMITTED = Submitted(ACCEPTED)
SAME = Fetched(Comparison())

At: TypeAlias = tuple[float, Event]


def failure(step: Step, status: StatusCode, *, temporary: bool = False, unanswered: bool = False) -> Failure:
    return Failure(step=step, status=status, reason="it failed", is_temporary=temporary, is_unanswered=unanswered)


def put_off(step: Step, status: StatusCode = StatusCode.DEFERRED) -> Failure:
    """A failure that is temporary by the server's own word."""
    return replace(failure(step, status, temporary=True), says_later=True)


def nothing(at: float) -> Looked:
    return Looked(asked_at=at, answered_at=at)


def found(at: float, *refs: MessageRef) -> Looked:
    return Looked(asked_at=at - 0.01, answered_at=at, own=refs or (REF,))


def after(*events: At, looks: LookPlan = IMAP, warning: float | None = None) -> State:
    state = begin(
        deadline=DEADLINE, warning_time=None if warning is None else timedelta(seconds=warning), looks=looks, now=0.0
    )
    for now, event in events:
        state = advance(state, event, now)
    return state


def actions(*events: At, looks: LookPlan = IMAP) -> list[Action]:
    return [after(*events[:count], looks=looks).action for count in range(len(events) + 1)]


def conclusion(*events: At, looks: LookPlan = IMAP, warning: float | None = None) -> Conclusion:
    action = after(*events, looks=looks, warning=warning).action
    assert isinstance(action, Finish), action
    return action.conclusion


SENT: Sequence[At] = [(0.5, OPENED), (1.0, Done()), (2.0, SUBMITTED)]
SEEN: Sequence[At] = [*SENT, (2.5, found(2.5))]
FETCHED: Sequence[At] = [*SEEN, (2.6, SAME)]
DELETED: Sequence[At] = [*FETCHED, (2.7, Done())]


# -- the good way -------------------------------------------------------------------------------------------------------


def test_an_imap_trip_looks_at_once_and_once_more_after_the_deletion() -> None:
    assert actions(*DELETED, (2.8, nothing(2.8)))[:-1] == [
        OpenMailbox(),
        ConnectSender(),
        Submit(),
        LookNow(),
        Fetch(REF),
        Delete((REF,)),
        LookNow(),
    ]


def test_a_pop3_trip_pauses_before_its_looks_and_ends_with_the_deletion() -> None:
    events = [*SENT, (2.1, Done()), (2.2, nothing(2.1)), (2.5, Done()), (2.6, found(2.6)), (2.7, SAME), (2.8, Done())]

    assert actions(*events, looks=POP3)[:-1] == [
        OpenMailbox(),
        ConnectSender(),
        Submit(),
        Pause(0.1),
        LookNow(),
        Pause(0.25),
        LookNow(),
        Fetch(REF),
        Delete((REF,)),
    ]


def test_a_good_trip_is_delivered() -> None:
    assert conclusion(*DELETED, (2.8, nothing(2.8))) == Conclusion(
        verdict=Verdict.DELIVERED,
        status=StatusCode.OK,
        step=None,
        accepted=ACCEPTED,
        sighting=Sighting(not_before=timedelta(0), not_after=timedelta(seconds=0.5)),
        copies=1,
        found=(Seen(ref=REF, not_before=None, not_after=2.5, deleted_at=2.7),),
        comparison=Comparison(),
        folder="INBOX",
    )


def test_the_sighting_lies_between_the_last_look_without_and_the_first_with_the_message() -> None:
    events = [*SENT, (2.2, Looked(asked_at=2.1, answered_at=2.2)), (2.3, Done()), (2.6, found(2.5)), (2.7, SAME)]

    ended = conclusion(*events, (2.8, Done()), (2.9, nothing(2.9)))

    assert ended.sighting == Sighting(not_before=timedelta(seconds=0.1), not_after=timedelta(seconds=0.5))


def test_a_message_that_the_first_look_shows_may_have_been_there_since_it_went_out() -> None:
    accepted = Submitted(Accepted(reply="250 ok", at=2.0, offered_at=1.75))

    ended = conclusion(*SENT[:2], (2.0, accepted), *DELETED[3:], (2.8, nothing(2.8)))

    assert ended.sighting == Sighting(not_before=timedelta(seconds=-0.25), not_after=timedelta(seconds=0.5))


def test_a_look_without_the_message_counts_for_more_than_when_it_went_out() -> None:
    accepted = Submitted(Accepted(reply="250 ok", at=2.0, offered_at=1.75))
    events = [*SENT[:2], (2.0, accepted), (2.2, nothing(2.1)), (2.3, Done()), (2.6, found(2.5)), (2.7, SAME)]

    ended = conclusion(*events, (2.8, Done()), (2.9, nothing(2.9)))

    assert ended.sighting == Sighting(not_before=timedelta(seconds=0.1), not_after=timedelta(seconds=0.5))


# -- looking ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("looks", "at", "action"),
    [
        pytest.param(IMAP, 2.5, Pause(0.1), id="IMAP: dense at first"),
        pytest.param(IMAP, 52.0, Watch(5.0), id="IMAP: the server tells later"),
        pytest.param(IMAP, 262.0, Watch(19.0), id="IMAP: at most half of what remains"),
        pytest.param(IMAP, 299.0, Pause(0.5), id="IMAP: no watching at the end"),
        pytest.param(POP3, 2.5, Pause(0.25), id="POP3: dense at first"),
        pytest.param(POP3, 22.0, Pause(4.0), id="POP3: thinning out"),
        pytest.param(POP3, 299.9, Pause(0.1), id="POP3: never beyond the deadline"),
    ],
)
def test_looks_thin_out(looks: LookPlan, at: float, action: Action) -> None:
    opened = Opened(can_push=looks is IMAP)
    first = [(2.1, Done())] if looks is POP3 else []
    state = after((0.5, opened), *SENT[1:], *first, (at, nothing(at)), looks=looks)

    assert type(state.action) is type(action)
    assert isinstance(state.action, Pause | Watch)
    assert isinstance(action, Pause | Watch)
    assert state.action.seconds == pytest.approx(action.seconds)


def test_a_mailbox_that_cannot_push_is_not_watched() -> None:
    state = after((0.5, Opened(can_push=False)), *SENT[1:], (52.0, nothing(52.0)))

    assert state.action == Pause(5.0)


def test_a_mailbox_that_tells_of_news_all_the_time_is_not_looked_at_all_the_time() -> None:
    state = after(*SENT, (52.0, nothing(52.0)), (52.1, Done()), (52.1, nothing(52.1)))

    assert state.action == Pause(1.0)


def test_after_a_watch_comes_a_look() -> None:
    assert after(*SENT, (52.0, nothing(52.0)), (53.0, Done())).action == LookNow(everywhere=True)


def test_the_providers_gap_is_kept() -> None:
    looks = look_plan(MailProtocol.POP3, login_gap=15.0)

    opened = Opened(can_push=False)

    assert actions((0.5, opened), *SENT[1:], (17.0, Done()), (17.1, nothing(17.0)), looks=looks)[3:] == [
        Pause(15.0),
        LookNow(),
        Pause(15.0),
    ]


# -- before the acceptance ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Early:
    events: Sequence[At]
    step: Step
    status: StatusCode
    verdict: Verdict


OPENING: Sequence[At] = []
CONNECTING: Sequence[At] = SENT[:1]
SUBMITTING: Sequence[At] = SENT[:2]


@pytest.mark.parametrize(
    "case",
    [
        Early(OPENING, Step.MAILBOX_RESOLVE, StatusCode.MAILBOX_NAME, Verdict.UNSENT),
        Early(OPENING, Step.MAILBOX_CONNECT, StatusCode.CONNECTION_FAILED, Verdict.UNSENT),
        Early(OPENING, Step.MAILBOX_TLS, StatusCode.MAILBOX_TLS, Verdict.UNSENT),
        Early(OPENING, Step.MAILBOX_LOGIN, StatusCode.MAILBOX_LOGIN, Verdict.UNSENT),
        Early(OPENING, Step.MAILBOX_OPEN, StatusCode.MAILBOX_LOCKED, Verdict.UNSENT),
        Early(CONNECTING, Step.RESOLVE, StatusCode.SMTP_NAME, Verdict.UNSENT),
        Early(CONNECTING, Step.CONNECT, StatusCode.CONNECTION_FAILED, Verdict.UNSENT),
        Early(CONNECTING, Step.TLS, StatusCode.SMTP_TLS, Verdict.UNSENT),
        Early(CONNECTING, Step.LOGIN, StatusCode.SMTP_LOGIN, Verdict.UNSENT),
        Early(SUBMITTING, Step.SUBMIT, StatusCode.SENDER_REFUSED, Verdict.REFUSED),
        Early(SUBMITTING, Step.SUBMIT, StatusCode.RECIPIENT_REFUSED, Verdict.REFUSED),
        Early(SUBMITTING, Step.SUBMIT, StatusCode.MESSAGE_REFUSED, Verdict.REFUSED),
        Early(SUBMITTING, Step.SUBMIT, StatusCode.SMTP_PROTOCOL, Verdict.UNSENT),
        Early(SUBMITTING, Step.SUBMIT, StatusCode.TIMEOUT, Verdict.UNSENT),
    ],
    ids=lambda case: f"{case.step}-{case.status.name}",
)
def test_a_failure_before_the_acceptance_ends_the_trip(case: Early) -> None:
    cause = failure(case.step, case.status)

    assert conclusion(*case.events, (3.0, Failed(cause))) == Conclusion(
        verdict=case.verdict, status=case.status, step=case.step, failure=cause
    )


# -- an acceptance that was not heard -----------------------------------------------------------------------------------

LOST = failure(Step.SUBMIT, StatusCode.SMTP_PROTOCOL, unanswered=True)
UNHEARD: Sequence[At] = [*SUBMITTING, (2.0, Failed(LOST))]


def test_a_message_that_may_have_been_accepted_is_looked_for_and_not_sent_again() -> None:
    assert after(*UNHEARD).action == LookNow()


def test_it_is_delivered_when_it_is_found_but_with_no_delay() -> None:
    ended = conclusion(*UNHEARD, (90.0, found(90.0)), (90.1, SAME), (90.2, Done()), (90.3, nothing(90.3)), warning=1.0)

    assert (ended.verdict, ended.status, ended.step) == (Verdict.DELIVERED, StatusCode.OK, None)
    assert ended.sighting is None


def test_it_is_undecided_when_it_is_not_found() -> None:
    assert conclusion(*UNHEARD, (DEADLINE, nothing(299.0))) == Conclusion(
        verdict=Verdict.UNDECIDED, status=StatusCode.SMTP_PROTOCOL, step=Step.SUBMIT, failure=LOST
    )


def test_it_is_undecided_when_the_time_is_up_with_the_final_dot() -> None:
    cause = failure(Step.SUBMIT, StatusCode.TIMEOUT, unanswered=True)

    ended = conclusion(*SUBMITTING, (DEADLINE, Failed(cause)))

    assert (ended.verdict, ended.status, ended.step) == (Verdict.UNDECIDED, StatusCode.TIMEOUT, Step.SUBMIT)


def test_it_is_undecided_when_nobody_knows_how_far_the_submission_got() -> None:
    ended = conclusion(*SUBMITTING, (DEADLINE, TimeUp()))

    assert (ended.verdict, ended.status, ended.step) == (Verdict.UNDECIDED, StatusCode.TIMEOUT, Step.SUBMIT)


# -- the mailbox fails --------------------------------------------------------------------------------------------------

DROPPED = failure(Step.LOOK, StatusCode.MAILBOX_PROTOCOL, temporary=True)
LOCKED = put_off(Step.MAILBOX_LOGIN, StatusCode.MAILBOX_LOCKED)
WIDE = LookNow(everywhere=True)
WRONG_LOGIN = failure(Step.MAILBOX_LOGIN, StatusCode.MAILBOX_LOGIN)


def test_a_failing_look_is_retried_with_growing_gaps_on_a_new_session() -> None:
    events = [*SENT, (3.0, Failed(DROPPED)), (4.0, Done()), (4.1, Failed(LOCKED)), (6.1, Done()), (6.2, OPENED)]

    assert actions(*events)[3:] == [LookNow(), Pause(0.25), OpenMailbox(), Pause(0.5), OpenMailbox(), WIDE]


def test_a_failing_watch_is_retried_like_a_look() -> None:
    cause = failure(Step.WAIT, StatusCode.MAILBOX_PROTOCOL)

    assert after(*SENT, (52.0, nothing(52.0)), (53.0, Failed(cause))).action == Pause(0.25)


def test_the_gaps_begin_anew_after_a_good_look() -> None:
    events = [*SENT, (3.0, Failed(DROPPED)), (4.0, Done()), (4.1, OPENED), (4.2, nothing(4.2)), (4.3, Done())]

    assert after(*events, (4.4, Failed(DROPPED))).action == Pause(0.25)


def test_a_mailbox_that_stays_away_leaves_the_delivery_unknown() -> None:
    ended = conclusion(*SENT, (3.0, Failed(DROPPED)), (4.0, Done()), (DEADLINE, Failed(LOCKED)))

    assert ended == Conclusion(
        verdict=Verdict.MAILBOX_UNREACHABLE,
        status=StatusCode.MAILBOX_LOCKED,
        step=Step.MAILBOX_LOGIN,
        failure=LOCKED,
        accepted=ACCEPTED,
    )


def test_a_mailbox_that_came_back_in_time_leaves_the_message_missing() -> None:
    ended = conclusion(*SENT, (3.0, Failed(DROPPED)), (4.0, Done()), (4.1, OPENED), (DEADLINE, nothing(299.9)))

    assert (ended.verdict, ended.status, ended.step) == (Verdict.MISSING, StatusCode.TIMEOUT, Step.WAIT)


@pytest.mark.parametrize("status", [StatusCode.CONNECTION_FAILED, StatusCode.MAILBOX_NAME, StatusCode.TIMEOUT])
def test_a_look_that_is_cut_off_by_the_deadline_is_no_failure_of_the_mailbox(status: StatusCode) -> None:
    cut_off = failure(Step.MAILBOX_CONNECT, status, temporary=True)
    waited: Sequence[At] = [*SENT, (2.2, Done()), (299.8, nothing(299.8)), (DEADLINE - 0.01, Done())]

    ended = conclusion(*waited, (DEADLINE, Failed(cut_off)), looks=POP3)

    assert (ended.verdict, ended.status, ended.step) == (Verdict.MISSING, StatusCode.TIMEOUT, Step.WAIT)


def test_a_connection_that_got_no_answer_for_long_is_a_failure_of_the_mailbox() -> None:
    unanswered = failure(Step.MAILBOX_CONNECT, StatusCode.CONNECTION_FAILED, temporary=True)

    ended = conclusion(*SENT, (2.2, Done()), (DEADLINE, Failed(unanswered)), looks=POP3)

    assert (ended.verdict, ended.status) == (Verdict.MAILBOX_UNREACHABLE, StatusCode.CONNECTION_FAILED)


def test_a_login_refused_for_good_is_not_repeated() -> None:
    ended = conclusion(*SENT, (3.0, Failed(WRONG_LOGIN)))

    assert (ended.verdict, ended.status) == (Verdict.MAILBOX_UNREACHABLE, StatusCode.MAILBOX_LOGIN)


def test_a_login_refused_for_now_is_repeated() -> None:
    cause = failure(Step.MAILBOX_LOGIN, StatusCode.MAILBOX_LOGIN, temporary=True)

    assert after(*SENT, (3.0, Failed(cause))).action == Pause(0.25)


def test_a_failing_fetch_is_repeated_on_a_new_session() -> None:
    cause = failure(Step.FETCH, StatusCode.MAILBOX_PROTOCOL, temporary=True)

    assert actions(*SEEN, (2.6, Failed(cause)), (3.6, Done()), (3.7, OPENED), (3.8, SAME))[4:] == [
        Fetch(REF),
        Pause(0.25),
        OpenMailbox(),
        Fetch(REF),
        Delete((REF,)),
    ]


def test_a_message_that_can_never_be_fetched_was_delivered_but_is_an_error() -> None:
    cause = failure(Step.FETCH, StatusCode.MAILBOX_PROTOCOL)
    once: list[At] = [(3.0, Failed(cause)), (4.0, Done()), (4.1, OPENED)]

    ended = conclusion(*SEEN, *once, *once, (5.0, Failed(cause)))

    assert (ended.verdict, ended.status, ended.step) == (Verdict.DELIVERED, StatusCode.MAILBOX_PROTOCOL, Step.FETCH)
    assert ended.status.severity is Severity.ERROR


def test_a_failing_deletion_is_a_warning() -> None:
    cause = failure(Step.DELETE, StatusCode.MAILBOX_PROTOCOL)

    ended = conclusion(*FETCHED, (2.7, Failed(cause)))

    assert (ended.verdict, ended.status, ended.step) == (Verdict.DELIVERED, StatusCode.DELETE_FAILED, Step.DELETE)
    assert ended.not_deleted == cause


@pytest.mark.parametrize("event", [Failed(DROPPED), TimeUp()])
def test_a_failing_look_after_the_deletion_changes_nothing(event: Event) -> None:
    ended = conclusion(*DELETED, (DEADLINE, event))

    assert (ended.verdict, ended.status) == (Verdict.DELIVERED, StatusCode.OK)


# -- the time is up -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "verdict", "step"),
    [
        pytest.param(OPENING, Verdict.UNSENT, Step.MAILBOX_OPEN, id="while the mailbox is opened"),
        pytest.param(CONNECTING, Verdict.UNSENT, Step.CONNECT, id="while the sender connects"),
        pytest.param([*SENT, (52.0, nothing(52.0)), (299.0, Done())], Verdict.MISSING, Step.WAIT, id="in a look"),
        pytest.param(SENT, Verdict.MAILBOX_UNREACHABLE, Step.LOOK, id="in a look that hangs"),
        pytest.param([*SENT, (299.0, nothing(299.0))], Verdict.MISSING, Step.WAIT, id="in a pause"),
        pytest.param([*SENT, (290.0, nothing(290.0))], Verdict.MISSING, Step.WAIT, id="in a watch"),
        pytest.param(
            [*SENT, (52.0, nothing(52.0))], Verdict.MAILBOX_UNREACHABLE, Step.WAIT, id="in a watch that hangs"
        ),
        pytest.param(SEEN, Verdict.DELIVERED, Step.FETCH, id="while the message is fetched"),
        pytest.param(FETCHED, Verdict.DELIVERED, Step.DELETE, id="while the message is deleted"),
    ],
)
def test_the_deadline_ends_the_trip_wherever_it_is(events: Sequence[At], verdict: Verdict, step: Step) -> None:
    ended = conclusion(*events, (DEADLINE, TimeUp()))

    assert (ended.verdict, ended.status, ended.step) == (verdict, StatusCode.TIMEOUT, step)


@pytest.mark.parametrize(
    ("events", "event", "verdict", "step"),
    [
        pytest.param(OPENING, OPENED, Verdict.UNSENT, Step.CONNECT, id="mailbox open"),
        pytest.param(CONNECTING, Done(), Verdict.UNSENT, Step.SUBMIT, id="sender connected"),
        pytest.param(SUBMITTING, SUBMITTED, Verdict.MISSING, Step.WAIT, id="submitted"),
        pytest.param(SENT, nothing(299.9), Verdict.MISSING, Step.WAIT, id="nothing there"),
        pytest.param(SENT, found(299.9), Verdict.DELIVERED, Step.FETCH, id="found"),
        pytest.param(SEEN, SAME, Verdict.DELIVERED, Step.DELETE, id="fetched"),
    ],
)
def test_nothing_new_is_begun_after_the_deadline(
    events: Sequence[At], event: Event, verdict: Verdict, step: Step
) -> None:
    ended = conclusion(*events, (DEADLINE + 0.1, event))

    assert (ended.verdict, ended.status, ended.step) == (verdict, StatusCode.TIMEOUT, step)


def test_a_deletion_answered_after_the_deadline_is_a_good_end() -> None:
    ended = conclusion(*FETCHED, (DEADLINE + 0.1, Done()))

    assert (ended.verdict, ended.status) == (Verdict.DELIVERED, StatusCode.OK)


def test_a_last_look_answered_after_the_deadline_is_a_good_end() -> None:
    ended = conclusion(*DELETED[:-1], (DEADLINE - 0.1, Done()), (DEADLINE + 0.1, nothing(DEADLINE)))

    assert (ended.verdict, ended.status) == (Verdict.DELIVERED, StatusCode.OK)


def test_a_session_that_hung_until_the_deadline_tells_its_own_step() -> None:
    hung = failure(Step.MAILBOX_TLS, StatusCode.TIMEOUT, temporary=True)

    ended = conclusion(*SENT, (DEADLINE - 0.01, Failed(hung)))

    assert (ended.verdict, ended.status, ended.step) == (
        Verdict.MAILBOX_UNREACHABLE,
        StatusCode.TIMEOUT,
        Step.MAILBOX_TLS,
    )


def test_a_session_that_hung_well_before_the_deadline_is_made_anew() -> None:
    hung = failure(Step.LOOK, StatusCode.TIMEOUT, temporary=True)

    assert after(*SENT, (32.0, Failed(hung))).action == Pause(0.25)


# -- several findings ---------------------------------------------------------------------------------------------------

ALTERED = Fetched(Comparison((Alteration(Change.FOOTER, "-- a footer"),)))
DAMAGED = Fetched(Comparison((Alteration(Change.DAMAGED, "x", "y"),)))
KEPT = Failed(failure(Step.DELETE, StatusCode.MAILBOX_PROTOCOL))


@pytest.mark.parametrize(
    ("copies", "fetched", "seen_at", "deleted", "verdict", "status", "step"),
    [
        ((REF,), SAME, 4.0, Done(), Verdict.DELIVERED, StatusCode.OK, None),
        ((REF,), SAME, 4.0, KEPT, Verdict.DELIVERED, StatusCode.DELETE_FAILED, Step.DELETE),
        ((REF,), SAME, 4.1, Done(), Verdict.SLOW, StatusCode.SLOW, Step.WAIT),
        ((REF,), SAME, 4.1, KEPT, Verdict.SLOW, StatusCode.SLOW, Step.WAIT),
        ((REF, COPY), SAME, 4.0, Done(), Verdict.DOUBLED, StatusCode.DOUBLED, Step.LOOK),
        ((REF, COPY), SAME, 4.1, KEPT, Verdict.DOUBLED, StatusCode.DOUBLED, Step.LOOK),
        ((REF, REF), SAME, 4.0, Done(), Verdict.DELIVERED, StatusCode.OK, None),
        ((REF,), ALTERED, 4.0, Done(), Verdict.ALTERED, StatusCode.ALTERED, Step.FETCH),
        ((REF,), DAMAGED, 4.0, Done(), Verdict.ALTERED, StatusCode.ALTERED, Step.FETCH),
        ((REF, COPY), ALTERED, 4.1, KEPT, Verdict.ALTERED, StatusCode.ALTERED, Step.FETCH),
    ],
)
def test_the_worst_finding_is_the_verdict(
    copies: tuple[MessageRef, ...],
    fetched: Event,
    seen_at: float,
    deleted: Event,
    verdict: Verdict,
    status: StatusCode,
    step: Step | None,
) -> None:
    events = [*SENT, (2.1, Done()), (seen_at, found(seen_at, *copies)), (5.0, fetched), (6.0, deleted)]

    ended = conclusion(*events, looks=POP3, warning=2.0)

    assert (ended.verdict, ended.status, ended.step) == (verdict, status, step)


def test_all_copies_are_deleted_and_one_is_fetched() -> None:
    assert actions(*SENT, (3.0, found(3.0, REF, COPY)), (3.1, SAME))[4:] == [Fetch(REF), Delete((REF, COPY))]


def test_a_copy_that_comes_behind_is_found_and_deleted_too() -> None:
    late_copy = [*DELETED, (2.8, found(2.8, REF, COPY))]

    assert after(*late_copy).action == Delete((COPY,))
    ended = conclusion(*late_copy, (2.9, Done()))
    assert (ended.verdict, ended.copies) == (Verdict.DOUBLED, 2)
    assert ended.found == (
        Seen(ref=REF, not_before=None, not_after=2.5, deleted_at=2.7),
        # The look before, which did not show it, was asked at 2.49.
        Seen(ref=COPY, not_before=2.49, not_after=2.8, deleted_at=2.9),
    )


def test_a_copy_whose_deletion_failed_is_told_from_those_that_are_gone() -> None:
    ended = conclusion(*DELETED, (2.8, found(2.8, REF, COPY)), (2.9, KEPT))

    assert [(seen.ref, seen.deleted_at) for seen in ended.found] == [(REF, 2.7), (COPY, None)]
    assert (ended.copies, ended.left_behind) == (2, 1)


# -- bugs of the caller -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "event"),
    [(OPENING, SUBMITTED), (SUBMITTING, Done()), (SENT, Done()), (SENT, SAME), (SEEN, nothing(3.0)), (FETCHED, OPENED)],
)
def test_an_event_that_is_no_outcome_of_the_action_is_refused(events: Sequence[At], event: Event) -> None:
    with pytest.raises(ValueError, match="is no outcome of"):
        after(*events, (3.0, event))


def test_a_trip_ends_once() -> None:
    with pytest.raises(ValueError, match="the trip is over"):
        after((3.0, TimeUp()), (4.0, TimeUp()))


# -- put off by the server ----------------------------------------------------------------------------------------------

GREYLISTED = Failed(put_off(Step.SUBMIT))


def test_a_message_that_is_put_off_is_offered_again_after_growing_gaps() -> None:
    events = [*SENT[:2], (2.0, GREYLISTED), (12.0, Done()), (12.1, Done()), (12.2, GREYLISTED), (32.2, Done())]

    assert actions(*events)[3:] == [Pause(10.0), ConnectSender(), Submit(), Pause(20.0), ConnectSender()]


def test_a_message_that_was_put_off_and_then_taken_is_delivered_with_the_length_of_the_deferral() -> None:
    taken = Submitted(Accepted(reply="250 ok", at=62.0))
    events = [*SENT[:2], (2.0, GREYLISTED), (12.0, Done()), (12.1, Done()), (62.0, taken), (62.5, found(62.5))]

    ended = conclusion(*events, (62.6, SAME), (62.7, Done()), (62.8, nothing(62.8)))

    assert (ended.verdict, ended.status) == (Verdict.DELIVERED, StatusCode.OK)
    assert ended.deferred_for == timedelta(seconds=60)


def test_the_deferral_counts_for_the_warning_time() -> None:
    taken = Submitted(Accepted(reply="250 ok", at=62.0))
    events = [*SENT[:2], (2.0, GREYLISTED), (12.0, Done()), (12.1, Done()), (62.0, taken), (62.5, found(62.5))]

    ended = conclusion(*events, (62.6, SAME), (62.7, Done()), (62.8, nothing(62.8)), warning=30.0)

    assert ended.verdict is Verdict.SLOW


def test_a_message_that_is_put_off_until_there_is_no_time_left_is_deferred() -> None:
    ended = conclusion(*SENT[:2], (DEADLINE - 5.0, GREYLISTED))

    assert (ended.verdict, ended.status, ended.step) == (Verdict.DEFERRED, StatusCode.DEFERRED, Step.SUBMIT)


@pytest.mark.parametrize("step", [Step.GREETING, Step.TLS, Step.LOGIN])
def test_a_server_that_puts_us_off_before_the_message_is_asked_again_after_growing_gaps(step: Step) -> None:
    later = Failed(put_off(step))
    events = [*SENT[:1], (1.0, later), (11.0, Done()), (11.1, later), (31.1, Done()), (31.2, Done())]

    assert actions(*events)[2:] == [Pause(10.0), ConnectSender(), Pause(20.0), ConnectSender(), Submit()]


@pytest.mark.parametrize("step", [Step.GREETING, Step.TLS, Step.LOGIN])
def test_a_server_that_puts_us_off_until_the_time_is_up_has_deferred_the_message(step: Step) -> None:
    later = Failed(put_off(step))
    ended = conclusion(*SENT[:1], (1.0, later), (11.0, Done()), (285.0, later))

    assert (ended.verdict, ended.status, ended.step) == (Verdict.DEFERRED, StatusCode.DEFERRED, step)
    assert (ended.failure, ended.deferred_for) == (later.failure, timedelta(seconds=10))


def test_the_deadline_in_the_pause_after_a_deferral_leaves_the_message_deferred() -> None:
    ended = conclusion(*SENT[:1], (1.0, Failed(put_off(Step.LOGIN))), (DEADLINE, TimeUp()))

    assert (ended.verdict, ended.status, ended.step) == (Verdict.DEFERRED, StatusCode.DEFERRED, Step.LOGIN)


CUT_OFF = failure(Step.CONNECT, StatusCode.CONNECTION_FAILED, temporary=True)


@pytest.mark.parametrize(
    ("began", "verdict", "status"),
    [
        pytest.param(299.5, Verdict.DEFERRED, StatusCode.DEFERRED, id="as there was no time left"),
        pytest.param(290.0, Verdict.UNSENT, StatusCode.CONNECTION_FAILED, id="as the server answered no more"),
    ],
)
def test_the_last_attempt_after_deferrals_fails(began: float, verdict: Verdict, status: StatusCode) -> None:
    ended = conclusion(*SENT[:1], (1.0, Failed(put_off(Step.LOGIN))), (began, Done()), (DEADLINE, Failed(CUT_OFF)))

    assert (ended.verdict, ended.status) == (verdict, status)


FULL = failure(Step.SUBMIT, StatusCode.MAILBOX_QUOTA)


def test_a_recipient_whose_mailbox_is_full_is_refused_or_deferred_with_that_status() -> None:
    refused = conclusion(*SENT[:2], (2.0, Failed(FULL)))
    deferred = conclusion(*SENT[:2], (DEADLINE - 5.0, Failed(put_off(Step.SUBMIT, StatusCode.MAILBOX_QUOTA))))
    opening = conclusion((1.0, Failed(failure(Step.MAILBOX_OPEN, StatusCode.MAILBOX_QUOTA))))

    assert (refused.verdict, refused.status) == (Verdict.REFUSED, StatusCode.MAILBOX_QUOTA)
    assert (deferred.verdict, deferred.status) == (Verdict.DEFERRED, StatusCode.MAILBOX_QUOTA)
    assert (opening.verdict, opening.status) == (Verdict.UNSENT, StatusCode.MAILBOX_QUOTA)


# -- a mailbox that can't be opened for the moment ----------------------------------------------------------------------

LATER = [
    LOCKED,
    put_off(Step.MAILBOX_GREETING, StatusCode.MAILBOX_PROTOCOL),
    put_off(Step.MAILBOX_LOGIN, StatusCode.MAILBOX_PROTOCOL),
    put_off(Step.MAILBOX_OPEN, StatusCode.MAILBOX_PROTOCOL),
]
EACH_LATER = pytest.mark.parametrize("cause", LATER, ids=lambda cause: f"{cause.step}-{cause.status.name}")


@EACH_LATER
def test_a_mailbox_that_is_not_to_be_had_for_the_moment_is_waited_for_before_anything_is_sent(cause: Failure) -> None:
    later = Failed(cause)
    events: list[At] = [(0.5, later), (0.75, Done()), (0.8, later), (1.3, Done()), (1.4, OPENED)]

    assert actions(*events) == [OpenMailbox(), Pause(0.25), OpenMailbox(), Pause(0.5), OpenMailbox(), ConnectSender()]


@EACH_LATER
@pytest.mark.parametrize("end", [Done(), TimeUp(), Failed(replace(CUT_OFF, step=Step.MAILBOX_CONNECT))])
def test_a_mailbox_that_is_not_to_be_had_until_the_time_is_up_is_that_failure(cause: Failure, end: Event) -> None:
    opens = isinstance(end, Failed)
    waiting: list[At] = [(0.5, Failed(cause)), *([(299.0, Done())] if opens else [])]
    ended = conclusion(*waiting, (DEADLINE, end))

    assert (ended.verdict, ended.status, ended.step) == (Verdict.UNSENT, cause.status, cause.step)
    assert ended.failure == cause


@pytest.mark.parametrize("status", [StatusCode.MAILBOX_LOGIN, StatusCode.CONNECTION_FAILED, StatusCode.TIMEOUT])
@pytest.mark.parametrize("temporary", [True, False])
def test_what_the_server_did_not_call_temporary_is_not_waited_for(status: StatusCode, *, temporary: bool) -> None:
    ended = conclusion((0.5, Failed(failure(Step.MAILBOX_LOGIN, status, temporary=temporary))))

    assert (ended.verdict, ended.status) == (Verdict.UNSENT, status)


def test_a_login_that_is_refused_while_a_locked_mailbox_is_waited_for_is_not_repeated() -> None:
    ended = conclusion((0.5, Failed(LOCKED)), (0.75, Done()), (0.8, Failed(WRONG_LOGIN)))

    assert (ended.verdict, ended.status) == (Verdict.UNSENT, StatusCode.MAILBOX_LOGIN)


def test_the_trouble_before_the_message_was_sent_makes_no_gap_longer_behind_it() -> None:
    opening: list[At] = [(0.1, Failed(LOCKED)), (0.2, Done()), (0.3, Failed(LOCKED)), (0.4, Done())]

    assert after(*opening, *SENT, (3.0, Failed(DROPPED))).action == Pause(0.25)


# -- other folders, reports ---------------------------------------------------------------------------------------------


def test_other_folders_are_looked_into_when_the_message_is_not_in_the_inbox_soon() -> None:
    state = after(*SENT, (2.1, nothing(2.0)), (2.2, Done()))
    later = after(*SENT, (2.1, nothing(2.0)), (4.2, Done()))

    assert (state.action, later.action) == (LookNow(everywhere=False), LookNow(everywhere=True))


def test_a_message_in_the_spam_folder_is_spam() -> None:
    junk = MessageRef("Junk", "1")
    seen = Looked(asked_at=4.2, answered_at=4.3, own=(junk,), spam=frozenset({junk}))

    ended = conclusion(*SENT, (4.3, seen), (4.4, SAME), (4.5, Done()), (4.6, nothing(4.6)))

    assert (ended.verdict, ended.status, ended.folder) == (Verdict.SPAM, StatusCode.SPAM_FOLDER, "Junk")
    assert ended.left_behind == 0


@pytest.mark.parametrize(
    ("looks_before", "not_before"),
    [
        # The look into the inbox at 2.1 would not have shown it.
        ([(2.2, nothing(2.1)), (4.2, Done())], 0.0),
        ([(2.2, nothing(2.1)), (4.2, Done()), (4.3, nothing(4.2)), (4.4, Done())], 2.2),
    ],
)
def test_a_message_in_the_spam_folder_came_after_the_last_look_into_that_folder(
    looks_before: Sequence[At], not_before: float
) -> None:
    junk = MessageRef("Junk", "1")
    seen = Looked(asked_at=8.0, answered_at=8.1, own=(junk,), spam=frozenset({junk}))

    ended = conclusion(*SENT, *looks_before, (8.1, seen), (8.2, SAME), (8.3, Done()), (8.4, nothing(8.4)))

    assert ended.sighting == Sighting(not_before=timedelta(seconds=not_before), not_after=timedelta(seconds=6.1))


REPORT = MessageRef("INBOX", "9")
BOUNCE = Bounce(reporting_mta="mx", recipients=(BouncedRecipient(action="failed", status="5.1.1"),), token="t")
DELAY = Bounce(reporting_mta="mx", recipients=(BouncedRecipient(action="delayed"),), token="t")


def test_a_report_of_failure_ends_the_trip_as_bounced_and_is_deleted() -> None:
    about = Looked(asked_at=3.0, answered_at=3.1, about=(REPORT,))
    events = [*SENT, (3.1, about), (3.2, Reported(BOUNCE)), (3.3, Done())]

    assert actions(*events)[4:6] == [ReadReport(REPORT), Delete((REPORT,))]
    ended = conclusion(*events)
    assert (ended.verdict, ended.status, ended.bounce) == (Verdict.BOUNCED, StatusCode.BOUNCED, BOUNCE)


@pytest.mark.parametrize(
    ("recipients", "status"),
    [
        ((BouncedRecipient(status="5.2.2"),), StatusCode.MAILBOX_QUOTA),
        ((BouncedRecipient(status="4.2.2"),), StatusCode.MAILBOX_QUOTA),
        ((BouncedRecipient(status="5.2.1"), BouncedRecipient(status="5.2.2")), StatusCode.MAILBOX_QUOTA),
        ((BouncedRecipient(), BouncedRecipient(status="5.2.2", action="delayed")), StatusCode.BOUNCED),
        ((BouncedRecipient(status="5.12.2"),), StatusCode.BOUNCED),
    ],
)
def test_a_report_of_a_full_mailbox_has_that_status(
    recipients: tuple[BouncedRecipient, ...], status: StatusCode
) -> None:
    report = Bounce(reporting_mta="mx", recipients=recipients, token="t")
    about = Looked(asked_at=3.0, answered_at=3.1, about=(REPORT,))

    ended = conclusion(*SENT, (3.1, about), (3.2, Reported(report)), (3.3, Done()))

    assert (ended.verdict, ended.status) == (Verdict.BOUNCED, status)


@pytest.mark.parametrize("report", [None, DELAY])
def test_what_only_quotes_the_message_or_tells_of_a_delay_changes_nothing(report: Bounce | None) -> None:
    about = Looked(asked_at=3.0, answered_at=3.1, about=(REPORT,))

    state = after(*SENT, (3.1, about), (3.2, Reported(report)), (3.3, about))

    assert isinstance(state.action, Pause)


def test_the_message_itself_goes_before_what_is_about_it() -> None:
    both = Looked(asked_at=3.0, answered_at=3.1, own=(REF,), about=(REPORT,))

    assert after(*SENT, (3.1, both)).action == Fetch(REF)


# -- our own end, and trips that an earlier process began ---------------------------------------------------------------


OURS = Failed(failure(Step.MAILBOX_RESOLVE, StatusCode.LOCATION_LOST))


@pytest.mark.parametrize(
    "events",
    [[(5.0, OURS)], [*SENT[:1], (5.0, OURS)], [*SENT[:2], (5.0, OURS)], [*SENT, (5.0, OURS), (DEADLINE, Done())]],
)
def test_a_failure_of_our_own_end_says_nothing_about_the_mail_path(events: Sequence[At]) -> None:
    ended = conclusion(*events)

    assert (ended.verdict, ended.status) == (Verdict.UNKNOWN, StatusCode.LOCATION_LOST)


def test_a_failure_of_our_own_end_is_waited_out_while_the_message_is_under_way() -> None:
    events = [*SENT, (5.0, OURS), (5.3, Done()), (5.4, OPENED), (5.5, found(5.4)), (5.6, SAME), (5.7, Done())]

    assert conclusion(*events, (5.8, nothing(5.7))).verdict is Verdict.DELIVERED


def resumed(*events: At, accepted: Accepted | None = None) -> State:
    state = resume(deadline=DEADLINE, warning_time=None, looks=IMAP, now=0.0, accepted=accepted)
    for now, event in events:
        state = advance(state, event, now)
    return state


def test_a_resumed_trip_looks_back_and_never_sends() -> None:
    opened = resumed((0.5, OPENED))
    waiting = resumed((0.5, OPENED), (0.6, nothing(0.5)))

    assert opened.action == LookBack()
    assert isinstance(waiting.action, Pause)


@pytest.mark.parametrize(
    ("accepted", "verdict", "status"),
    [
        (Accepted(reply="250 ok", at=-3.0), Verdict.MISSING, StatusCode.TIMEOUT),
        (None, Verdict.UNKNOWN, StatusCode.LOCATION_LOST),
    ],
)
def test_a_resumed_trip_that_finds_nothing_says_no_more_than_it_knows(
    accepted: Accepted | None, verdict: Verdict, status: StatusCode
) -> None:
    action = resumed((0.5, OPENED), (0.6, nothing(0.5)), (DEADLINE, Done()), accepted=accepted).action

    assert isinstance(action, Finish)
    assert (action.conclusion.verdict, action.conclusion.status) == (verdict, status)


def test_a_resumed_trip_that_finds_its_message_is_delivered() -> None:
    action = resumed((0.5, OPENED), (0.6, found(0.6)), (0.7, SAME), (0.8, Done()), (0.9, nothing(0.9))).action

    assert isinstance(action, Finish)
    assert action.conclusion.verdict is Verdict.DELIVERED
