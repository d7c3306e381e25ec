"""The messages with one run's token that were found, and how far apart they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["Copy", "Spacing", "spacing_of"]

_SECOND = timedelta(seconds=1)
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One message with a run's token, as it was found. Folder, key and UIDVALIDITY name it, as in `MessageRef`.

    It became visible between `not_before` and `not_after`, by our clock.

    Attributes:
        not_before: when the last look that did not show it was asked; else when the message went out, or the run began.
        not_after: when the first look that showed it was answered.
        received_at: when the mailbox server took it, by its own clock (IMAP INTERNALDATE); None where that is not told.
        stamped_at: when the last server that wrote into it took it, by its own clock (the topmost Received field).
        deleted_at: when the server confirmed its deletion to the run; None when it did not, or when the message was there
            again later.
    """

    folder: str
    key: str
    uidvalidity: int | None = None
    not_before: datetime
    not_after: datetime
    received_at: datetime | None = None
    stamped_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spacing:
    """How long after the first of several copies the last one came."""

    at_least: timedelta
    at_most: timedelta


def spacing_of(copies: Sequence[Copy]) -> Spacing | None:
    """How long after the first copy the last one came; None for fewer than two.

    Two bounds: when they were seen, and, closer as a rule, the servers' own times where these differ (in whole seconds).
    Copies of one queue file may have the same times however far apart they came, so that equal ones tell nothing.
    """
    if len(copies) < 2:
        return None
    low = max(max(copy.not_before for copy in copies) - min(copy.not_after for copy in copies), _NOTHING)
    high = max(copy.not_after for copy in copies) - min(copy.not_before for copy in copies)
    told = _told(copies)
    if told is not None:
        closer = Spacing(at_least=max(low, told - _SECOND), at_most=min(high, told + _SECOND))
        # A server's clock that was set meanwhile contradicts what was seen.
        if closer.at_least <= closer.at_most:
            return closer
    return Spacing(at_least=low, at_most=high)


def _told(copies: Sequence[Copy]) -> timedelta | None:
    for times in ([copy.received_at for copy in copies], [copy.stamped_at for copy in copies]):
        known = [time for time in times if time is not None]
        if len(known) == len(copies) and min(known) != max(known):
            return max(known) - min(known)
    return None
