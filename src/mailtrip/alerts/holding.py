"""What a recipient does not want to hear now: its quiet hours and its daily limit. Pure.

`docs/explanation/alerts.md` has the decision table, which the tests run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailtrip.model import AlertDelivery, DeliveryOccasion, DeliveryState

__all__ = ["Pace", "Wait", "WaitReason", "occasion_of", "wait_for_delivery", "wait_in_delivery"]


class WaitReason(StrEnum):
    """Why an alert has not gone out yet."""

    GATHERING = "gathering"
    """Others of its cause may come within seconds, and are told with it."""
    REPEATED_CAUSE = "repeated_cause"
    """The recipient was told of its cause a short while ago."""
    QUIET_HOURS = "quiet_hours"
    DAILY_LIMIT = "daily_limit"
    """The recipient had all the messages that it wants of a day."""
    IN_LINE = "in_line"
    """It is due, and goes out when those before it have."""
    RETRY = "retry"
    """The last attempt did not get there."""
    SENDING = "sending"
    """It is on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Why an alert has not gone out yet.

    Attributes:
        until: when that ends, as far as it is known now; None where it is not.
    """

    reason: WaitReason
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a recipient stands with its messages.

    Attributes:
        is_quiet: whether it is in its quiet hours.
        left: messages that it still wants today; None for any number.
    """

    is_quiet: bool = False
    left: int | None = None

    @property
    def is_closed(self) -> bool:
        """Whether it wants to hear of nothing now that is not urgent."""
        return self.is_quiet or (self.left is not None and self.left <= 0)


def occasion_of(pace: Pace, *, was_quiet: bool, is_older: bool) -> DeliveryOccasion | None:
    """What is special about a message that goes out now, to one who may be told.

    Args:
        pace: before this message.
        was_quiet: whether it would have gone out in quiet hours.
        is_older: whether it would have gone out on an earlier day.

    Returns:
        `QUIET_HOURS` and `DAILY_LIMIT` for what was held back: it is told together. None for a usual one.
    """
    if was_quiet:
        return DeliveryOccasion.QUIET_HOURS
    if pace.left is None:
        return None
    if is_older:
        return DeliveryOccasion.DAILY_LIMIT
    return DeliveryOccasion.LAST_TODAY if pace.left == 1 else None


def wait_for_delivery(
    due_at: datetime,
    *,
    is_repeated: bool,
    now: datetime,
    day_ends_at: datetime | None,
    quiet_until: Callable[[datetime], datetime | None],
) -> Wait:
    """Why an alert that is in no delivery yet waits, and until when.

    Args:
        due_at: when it may go out as far as its cause goes.
        is_repeated: whether that is later as the recipient was told of its cause lately.
        now: when it is asked.
        day_ends_at: where the recipient has had all messages of today, when the next day begins; else None.
        quiet_until: the first moment from a given one on that is in no quiet hours; None where there is none.
    """
    reason = WaitReason.REPEATED_CAUSE if is_repeated else WaitReason.GATHERING
    at = max(due_at, now)
    if due_at <= now:
        reason = WaitReason.IN_LINE
    open_at = quiet_until(at)
    if day_ends_at is not None and (open_at is None or open_at < day_ends_at) and at < day_ends_at:
        at, reason = day_ends_at, WaitReason.DAILY_LIMIT
        open_at = quiet_until(at)
    if open_at != at:
        return Wait(reason=WaitReason.QUIET_HOURS, until=open_at)
    return Wait(reason=reason, until=None if reason is WaitReason.IN_LINE else at)


def wait_in_delivery(delivery: AlertDelivery) -> Wait | None:
    """Why an alert that is in a delivery waits; None once that has ended."""
    match delivery.state:
        case DeliveryState.SENDING:
            return Wait(reason=WaitReason.SENDING)
        case DeliveryState.WAITING if delivery.attempts:
            return Wait(reason=WaitReason.RETRY, until=delivery.next_at)
        case DeliveryState.WAITING:
            return Wait(reason=WaitReason.IN_LINE)
        case _:
            return None
