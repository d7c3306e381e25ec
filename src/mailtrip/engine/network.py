"""Finds out that the location itself has lost its network, so that no mail server is blamed for it."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

import structlog

from mailtrip.model import MonitorSettings, Result, StatusCode, Step, Verdict

__all__ = ["NETWORK_LOST", "WINDOW_SECONDS", "NetworkWatch", "Outcome", "is_network_lost", "outcome_of"]

_log = structlog.get_logger(__name__)

NETWORK_LOST = "The location has lost its network"

WINDOW_SECONDS = 60.0
_FEWEST_HOSTS = 3
_BEFORE_A_CONVERSATION = frozenset({StatusCode.CONNECTION_FAILED, StatusCode.SMTP_NAME, StatusCode.MAILBOX_NAME})
_MOST_OUTCOMES = 10_000
_MAILBOX_STEPS = frozenset({Step.MAILBOX_RESOLVE, Step.MAILBOX_CONNECT})
_FIRST_STEPS = _MAILBOX_STEPS | {Step.RESOLVE, Step.CONNECT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run tells of the network.

    Attributes:
        at: when it ended, in monotonic seconds.
        run_id: whose it is.
        unreached: the host that could not be resolved or connected to; None when it failed otherwise or not at all.
        has_reached: whether any server was connected to.
    """

    at: float
    run_id: int
    unreached: str | None
    has_reached: bool


def outcome_of(run_id: int, settings: MonitorSettings, result: Result, *, at: float) -> Outcome:
    """What a result tells of the network."""
    # What a run has found to be our own trouble already, tells of the network all the same.
    is_ours = result.status is StatusCode.LOCATION_LOST and result.step in _FIRST_STEPS
    unreached = None
    if is_ours or result.status in _BEFORE_A_CONVERSATION:
        unreached = settings.mailbox.host if result.step in _MAILBOX_STEPS else settings.smtp.host
    return Outcome(
        at=at,
        run_id=run_id,
        unreached=unreached,
        has_reached=any(session.address is not None for session in result.sessions),
    )


def is_network_lost(outcomes: Iterable[Outcome], *, now: float) -> bool:
    """Whether at least three different hosts, and all there were, could not be reached within the last minute."""
    recent = [outcome for outcome in outcomes if outcome.at > now - WINDOW_SECONDS]
    unreached = {outcome.unreached for outcome in recent if outcome.unreached is not None}
    return len(unreached) >= _FEWEST_HOSTS and not any(outcome.has_reached for outcome in recent)


class NetworkWatch:
    """Follows the results of one location as they come.

    Attributes:
        is_lost: whether the location has no network, as far as the newest results show.
    """

    def __init__(self) -> None:
        self._outcomes: deque[Outcome] = deque(maxlen=_MOST_OUTCOMES)
        self.is_lost = False

    def judge(
        self, run_id: int, settings: MonitorSettings, result: Result, *, at: float
    ) -> tuple[Result, tuple[int, ...]]:
        """The result, or UNKNOWN where it blames a server for the lost network; and the runs before that did so too."""
        outcome = outcome_of(run_id, settings, result, at=at)
        if outcome.unreached is None and not outcome.has_reached:
            return result, ()
        self._outcomes.append(outcome)
        while self._outcomes[0].at <= at - WINDOW_SECONDS:
            self._outcomes.popleft()
        was_lost = self.is_lost
        # Once lost, it is lost until a server is reached: results may come rarely.
        self.is_lost = is_network_lost(self._outcomes, now=at) or (was_lost and not outcome.has_reached)
        if self.is_lost != was_lost:
            _log.warning("the location has lost its network" if self.is_lost else "the location has its network back")
        if not self.is_lost:
            return result, ()
        before = () if was_lost else tuple(other.run_id for other in self._outcomes if other is not outcome)
        return _excused(result), tuple(id_ for id_ in before if id_ > 0)


def _excused(result: Result) -> Result:
    """The result without blame for the server."""
    return replace(
        result,
        verdict=Verdict.UNKNOWN,
        status=StatusCode.LOCATION_LOST,
        summary=f"{NETWORK_LOST}: nothing can be said of the mail path. {result.summary}",
    )
