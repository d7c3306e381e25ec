"""What a recipient does not want to hear now: its quiet hours and its daily limit. Pure.

`docs/explanation/alerts.md` has the decision table, which the tests run.
"""

from dataclasses import dataclass

from mailtrip.model import DeliveryOccasion

__all__ = ["Pace", "occasion_of"]


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
