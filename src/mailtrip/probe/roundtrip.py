"""The round trip as a pure state machine: what happened and the time go in, what to do next comes out.

`mailtrip.probe.run` performs the actions. Nothing here does I/O or reads a clock; times are monotonic seconds.

The order: open the mailbox and note its state, connect the sender, submit, look until the message is there, fetch it
and compare it, delete it. A trip that saw its message ends as the first of these that holds:

    trouble before its deletion     DELIVERED, with the status and step of the trouble: an error
    text altered                    ALTERED
    more than one copy              DOUBLED
    slower than the warning time    SLOW
    not deleted                     DELIVERED, status DELETE_FAILED
    otherwise                       DELIVERED, status OK

and one that did not:

    failed before acceptance        REFUSED, DEFERRED or UNSENT, with the status and step of the failure
    acceptance never heard          UNDECIDED, with the status and step of the lost answer
    mailbox failing at the end      MAILBOX_UNREACHABLE, with the status and step of the failure
    resumed, acceptance not known   UNKNOWN, status LOCATION_LOST: whether it was ever sent is not known
    no look allowed in time         UNKNOWN, status HELD_BACK: a limit of the provider
    otherwise                       MISSING, status TIMEOUT, step WAIT

A failure of our own end (status of severity UNKNOWN) makes the verdict UNKNOWN wherever it comes first.
"""

from dataclasses import replace
from datetime import timedelta

from mailtrip.model import Accepted, Bounce, Failure, MessageRef, Severity, StatusCode, Step, Verdict
from mailtrip.probe.endings import bounced, conclude, fail, finish
from mailtrip.probe.looks import LookPlan
from mailtrip.probe.moves import (
    Action,
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
from mailtrip.probe.state import State

__all__ = ["State", "advance", "begin", "resume"]

# A reply's timer may go off a little before the deadline by our own clock.
_TIMER_SLACK = 0.05
# An answer that is out for longer than this when the time is up is the mailbox's failing, and no proof of absence.
_OVERDUE = 5.0
_MOST_FETCHES = 3
_INBOX = "INBOX"
"""What each look shows; other folders only those that go everywhere."""


def begin(*, deadline: float, warning_time: timedelta | None, looks: LookPlan, now: float) -> State:
    """The state of a trip that is about to begin."""
    seconds = None if warning_time is None else warning_time.total_seconds()
    return State(deadline=deadline, warning_time=seconds, looks=looks, action=OpenMailbox(), since=now)


def resume(
    *, deadline: float, warning_time: timedelta | None, looks: LookPlan, now: float, accepted: Accepted | None
) -> State:
    """The state of a trip that an earlier process began: its message may have been sent, and is only looked for.

    Args:
        deadline: of the trip, as ever.
        warning_time: see `State`.
        looks: when to look.
        now: monotonic seconds.
        accepted: what the ledger knows of its acceptance, the time carried over to this process's clock.
    """
    state = begin(deadline=deadline, warning_time=warning_time, looks=looks, now=now)
    return replace(state, resumes=True, accepted=accepted, sent_at=accepted.at if accepted else now)


def advance(state: State, event: Event, now: float) -> State:
    """The state after an event; its `action` is what to do next.

    Raises:
        ValueError: when the event is no outcome of the state's action, which is a bug of the caller.
    """
    following = _after(state, event, now)
    if isinstance(following.action, Finish) or now < state.deadline:
        return following
    return _out_of_time(following, now, following.action.step)


def _after(state: State, event: Event, now: float) -> State:
    match state.action, event:
        case Finish(), _:
            raise ValueError("the trip is over")
        case _, Failed(failure=failure):
            return _failed(state, failure, now)
        case Submit(), TimeUp():
            # Nobody knows how far the message got.
            return finish(state, Verdict.UNDECIDED, StatusCode.TIMEOUT, Step.SUBMIT)
        case task, TimeUp():
            return _out_of_time(state, now, task.step)
        case _:
            return _succeeded(state, event, now)


def _succeeded(state: State, event: Event, now: float) -> State:
    match state.action, event:
        case OpenMailbox(), Opened(can_push=can_push):
            following = _opened(replace(state, can_push=can_push), now)
        case ConnectSender(), Done():
            following = _do(state, Submit(), now)
        case Submit(), Submitted(accepted=accepted):
            following = _first_look(replace(state, accepted=accepted, sent_at=accepted.at), now)
        case ((Pause() | Watch()), Done()):
            following = _waited(state, now)
        case ((LookNow() | LookBack()), Looked()):
            following = _looked(replace(state, trouble=None, failures=0), event, now)
        case ReadReport(ref=ref), Reported(bounce=bounce):
            following = _reported(replace(state, read=(*state.read, ref), trouble=None, failures=0), ref, bounce, now)
        case Fetch(), Fetched(comparison=comparison):
            state = replace(state, comparison=comparison, trouble=None, failures=0)
            following = _do(state, Delete(state.copies), now)
        case Delete(refs=refs), Done():
            gone = (replace(seen, deleted_at=now) if seen.ref in refs else seen for seen in state.found)
            following = _deleted(replace(state, found=tuple(gone)), now)
        case action, _:
            raise ValueError(f"{type(event).__name__} is no outcome of {type(action).__name__}")
    return following


def _do(state: State, action: Action, now: float) -> State:
    return replace(state, action=action, since=now)


def _opened(state: State, now: float) -> State:
    if state.sent_at is None:
        return _do(replace(state, trouble=None, failures=0), ConnectSender(), now)
    if state.resumes and state.unseen_at is None and not state.seen:
        return _do(state, LookBack(), now)
    return _do(state, Fetch(state.copies[0]) if state.seen else _next_look(state, now), now)


def _waited(state: State, now: float) -> State:
    if state.trouble:
        return _do(state, OpenMailbox(), now)
    return _do(state, ConnectSender() if state.sent_at is None else _next_look(state, now), now)


def _next_look(state: State, now: float) -> LookNow:
    since_wide = None if state.wide_at is None else now - state.wide_at
    return LookNow(everywhere=state.looks.is_wide(now - (state.sent_at or now), since_wide))


def _first_look(state: State, now: float) -> State:
    gap = state.looks.first_gap(state.deadline - now)
    return _pause(state, gap, now) if gap else _do(state, LookNow(), now)


def _pause(state: State, seconds: float, now: float) -> State:
    return _do(state, Pause(max(0.0, min(seconds, state.deadline - now))), now)


def _looked(state: State, look: Looked, now: float) -> State:
    fresh = tuple(ref for ref in dict.fromkeys(look.own) if ref not in state.copies)
    seen = tuple(Seen(ref=ref, not_before=_not_shown(state, ref), not_after=look.answered_at) for ref in fresh)
    if isinstance(state.action, LookNow) and state.action.everywhere:
        state = replace(state, wide_at=look.asked_at)
    found = replace(state, found=state.found + seen, spam=state.spam | look.spam)
    if state.looked_again:
        return _do(found, Delete(fresh), now) if fresh else conclude(state)
    if fresh:
        return _do(replace(found, seen=look), Fetch(fresh[0]), now)
    unread = [ref for ref in look.about if ref not in state.read]
    if unread:
        return _do(replace(state, unseen_at=look.asked_at), ReadReport(unread[0]), now)
    is_restless = state.unseen_at is not None and look.asked_at - state.unseen_at < state.looks.push_from
    return _wait(replace(state, unseen_at=look.asked_at), now, is_restless=is_restless)


def _not_shown(state: State, ref: MessageRef) -> float | None:
    """When the last look into a message's folder that did not show it was asked; None when there was none."""
    if ref.folder != _INBOX:
        return state.wide_at
    return state.seen.asked_at if state.seen else state.unseen_at


def _wait(state: State, now: float, *, is_restless: bool) -> State:
    """Wait for the next look; `is_restless` when the two looks before were close together."""
    looks = state.looks
    remaining = state.deadline - now
    gap = looks.gap(0.0 if state.sent_at is None else now - state.sent_at, remaining)
    if not state.can_push or not looks.push_from <= gap < remaining:
        return _pause(state, gap, now)
    # A mailbox that tells of news all the time must not make us look all the time.
    return _pause(state, max(looks.push_from, looks.minimum), now) if is_restless else _do(state, Watch(gap), now)


def _reported(state: State, ref: MessageRef, bounce: Bounce | None, now: float) -> State:
    """A report of failure ends the trip; anything else that quotes the token (a delay, a reply) changes nothing."""
    if bounce is None or not bounce.is_final:
        return _do(state, _next_look(state, now), now)
    return _do(replace(state, bounce=bounce), Delete((ref,)), now)


def _deleted(state: State, now: float) -> State:
    if state.bounce:
        return bounced(state)
    if state.looked_again or not state.looks.looks_again:
        return conclude(state)
    return _do(replace(state, looked_again=True), LookNow(), now)


# -- When something fails -----------------------------------------------------------------------------------------------


def _failed(state: State, failure: Failure, now: float) -> State:
    if failure.status is StatusCode.HELD_BACK:
        return _held_back(state, failure, now)
    if failure.status.severity is Severity.UNKNOWN and state.sent_at is None:
        return finish(state, Verdict.UNKNOWN, failure.status, failure.step, failure)
    is_time_up = failure.status is StatusCode.TIMEOUT and now >= state.deadline - _TIMER_SLACK
    if state.sent_at is None:
        return _failed_before_sending(state, failure, now, is_time_up=is_time_up)
    return _failed_after_sending(state, failure, now, is_time_up=is_time_up)


def _held_back(state: State, failure: Failure, now: float) -> State:
    """There is no time to log in: what is known by now is the verdict, and where that is nothing, no server is to blame."""
    if state.trouble or state.seen or state.bounce:
        return _out_of_time(state, now, failure.step)
    return finish(state, Verdict.UNKNOWN, failure.status, failure.step, failure)


def _failed_before_sending(state: State, failure: Failure, now: float, *, is_time_up: bool) -> State:
    match state.action:
        case Submit() if failure.is_unanswered:
            # The message decides: it is looked for, and never sent again.
            state = replace(state, sent_at=now, unanswered=failure)
            return _out_of_time(state, now, failure.step) if is_time_up else _first_look(state, now)
        case OpenMailbox() if failure.says_later:
            # Somebody else has the box, or the server has trouble for the moment: no failure until the time is up.
            return _retry(replace(state, trouble=failure, failures=state.failures + 1), failure, now)
        case ConnectSender() | Submit() if failure.says_later:
            return _deferred(state, failure, now)
        case _ if (state.trouble or state.deferral) and _is_cut_off(state, failure, now):
            return _out_of_time(state, now, failure.step)
        case Submit() if failure.status in _REFUSALS:
            return finish(state, Verdict.REFUSED, failure.status, failure.step, failure)
        case _:
            return finish(state, Verdict.UNSENT, failure.status, failure.step, failure)


def _failed_after_sending(state: State, failure: Failure, now: float, *, is_time_up: bool) -> State:
    match state.action:
        case LookNow() if state.looked_again:
            return conclude(state)
        case Delete() if state.bounce:
            return bounced(state, not_deleted=failure)
        case _ if is_time_up:
            return _out_of_time(state, now, failure.step)
        case Delete():
            return conclude(state, not_deleted=failure)
        case LookNow() | OpenMailbox() if not state.seen and _is_cut_off(state, failure, now):
            return _out_of_time(state, now, failure.step)
        case _:
            return _retry(replace(state, trouble=failure, failures=state.failures + 1), failure, now)


def _is_cut_off(state: State, failure: Failure, now: float) -> bool:
    """Whether the deadline came right after the action was begun: that there was no time left is not the mailbox's failing."""
    return failure.is_temporary and now >= state.deadline - _TIMER_SLACK and now - state.since < _OVERDUE


def _deferred(state: State, failure: Failure, now: float) -> State:
    """The server wants to be asked later (RFC 5321, 4.5.4.1): the same message is offered again while there is time."""
    deferred_at = now if state.deferred_at is None else state.deferred_at
    state = replace(state, deferral=failure, deferred_at=deferred_at, deferrals=state.deferrals + 1)
    gap = state.looks.deferral_gap(state.deferrals)
    if now + gap >= state.deadline:
        return finish(state, Verdict.DEFERRED, failure.status, failure.step, failure)
    return _pause(state, gap, now)


_REFUSALS = frozenset(
    {
        StatusCode.SENDER_REFUSED,
        StatusCode.RECIPIENT_REFUSED,
        StatusCode.MESSAGE_REFUSED,
        StatusCode.MAILBOX_QUOTA,
    }
)


def _retry(state: State, failure: Failure, now: float) -> State:
    """The mailbox failed while the message is waited for or fetched: try again later, where that can help."""
    # A login that is refused for good is not repeated: many servers lock the account after a few.
    is_hopeless = failure.status is StatusCode.MAILBOX_LOGIN and not failure.is_temporary
    if is_hopeless or (state.seen and state.failures >= _MOST_FETCHES):
        return _out_of_time(state, now, failure.step)
    return _pause(state, state.looks.retry_gap(state.failures), now)


def _out_of_time(state: State, now: float, step: Step) -> State:
    """No more can be done: what is known so far is the verdict."""
    if state.bounce:
        return bounced(state)
    if state.looked_again:
        return conclude(state)
    if state.sent_at is None:
        verdict = Verdict.DEFERRED if state.deferral else Verdict.UNSENT
        return fail(state, verdict, state.deferral or state.trouble, step)
    if state.seen:
        return fail(state, Verdict.DELIVERED, state.trouble, step)
    return _unseen(state, now, step)


def _unseen(state: State, now: float, step: Step) -> State:
    """The message was handed over, or may have been, and nobody has seen it."""
    if state.unanswered:
        return fail(state, Verdict.UNDECIDED, state.unanswered, step)
    if state.trouble or _is_overdue(state, now):
        return fail(state, Verdict.MAILBOX_UNREACHABLE, state.trouble, step)
    if state.accepted is None:
        return finish(state, Verdict.UNKNOWN, StatusCode.LOCATION_LOST, Step.WAIT)
    if state.unseen_at is None and state.looks.minimum:
        return finish(state, Verdict.UNKNOWN, StatusCode.HELD_BACK, Step.WAIT, _NO_LOOK)
    return finish(state, Verdict.MISSING, StatusCode.TIMEOUT, Step.WAIT)


_NO_LOOK = Failure(
    step=Step.WAIT,
    status=StatusCode.HELD_BACK,
    reason="a limit on logins left no time to look into the mailbox; set a longer timeout",
)


def _is_overdue(state: State, now: float) -> bool:
    planned = state.action.seconds if isinstance(state.action, Pause | Watch) else 0.0
    return now - state.since - planned > _OVERDUE
