"""What holds for every trip, whatever happens on it: random outcomes for whatever the machine asks for."""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import assert_never

from hypothesis import given, settings
from hypothesis import strategies as st

from mailtrip.model import (
    Accepted,
    Bounce,
    BouncedRecipient,
    Failure,
    MailProtocol,
    MessageRef,
    Severity,
    StatusCode,
    Step,
    Verdict,
)
from mailtrip.probe.compare import Alteration, Change, Comparison
from mailtrip.probe.looks import look_plan
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
    Submit,
    Submitted,
    Task,
    TimeUp,
    Watch,
)
from mailtrip.probe.roundtrip import advance, begin, resume

DEADLINE = 60.0
ACCEPTED_BEFORE = 5.0
MOST_ACTIONS = 1000

SMTP_STATUSES = (
    StatusCode.SMTP_PROTOCOL,
    StatusCode.SENDER_REFUSED,
    StatusCode.MESSAGE_REFUSED,
    StatusCode.DEFERRED,
    StatusCode.TIMEOUT,
)
MAILBOX_STATUSES = (
    StatusCode.CONNECTION_FAILED,
    StatusCode.MAILBOX_PROTOCOL,
    StatusCode.MAILBOX_LOGIN,
    StatusCode.MAILBOX_LOCKED,
    StatusCode.TIMEOUT,
)
SEEN = frozenset({Verdict.DELIVERED, Verdict.SLOW, Verdict.ALTERED, Verdict.DOUBLED, Verdict.SPAM})
UNACCEPTED = frozenset({Verdict.UNSENT, Verdict.REFUSED, Verdict.DEFERRED})

ONE, TWO, THREE = (MessageRef("INBOX", key) for key in "123")
REPORT = MessageRef("INBOX", "9")

durations = st.sampled_from([0.1, 0.0, 0.3, 2.0, 11.0, 59.99])
kinds = st.sampled_from(["good", "good", "good", "bad", "time up"])
own_messages = st.sampled_from([(), (), (), (ONE,), (TWO,), (ONE,), (TWO, ONE), (ONE, ONE), (ONE, TWO, THREE)])
about = st.sampled_from([(), (), (), (), (REPORT,)])
reports = st.sampled_from(
    [
        None,
        Bounce(reporting_mta=None, recipients=(BouncedRecipient(action="delayed"),), token="t"),
        Bounce(reporting_mta=None, recipients=(BouncedRecipient(action="failed"),), token="t"),
    ]
)
comparisons = st.sampled_from(
    [*[Comparison()] * 3, *(Comparison((Alteration(change, "x"),)) for change in (Change.FOOTER, Change.DAMAGED))]
)


@dataclass(slots=True)
class Trip:
    """A trip that has ended, and the way it took."""

    conclusion: Conclusion
    way: list[tuple[Task, float, Event]] = field(default_factory=list)
    is_resumed: bool = False

    def outcomes(self, kind: type[Event]) -> list[Event]:
        return [event for _, _, event in self.way if isinstance(event, kind)]


def failures(statuses: tuple[StatusCode, ...], step: Step) -> st.SearchStrategy[Event]:
    return st.builds(
        lambda status, is_temporary, says_later, is_unanswered: Failed(
            Failure(
                step=step,
                status=status,
                reason="",
                is_temporary=is_temporary or says_later,
                says_later=says_later,
                is_unanswered=is_unanswered and not says_later,
            )
        ),
        st.sampled_from(statuses),
        st.booleans(),
        st.booleans(),
        st.booleans() if step is Step.SUBMIT else st.just(False),
    )


def outcome(draw: st.DrawFn, task: Task, began: float) -> tuple[float, Event]:
    """When and how an action ends; a good end is the likelier one."""
    ended = began + draw(durations)
    kind = draw(kinds)
    if isinstance(task, Pause):
        return began + task.seconds, Done()
    if kind == "time up" and ended >= DEADLINE:
        return ended, TimeUp()
    if kind == "bad":
        statuses = SMTP_STATUSES if isinstance(task, ConnectSender | Submit) else MAILBOX_STATUSES
        return ended, draw(failures(statuses, task.step))
    return ended, success(draw, task, began, ended)


def success(draw: st.DrawFn, task: Task, began: float, ended: float) -> Event:
    match task:
        case OpenMailbox():
            event: Event = Opened(can_push=draw(st.booleans()))
        case Submit():
            event = Submitted(Accepted(reply="250 ok", at=ended, offered_at=began))
        case LookNow() | LookBack():
            own = draw(own_messages)
            spam = frozenset(own) if draw(st.integers(0, 5)) == 0 else frozenset()
            event = Looked(asked_at=began, answered_at=ended, own=own, spam=spam, about=draw(about))
        case ReadReport():
            event = Reported(draw(reports))
        case Fetch():
            event = Fetched(draw(comparisons))
        case ConnectSender() | Delete() | Watch() | Pause():
            event = Done()
        case _:
            assert_never(task)
    return event


@st.composite
def trips(draw: st.DrawFn) -> Trip:
    now = 0.0
    looks = look_plan(
        draw(st.sampled_from([MailProtocol.POP3, MailProtocol.IMAP])), login_gap=draw(st.sampled_from([0, 5]))
    )
    warning_time = draw(st.sampled_from([None, timedelta(seconds=1)]))
    is_resumed = draw(st.integers(0, 4)) == 0
    if is_resumed:
        accepted = draw(st.sampled_from([None, Accepted(reply="250 ok", at=-ACCEPTED_BEFORE)]))
        state = resume(deadline=DEADLINE, warning_time=warning_time, looks=looks, now=now, accepted=accepted)
    else:
        state = begin(deadline=DEADLINE, warning_time=warning_time, looks=looks, now=now)
    way: list[tuple[Task, float, Event]] = []
    while not isinstance(action := state.action, Finish):
        assert len(way) < MOST_ACTIONS, "the trip does not end"
        began = now
        now, event = outcome(draw, action, now)
        way.append((action, began, event))
        state = advance(state, event, now)
    return Trip(action.conclusion, way, is_resumed)


def recognised(trip: Trip) -> set[MessageRef]:
    return {ref for event in trip.outcomes(Looked) if isinstance(event, Looked) for ref in event.own}


def asked(trip: Trip, kind: type[Action]) -> list[Action]:
    return [task for task, _, _ in trip.way if isinstance(task, kind)]


@given(trips())
@settings(max_examples=200)
def test_no_trip_is_green_without_its_message_found_fetched_and_accounted_for(trip: Trip) -> None:
    if trip.conclusion.status.severity in {Severity.OK, Severity.WARNING}:
        assert recognised(trip)
        assert trip.outcomes(Fetched)
        assert asked(trip, Delete)


@given(trips())
@settings(max_examples=200)
def test_nothing_is_deleted_or_fetched_that_was_not_recognised(trip: Trip) -> None:
    known: set[MessageRef] = set()
    for task, _, event in trip.way:
        if isinstance(task, Delete):
            assert task.refs
            assert known.issuperset(task.refs)
        if isinstance(task, Fetch | ReadReport):
            assert task.ref in known
        if isinstance(event, Looked):
            known.update(event.own, event.about)


@given(trips())
@settings(max_examples=200)
def test_no_message_is_sent_again_unless_the_server_put_it_off(trip: Trip) -> None:
    submissions = [event for task, _, event in trip.way if isinstance(task, Submit)]

    assert not (trip.is_resumed and submissions)
    for event in submissions[:-1]:
        assert isinstance(event, Failed)
        assert event.failure.says_later
        assert not event.failure.is_unanswered
    if submissions:
        assert any(isinstance(event, Opened) for _, _, event in trip.way[: [t for t, _, _ in trip.way].index(Submit())])


@given(trips())
@settings(max_examples=200)
def test_what_is_left_behind_is_what_was_found_and_not_deleted(trip: Trip) -> None:
    deleted = {ref for task, _, event in trip.way if isinstance(task, Delete) and event == Done() for ref in task.refs}

    assert trip.conclusion.left_behind == len(recognised(trip) - deleted)


@given(trips())
@settings(max_examples=200)
def test_the_verdict_fits_what_was_seen_and_heard(trip: Trip) -> None:
    verdict = trip.conclusion.verdict
    was_heard = trip.conclusion.accepted is not None

    assert was_heard == bool(trip.outcomes(Submitted)) or trip.is_resumed
    if verdict is not Verdict.BOUNCED:
        assert (verdict in SEEN) == bool(recognised(trip))
    if trip.conclusion.status is StatusCode.HELD_BACK:
        assert not trip.outcomes(Looked)
    elif verdict is Verdict.UNKNOWN:
        assert trip.is_resumed
        assert not was_heard
    if verdict in UNACCEPTED:
        assert not was_heard
        assert not asked(trip, LookNow)
    if verdict is Verdict.MISSING:
        assert was_heard
    if verdict is Verdict.UNDECIDED:
        assert asked(trip, Submit)
        assert not was_heard
    if verdict is Verdict.BOUNCED:
        assert trip.conclusion.bounce
        assert trip.conclusion.bounce.is_final


@given(trips())
@settings(max_examples=200)
def test_a_bad_end_names_its_step_and_a_good_one_has_none(trip: Trip) -> None:
    assert (trip.conclusion.step is None) == (trip.conclusion.status is StatusCode.OK)


@given(trips())
@settings(max_examples=200)
def test_nothing_is_begun_after_the_deadline_and_no_pause_goes_beyond_it(trip: Trip) -> None:
    for task, began, _ in trip.way:
        assert began < DEADLINE
        if isinstance(task, Pause | Watch):
            assert 0 <= task.seconds <= DEADLINE - began + 1e-6


@given(trips())
@settings(max_examples=200)
def test_a_sighting_is_told_exactly_when_acceptance_and_message_were(trip: Trip) -> None:
    sighting = trip.conclusion.sighting

    assert (sighting is not None) == bool(trip.conclusion.accepted and recognised(trip))
    if sighting:
        assert (
            -timedelta(seconds=2 * DEADLINE)
            <= sighting.not_before
            <= sighting.not_after
            <= timedelta(seconds=2 * DEADLINE + ACCEPTED_BEFORE)
        )


@given(trips())
def test_a_look_that_showed_nothing_is_followed_by_a_wait(trip: Trip) -> None:
    for (_, _, event), (following, _, _) in pairwise(trip.way):
        if isinstance(event, Looked) and not event.own and not event.about:
            assert isinstance(following, Pause | Watch)
