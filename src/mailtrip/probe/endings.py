"""The ends of a round trip: which verdict what is known comes to (the table stands in `mailtrip.probe.roundtrip`)."""

from dataclasses import replace
from datetime import timedelta

from mailtrip.model import Failure, Severity, Sighting, StatusCode, Step, Verdict
from mailtrip.probe.moves import Conclusion, Finish
from mailtrip.probe.state import State

__all__ = ["bounced", "conclude", "fail", "finish"]


def bounced(state: State, *, not_deleted: Failure | None = None) -> State:
    """A report of the message's failure came back, and was deleted if that could be done."""
    is_full = state.bounce is not None and state.bounce.is_mailbox_full
    status = StatusCode.MAILBOX_QUOTA if is_full else StatusCode.BOUNCED
    return finish(state, Verdict.BOUNCED, status, Step.WAIT, not_deleted=not_deleted)


def conclude(state: State, *, not_deleted: Failure | None = None) -> State:
    """The message was seen, fetched, and deleted if that could be done."""
    sighting, deferred_for = _sighting(state), _deferred_for(state)
    delay = _seen_after(state, sighting) + deferred_for
    if state.spam:
        verdict, status, step = Verdict.SPAM, StatusCode.SPAM_FOLDER, Step.LOOK
    elif state.comparison is None or state.comparison.is_altered:
        verdict, status, step = Verdict.ALTERED, StatusCode.ALTERED, Step.FETCH
    elif len(state.copies) > 1:
        verdict, status, step = Verdict.DOUBLED, StatusCode.DOUBLED, Step.LOOK
    elif state.warning_time is not None and delay > state.warning_time:
        verdict, status, step = Verdict.SLOW, StatusCode.SLOW, Step.WAIT
    elif not_deleted:
        verdict, status, step = Verdict.DELIVERED, StatusCode.DELETE_FAILED, not_deleted.step
    else:
        return finish(state, Verdict.DELIVERED, StatusCode.OK, None)
    return finish(state, verdict, status, step, not_deleted=not_deleted)


def fail(state: State, verdict: Verdict, failure: Failure | None, step: Step) -> State:
    """A verdict that rests on a failure, and says nothing where that is our own; without one the time was up, at `step`."""
    if failure is None:
        return finish(state, verdict, StatusCode.TIMEOUT, step)
    if failure.status.severity is Severity.UNKNOWN:
        verdict = Verdict.UNKNOWN
    return finish(state, verdict, failure.status, failure.step, failure)


def finish(
    state: State,
    verdict: Verdict,
    status: StatusCode,
    step: Step | None,
    failure: Failure | None = None,
    *,
    not_deleted: Failure | None = None,
) -> State:
    """The last state of a trip, with its conclusion."""
    conclusion = Conclusion(
        verdict=verdict,
        status=status,
        step=step,
        failure=failure,
        accepted=state.accepted,
        sighting=_sighting(state),
        copies=len(state.copies),
        comparison=state.comparison,
        left_behind=sum(seen.deleted_at is None for seen in state.found),
        found=state.found,
        not_deleted=not_deleted,
        folder=_folder(state),
        deferred_for=timedelta(seconds=_deferred_for(state)) if state.deferred_at is not None else None,
        bounce=state.bounce,
    )
    return replace(state, action=Finish(conclusion))


def _folder(state: State) -> str | None:
    """Where the message was seen: the spam folder, if it is there too."""
    where = sorted(state.copies, key=lambda ref: ref not in state.spam)
    return where[0].folder if where else None


def _seen_after(state: State, sighting: Sighting | None) -> float:
    """Seconds that the message took; where looks are few by the provider's limit, no more than is proven."""
    if sighting is None:
        return 0.0
    return (sighting.not_before if state.looks.minimum else sighting.not_after).total_seconds()


def _deferred_for(state: State) -> float:
    """Seconds from the first deferral to acceptance, or to the last deferral."""
    if state.deferred_at is None:
        return 0.0
    end = state.accepted.at if state.accepted else state.since
    return max(0.0, end - state.deferred_at)


def _sighting(state: State) -> Sighting | None:
    if state.accepted is None or state.seen is None:
        return None
    accepted_at, offered_at = state.accepted.at, state.accepted.offered_at
    sent_at = accepted_at if offered_at is None else offered_at
    first = [seen.not_before for seen in state.found if seen.not_after == state.seen.answered_at]
    not_before = max(sent_at, min(sent_at if moment is None else moment for moment in first))
    return Sighting(
        not_before=timedelta(seconds=not_before - accepted_at),
        not_after=timedelta(seconds=max(not_before, state.seen.answered_at) - accepted_at),
    )
