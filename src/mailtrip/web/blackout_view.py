"""Blackouts in words. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from mailtrip.model import Blackout, BlackoutType, OneTimeWindow, WeeklyWindow, Window
from mailtrip.schedule.blackouts import is_within

__all__ = ["BlackoutRow", "show_blackout", "show_window"]

_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_TYPE_NAMES: Final = {
    BlackoutType.MONITOR: "no runs",
    BlackoutType.ALERT: "no alerts",
    BlackoutType.NOTIFIER: "no alerts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BlackoutRow:
    """A blackout; `state` is empty where it is neither in force nor over."""

    id: int
    subject_id: int
    is_of_recipient: bool
    kind: str
    when: str
    note: str
    state: str


def show_blackout(blackout: Blackout, *, now: datetime) -> BlackoutRow:
    """The blackout in words."""
    window = blackout.window
    is_over = isinstance(window, OneTimeWindow) and window.end <= now
    return BlackoutRow(
        id=blackout.id,
        subject_id=blackout.subject_id,
        is_of_recipient=blackout.type is BlackoutType.NOTIFIER,
        kind=_TYPE_NAMES[blackout.type],
        when=show_window(window),
        note=blackout.note or "",
        state="now" if is_within(window, now) else "over" if is_over else "",
    )


def show_window(window: Window) -> str:
    """When it holds: `3 Mar 2026 10:00 to 12:00 UTC`, `each Sunday 22:00 to Monday 02:00 UTC`."""
    match window:
        case OneTimeWindow(start=start, end=end):
            start, end = start.astimezone(UTC), end.astimezone(UTC)
            last = f"{end:%H:%M}" if end.date() == start.date() else _moment(end)
            return f"{_moment(start)} to {last} UTC"
        case WeeklyWindow(start=start, end=end):
            last = (
                f"{end.time:%H:%M}"
                if end.day == start.day and end.time > start.time
                else f"{_DAYS[end.day - 1]} {end.time:%H:%M}"
            )
            return f"each {_DAYS[start.day - 1]} {start.time:%H:%M} to {last} UTC"


def _moment(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y %H:%M}"
