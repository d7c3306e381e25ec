"""The check of one server as a pure state machine: what happened and the time go in, what to do next comes out.

`mailtrip.probe.service_run` performs the actions. A check calls the server: connect, TLS, greeting, and, where there are
credentials, the login and a look that changes nothing. It sends no message and deletes none, so that it never says
anything about delivery:

    all was answered, in time         ANSWERS, status OK
    all, slower than the warning      ANSWERS, status SLOW_ANSWER: a warning
    a server that fails               FAILS, with the status and step of the failure
    no end before the deadline        FAILS, status TIMEOUT, and the step it hung in
    a failure of our own end          UNKNOWN, with its status and step

A mailbox that somebody else has locked for the moment is called again until the deadline, as in a round trip.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeAlias

from mailtrip.model import Failure, MailProtocol, Severity, StatusCode, Step, Verdict
from mailtrip.probe.expectations import Shortfall
from mailtrip.probe.moves import Conclusion, Finish, Pause

__all__ = ["Answered", "Call", "CheckState", "advance", "begin", "find_missing"]

_FIRST_GAP = 1.0
_LONGEST_GAP = 15.0


@dataclass(frozen=True, slots=True)
class Call:
    """Connect, and do all that the check does with the server."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The server did all that was asked; `seconds` is what its answers took, without what was waited for at our end."""

    seconds: float


CheckAction: TypeAlias = Call | Pause | Finish
CheckEvent: TypeAlias = Answered | Failure | Step | None
"""What came of the action: of a call its answer, how it failed, or the step it hung in when the time was up; of a pause
nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckState:
    """Where a check is.

    Attributes:
        deadline: monotonic seconds.
        warning_time: seconds of answers that are too slow; None for never.
        locked: how often the mailbox was found locked.
        lock: how it was last.
    """

    deadline: float
    warning_time: float | None
    action: CheckAction
    locked: int = 0
    lock: Failure | None = None


def begin(*, deadline: float, warning_time: timedelta | None) -> CheckState:
    """The state of a check that is about to begin."""
    seconds = None if warning_time is None else warning_time.total_seconds()
    return CheckState(deadline=deadline, warning_time=seconds, action=Call())


def advance(state: CheckState, event: CheckEvent, now: float) -> CheckState:
    """The state after an event; its `action` is what to do next.

    Raises:
        ValueError: when the event is no outcome of the state's action, which is a bug of the caller.
    """
    match state.action, event:
        case Pause(), None:
            following = _out_of_time(state) if now >= state.deadline else replace(state, action=Call())
        case Call(), Answered(seconds=seconds):
            following = _answered(state, seconds)
        case Call(), Step() as step:
            following = _finish(state, Verdict.FAILS, StatusCode.TIMEOUT, step)
        case Call(), Failure() as failure:
            following = _failed(state, failure, now)
        case action, _:
            raise ValueError(f"{type(event).__name__} is no outcome of {type(action).__name__}")
    return following


def find_missing(wanted: Collection[str], offered: Collection[str], protocol: MailProtocol) -> tuple[Shortfall, ...]:
    """The capabilities that are expected and not offered.

    Args:
        wanted: a word, or a word with arguments: `AUTH PLAIN` is met by a line `AUTH LOGIN PLAIN`.
        offered: the server's lines.
        protocol: decides on the step at which it is told.
    """
    lines = [line.upper().split() for line in offered]
    step = Step.GREETING if protocol is MailProtocol.SMTP else Step.MAILBOX_GREETING
    return tuple(
        Shortfall(StatusCode.NOT_OFFERED, step, f"it does not offer {name}")
        for name in wanted
        if not any(_meets(line, name.upper().split()) for line in lines)
    )


def _meets(line: list[str], wanted: list[str]) -> bool:
    return line[:1] == wanted[:1] and set(wanted) <= set(line)


def _answered(state: CheckState, seconds: float) -> CheckState:
    if state.warning_time is not None and seconds > state.warning_time:
        return _finish(state, Verdict.ANSWERS, StatusCode.SLOW_ANSWER, None)
    return _finish(state, Verdict.ANSWERS, StatusCode.OK, None)


def _failed(state: CheckState, failure: Failure, now: float) -> CheckState:
    if failure.status is StatusCode.MAILBOX_LOCKED and failure.is_temporary:
        state = replace(state, locked=state.locked + 1, lock=failure)
        gap = min(_FIRST_GAP * 2 ** (state.locked - 1), _LONGEST_GAP)
        return replace(state, action=Pause(gap)) if now + gap < state.deadline else _out_of_time(state)
    verdict = Verdict.UNKNOWN if failure.status.severity is Severity.UNKNOWN else Verdict.FAILS
    return _finish(state, verdict, failure.status, failure.step, failure)


def _out_of_time(state: CheckState) -> CheckState:
    """Only a locked mailbox is waited for."""
    if state.lock is None:
        raise ValueError("a check pauses only for a locked mailbox")
    return _finish(state, Verdict.FAILS, state.lock.status, state.lock.step, state.lock)


def _finish(
    state: CheckState, verdict: Verdict, status: StatusCode, step: Step | None, failure: Failure | None = None
) -> CheckState:
    return replace(state, action=Finish(Conclusion(verdict=verdict, status=status, step=step, failure=failure)))
