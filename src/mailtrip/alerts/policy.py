"""When an alert is sent and when not: what one recipient is told of one monitor (alertsite-v3.md, 4.2, 4.3, 5.4). Pure.

A `Route` says what a recipient wants to hear of a monitor; a `Standing` is what has been heard and told so far.
`advance` takes the next finding and gives the new standing with what is to be said, or why nothing is.
`docs/explanation/alerts.md` has the decision table, which the tests run.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from mailtrip.model import AlertKind, StatusCode

__all__ = ["Decision", "Finding", "Outcome", "Route", "Silence", "Standing", "advance"]

_FIRST_GAP = timedelta(minutes=5)
_LONGEST_GAP = timedelta(days=1)


class Outcome(StrEnum):
    """What a run says about its monitor, once its recheck and its mode have had their say."""

    WELL = "well"
    """No error, or one that did not count: not verified, or not found by enough locations."""
    FAILS = "fails"
    """An error that counts."""
    ARRIVED = "arrived"
    """The message whose absence was the error has come after all."""
    EXCUSED = "excused"
    """The error turned out to be our own fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is new of a monitor. Trouble of ours is no finding at all: it says nothing about the monitor.

    Attributes:
        at: when it became known.
        run_id: the run that it is about.
        slot: of that run.
        status: of that run.
    """

    at: datetime
    run_id: int
    slot: datetime
    outcome: Outcome
    status: StatusCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a recipient wants to hear of a monitor.

    Attributes:
        start_threshold: errors before the first alert: in a row, or among the last `error_window`.
        stop_threshold: most alerts while errors last.
        error_window: of so many findings the errors are counted, in any order; None counts errors in a row.
        notify_on_clear: whether the end of the errors is told.
        status_codes: the errors it is about; empty for all.
        escalate_after: from the first alert on, how long nobody has to have acknowledged it, for others to be told; None for
            never.
        urgent: which of them are urgent, by group that says so: status codes, empty for all.
    """

    start_threshold: int = 1
    stop_threshold: int = 10
    error_window: int | None = None
    notify_on_clear: bool = False
    status_codes: frozenset[int] = frozenset()
    urgent: tuple[frozenset[int], ...] = ()
    escalate_after: timedelta | None = None

    def is_urgent(self, status: StatusCode) -> bool:
        """Whether errors with this status are told at any time."""
        return any(not codes or status in codes for codes in self.urgent)

    def names_urgent(self, status: StatusCode) -> bool:
        """Whether warnings with this status are told at any time: where an urgent group names it, as one for all errors is not about them."""
        return any(status in codes for codes in self.urgent)

    def concerns(self, status: StatusCode) -> bool:
        """Whether errors with this status are for this recipient."""
        return not self.status_codes or status in self.status_codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was heard and told so far; the default is that of a monitor that is well.

    Attributes:
        errors: errors in a row that concern the route.
        history: of the last findings, as far as the route's window goes, a bit each, set for an error; the newest is the
            lowest.
        alerts: told since the errors began.
        since: when the first of these errors became known.
        run_id: the run that was heard of last, while it counts as an error.
        slot: of the run that was heard of last.
        told_at: when the last alert was decided on.
        acknowledged_at: when `acknowledged_by` took these errors on: there are no reminders from then on.
        is_urgent: whether what was told of these errors was urgent: then so is what follows.
        escalates_at: when it is to be looked whether others have to be told; None for never.
        is_escalated: whether the recipient was told only because nobody had acknowledged.
        snoozed_until: nothing is said before of errors with `snoozed_status`, and the first that is found afterwards is told.
    """

    errors: int = 0
    history: int = 0
    alerts: int = 0
    since: datetime | None = None
    run_id: int | None = None
    slot: datetime | None = None
    told_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    snoozed_until: datetime | None = None
    snoozed_status: StatusCode | None = None
    is_urgent: bool = False
    escalates_at: datetime | None = None
    is_escalated: bool = False

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to remember."""
        return not self.errors and not self.history and not self.alerts and self.snoozed_until is None

    def is_snoozed(self, at: datetime) -> bool:
        """Whether the recipient wants to be left alone at that time."""
        return self.snoozed_until is not None and at < self.snoozed_until


class Silence(StrEnum):
    """Why nothing is said."""

    ALL_WELL = "nothing was wrong before"
    NEVER_TOLD = "the error had not been told"
    NO_CLEAR = "the recipient does not want to hear of the end"
    BELOW_THRESHOLD = "fewer errors than the recipient wants"
    TOO_MANY_OF_LATE = "too many of the last runs have failed"
    ENOUGH = "as many alerts as the recipient wants were sent"
    ACKNOWLEDGED = "somebody has acknowledged the error"
    SNOOZED = "it is snoozed"
    TOO_SOON = "it is too soon for the next reminder"
    HELD_BACK = "a blackout is in force"
    OUTDATED = "a later run has spoken already"
    STILL_FAILING = "other runs have failed too"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What follows from a finding.

    Attributes:
        standing: from now on.
        kind: of the alert that is to be sent; None for none.
        silence: why there is none.
        since: when the errors that the alert is about began.
        drops_waiting: whether what waits to be told of these errors is not to be told any more.
    """

    standing: Standing
    kind: AlertKind | None = None
    silence: Silence | None = None
    since: datetime | None = None
    drops_waiting: bool = False


def advance(
    standing: Standing,
    finding: Finding,
    route: Route,
    *,
    is_held_back: bool,
    waiting: AlertKind | None = None,
) -> Decision:
    """Take in the next finding of a monitor.

    Args:
        standing: before it.
        finding: one that is older than what was heard already changes nothing.
        route: as it is set now; it may have been changed since the finding before.
        is_held_back: whether a blackout of the monitor or of the recipient is in force. Errors go on being counted, and
            what is held back is told by the first finding afterwards, if it still holds.
        waiting: the first alert about these errors that was decided on and is not sent yet: `ERROR` where the recipient
            knows of nothing (or `ESCALATION`), `REMINDER` where it knows of the error; None where nothing waits.
    """
    if finding.outcome in {Outcome.ARRIVED, Outcome.EXCUSED}:
        decision = _take_back(standing, finding, route, is_held_back=is_held_back)
    elif standing.slot is not None and finding.slot < standing.slot:
        return Decision(standing=standing, silence=Silence.OUTDATED)
    elif finding.outcome is Outcome.FAILS and route.concerns(finding.status):
        return _fail(standing, finding, route, is_held_back=is_held_back)
    else:
        decision = _recover(standing, finding, route, is_held_back=is_held_back)
    return _with_waiting(decision, standing, finding, waiting)


def _recover(standing: Standing, finding: Finding, route: Route, *, is_held_back: bool) -> Decision:
    now = replace(standing, errors=0, history=_remember(standing, route, 0), run_id=None, slot=finding.slot)
    if now.alerts and route.error_window is not None and _counted(now, route) >= route.start_threshold:
        return Decision(standing=now, silence=Silence.TOO_MANY_OF_LATE)
    return _end(now, AlertKind.CLEAR, finding, route, is_held_back=is_held_back)


def _take_back(standing: Standing, finding: Finding, route: Route, *, is_held_back: bool) -> Decision:
    if not standing.errors or finding.run_id != standing.run_id:
        return Decision(standing=standing, silence=Silence.OUTDATED)
    if finding.outcome is Outcome.ARRIVED:
        return _end(standing, AlertKind.DELAYED, finding, route, is_held_back=is_held_back)
    excused = replace(standing, errors=standing.errors - 1, history=standing.history & ~1)
    if excused.errors or _counted(excused, route) >= route.start_threshold:
        return Decision(standing=excused, silence=Silence.STILL_FAILING)
    return _end(excused, AlertKind.WITHDRAWN, finding, route, is_held_back=is_held_back)


def _with_waiting(decision: Decision, before: Standing, finding: Finding, waiting: AlertKind | None) -> Decision:
    """See that what waits is still true when it is told."""
    knows_nothing = waiting in {AlertKind.ERROR, AlertKind.ESCALATION}
    if knows_nothing and decision.kind is AlertKind.WITHDRAWN:
        return replace(decision, kind=None, silence=Silence.NEVER_TOLD, drops_waiting=True)
    if waiting is None or decision.silence is not Silence.NO_CLEAR:
        return decision
    if knows_nothing:
        # Who does not care for ends is not to be told of an error that is over as if it were not.
        kind = AlertKind.DELAYED if finding.outcome is Outcome.ARRIVED else AlertKind.CLEAR
        return replace(decision, kind=kind, silence=None, since=before.since)
    return replace(decision, drops_waiting=True)


def _fail(standing: Standing, finding: Finding, route: Route, *, is_held_back: bool) -> Decision:
    now = replace(
        standing,
        errors=standing.errors + 1,
        history=_remember(standing, route, 1),
        # An outage whose end could not be told yet goes on.
        since=standing.since or finding.at,
        run_id=finding.run_id,
        slot=finding.slot,
    )
    silence = _reason_for_silence(now, finding, route, is_held_back=is_held_back)
    if silence is not None:
        return Decision(standing=now, silence=silence, since=now.since)
    kind = AlertKind.REMINDER if now.alerts else AlertKind.ERROR
    told = replace(
        _awake(now, finding.at),
        alerts=now.alerts + 1,
        told_at=finding.at,
        is_urgent=now.is_urgent or route.is_urgent(finding.status),
    )
    if kind is AlertKind.ERROR and route.escalate_after is not None:
        told = replace(told, escalates_at=finding.at + route.escalate_after)
    return Decision(standing=told, kind=kind, since=told.since)


def _reason_for_silence(now: Standing, finding: Finding, route: Route, *, is_held_back: bool) -> Silence | None:
    if _counted(now, route) < route.start_threshold:
        return Silence.BELOW_THRESHOLD
    if now.alerts >= route.stop_threshold:
        return Silence.ENOUGH
    if now.is_snoozed(finding.at) and finding.status is now.snoozed_status:
        return Silence.SNOOZED
    if _awake(now, finding.at) == now:  # else this is what the end of the snooze was waited for
        if now.alerts and now.acknowledged_at is not None:
            return Silence.ACKNOWLEDGED
        if now.told_at is not None and finding.at < now.told_at + _gap(now.alerts):
            return Silence.TOO_SOON
    return Silence.HELD_BACK if is_held_back else None


def _remember(standing: Standing, route: Route, bit: int) -> int:
    return 0 if route.error_window is None else (standing.history << 1 | bit) & ((1 << route.error_window) - 1)


def _counted(standing: Standing, route: Route) -> int:
    return standing.errors if route.error_window is None else standing.history.bit_count()


def _gap(alerts: int) -> timedelta:
    """From an alert to the next one: doubled with each."""
    return min(_FIRST_GAP * (1 << min(alerts - 1, 16)), _LONGEST_GAP)


def _awake(standing: Standing, at: datetime) -> Standing:
    """The standing without a snooze that is over."""
    if standing.snoozed_until is None or standing.is_snoozed(at):
        return standing
    return replace(standing, snoozed_until=None, snoozed_status=None)


def _end(standing: Standing, kind: AlertKind, finding: Finding, route: Route, *, is_held_back: bool) -> Decision:
    """The errors are over, as far as `standing.history` lets them be."""
    standing = _awake(standing, finding.at)
    well = Standing(
        history=standing.history,
        slot=standing.slot if standing.history else None,
        snoozed_until=standing.snoozed_until,
        snoozed_status=standing.snoozed_status,
    )
    if not standing.alerts:
        was_well = not standing.errors and not standing.history and standing.since is None
        return Decision(standing=well, silence=Silence.ALL_WELL if was_well else Silence.NEVER_TOLD)
    if not route.notify_on_clear and kind is not AlertKind.WITHDRAWN:
        return Decision(standing=well, silence=Silence.NO_CLEAR)
    is_snoozed = standing.snoozed_until is not None and kind is not AlertKind.WITHDRAWN
    if is_held_back or is_snoozed:
        silence = Silence.HELD_BACK if is_held_back else Silence.SNOOZED
        return Decision(standing=replace(standing, errors=0, run_id=None), silence=silence)
    return Decision(standing=well, kind=kind, since=standing.since)
