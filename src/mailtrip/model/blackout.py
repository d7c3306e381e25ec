"""A blackout: a time in which runs or alerts are held back on purpose (alertsite-v3.md, 4.1)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TypeAlias

__all__ = ["Blackout", "BlackoutType", "OneTimeWindow", "WeekTime", "WeeklyWindow", "Window"]

_DAY = timedelta(days=1)
_LAST_MINUTE = time(23, 59)


class BlackoutType(StrEnum):
    """What is held back, in the API's words."""

    MONITOR = "Monitor"
    """The runs of a monitor, and with them its alerts."""
    ALERT = "Alert"
    """The alerts of a monitor; its runs go on."""
    NOTIFIER = "Notifier"
    """The alerts to a recipient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeWindow:
    """From `start` on, up to `end`, which is not part of it. `start` is earlier than `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekTime:
    """A time of each week, in UTC.

    Attributes:
        day: 1 is Sunday, 7 is Saturday.
        time: whole minutes, without a zone.
    """

    day: int
    time: time

    @property
    def offset(self) -> timedelta:
        """From Sunday 00:00 on; less than a week."""
        return (self.day - 1) * _DAY + timedelta(hours=self.time.hour, minutes=self.time.minute)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyWindow:
    """From `start` on, up to `end`, which is not part of it, each week.

    An end that is not later than the start in the week lies in the week after. An end at 23:59 is the end of its day, as
    the vendor has no other way to write that.
    """

    start: WeekTime
    end: WeekTime

    @property
    def length(self) -> timedelta:
        """More than zero, at most a week."""
        end = self.end.offset + timedelta(minutes=self.end.time == _LAST_MINUTE)
        return (end - self.start.offset) % (7 * _DAY) or 7 * _DAY


Window: TypeAlias = OneTimeWindow | WeeklyWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class Blackout:
    """A stored blackout.

    Attributes:
        subject_id: the recipient for type `NOTIFIER`, otherwise the monitor.
        created_by: address of the user who made it; None for the operator at the command line.
        revision: grows by one with each change.
    """

    id: int
    account_id: int
    type: BlackoutType
    subject_id: int
    window: Window
    note: str | None
    created_by: str | None
    created_at: datetime
    revision: int = 1
