"""Alerts: what recipients are told of monitors, and what became of telling them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailtrip.model.recipient import AlertMethod, Recipient
from mailtrip.model.run import Run
from mailtrip.model.status import StatusCode

__all__ = [
    "Alert",
    "AlertDelivery",
    "AlertItem",
    "AlertKind",
    "AlertLinks",
    "AlertPackage",
    "DeliveryAnswer",
    "DeliveryFailure",
    "DeliveryOccasion",
    "DeliveryState",
    "FailedDelivery",
]


class AlertKind(StrEnum):
    """What an alert tells."""

    ERROR = "error"
    """A monitor fails."""
    REMINDER = "reminder"
    """It still fails."""
    ESCALATION = "escalation"
    """It still fails, and nobody has acknowledged it: others are told."""
    CLEAR = "clear"
    """It is well again."""
    DELAYED = "delayed"
    """The message that was missed has come, late."""
    WITHDRAWN = "withdrawn"
    """The error was our own fault: nothing was wrong with the mail path, as far as anybody knows."""
    SLOW = "slow"
    """Deliveries take longer than they should."""
    SILENT = "silent"
    """A location has lost contact: what its monitors watch is not known."""
    NOTICE = "notice"
    """Something will fail unless somebody acts: told once a day."""
    TEST = "test"
    """Somebody wanted to see whether alerts get through."""

    @property
    def ends_error(self) -> bool:
        """Whether it says that an error is over."""
        return self in {AlertKind.CLEAR, AlertKind.DELAYED, AlertKind.WITHDRAWN}


class DeliveryState(StrEnum):
    """Where a delivery is."""

    WAITING = "waiting"
    """For its time, or for the next attempt."""
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    """For good: the far end refused it, or it could not be reached for too long."""


class DeliveryFailure(StrEnum):
    """Why a delivery did not get there at the last attempt."""

    PASSING = "passing"
    """The same may work later: it is tried again, for a day."""
    PERMANENT = "permanent"
    """The same will not work: it is not tried again."""


class DeliveryOccasion(StrEnum):
    """What is special about a message."""

    QUIET_HOURS = "quiet hours"
    """It tells together what was held back in the recipient's quiet hours."""
    DAILY_LIMIT = "daily limit"
    """It tells together what was held back as the recipient had all the messages of a day."""
    LAST_TODAY = "last today"
    """The recipient gets no other that day."""

    @property
    def is_digest(self) -> bool:
        """Whether it tells what was held back."""
        return self is not DeliveryOccasion.LAST_TODAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing to be told to one recipient about one monitor, or one location.

    Attributes:
        monitor_id: None where it is about a location, and for a test.
        run_id: the run that it is about; None where it is about none.
        status: of that run; of an alert about a location, that of silence.
        errors: in a row, as the recipient counts them; zero where it ends an error.
        since: when the error began that it is about.
        cause: alerts with the same cause are told together.
        delivery_id: what it is told with; None while it waits for others.
        is_urgent: whether it is told in quiet hours, and beyond the daily limit.
        acknowledged_at: when `acknowledged_by` took on the trouble that it is about.
        snoozed_until: until when `snoozed_by` has put off to hear more of it.
        detail: what it tells, in a sentence, where that is not the run's own summary.
        location_id: the location that it is about; None where it is about a monitor, and for a test.
    """

    id: int
    account_id: int
    recipient_id: int
    monitor_id: int | None
    run_id: int | None
    kind: AlertKind
    status: StatusCode
    errors: int
    since: datetime
    created_at: datetime
    cause: str
    delivery_id: int | None = None
    is_urgent: bool = False
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    snoozed_until: datetime | None = None
    snoozed_by: str | None = None
    detail: str | None = None
    location_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDelivery:
    """Alerts that are sent to a recipient as one.

    Attributes:
        key: the same in all attempts, so that the far end can tell a repetition: 32 hex characters.
        attempts: begun so far.
        next_at: when the next attempt is due.
        ended_at: when it was sent or given up.
        answer: what the far end, or our own side, said last; no secret in it.
        occasion: what is special about it; None for a usual one.
        fallback_for: key of the delivery in whose place it is sent, as that did not get there.
        method: of the recipient at the last attempt; None before the first.
        through: where it was handed over then: the relay, or the host of the recipient, as `shown_address` has it; None
            before, and where no relay is set.
        failure: why it has not got there; None where it has, and before the first attempt.
    """

    id: int
    account_id: int
    recipient_id: int
    cause: str
    key: str
    state: DeliveryState
    created_at: datetime
    attempts: int = 0
    next_at: datetime
    ended_at: datetime | None = None
    answer: str | None = None
    occasion: DeliveryOccasion | None = None
    fallback_for: str | None = None
    method: AlertMethod | None = None
    through: str | None = None
    failure: DeliveryFailure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertItem:
    """An alert with what it is about; None where that is gone, and for a test."""

    alert: Alert
    monitor_name: str | None = None
    run: Run | None = None
    location_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLinks:
    """Where a recipient answers an alert without signing in; whoever has them can do it."""

    acknowledge: str = field(repr=False)
    snooze: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDelivery:
    """What did not get there, so that it is told to another recipient.

    Attributes:
        recipient_name: None where it has none; its address may hold a token.
        answer: what the far end, or our own side, said last; no secret in it.
        is_over: whether it has been given up; else it is still tried.
    """

    recipient_id: int
    recipient_name: str | None
    method: AlertMethod
    answer: str
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPackage:
    """All that is needed to tell alerts to a recipient.

    Attributes:
        account_name: whose recipient it is.
        items: for each monitor or location, the last alert about it; the first of many.
        count: how many monitors and locations there are.
        alerts: how many alerts they stand for: more than these where some changed to and fro.
        instead_of: what did not get there, of a fall-back.
        links: to answer it; None where there is nothing to answer, or no public address of the service is known.
    """

    delivery: AlertDelivery
    account_name: str
    recipient: Recipient
    password: str | None = field(default=None, repr=False)
    items: tuple[AlertItem, ...]
    count: int
    alerts: int
    instead_of: FailedDelivery | None = None
    links: AlertLinks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAnswer:
    """What came of an attempt to send.

    Attributes:
        text: what the far end said, or why it could not be asked; no secret in it.
        is_temporary: of a failure: the same may work later.
    """

    is_sent: bool
    text: str
    is_temporary: bool = False
