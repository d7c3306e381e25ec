"""Blackouts in a calendar of days, in UTC: which week or month is asked for, and what stands in each day. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from heapq import nsmallest
from typing import Final, TypeAlias
from urllib.parse import urlencode

from mailtrip.model import Blackout
from mailtrip.schedule.blackouts import occurrences
from mailtrip.web.blackout_view import BlackoutRow, show_blackout

__all__ = ["Current", "DayCell", "Item", "Query", "View", "current", "days_of"]

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(weeks=1)
_INSTANT: Final = timedelta(microseconds=1)
_YEARS: Final = range(1971, 9998)
_LONGEST_SEARCH: Final = 200

_Span: TypeAlias = tuple[datetime, str, int, datetime, Blackout]
"""Start, subject and id, by which a day is in order; end, and whose they are."""


class View(StrEnum):
    """How blackouts are laid out."""

    WEEK = "week"
    MONTH = "month"
    LIST = "list"

    @property
    def most(self) -> int:
        """How many of a day are shown."""
        return 4 if self is View.MONTH else 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What of the calendar is asked for.

    Attributes:
        day: one of the week or month.
        today: in UTC.
        text: in the name of the monitor or recipient, or in the note.
    """

    view: View
    day: date
    today: date
    text: str = ""

    @classmethod
    def parse(cls, given: Mapping[str, str], *, now: datetime) -> "Query":
        """What a page's address asks for; what is wrong in it counts as not given."""
        today = now.astimezone(UTC).date()
        try:
            day = date.fromisoformat(given.get("day", ""))
        except ValueError:
            day = today
        return cls(
            view=next((view for view in View if view == given.get("view")), View.WEEK),
            day=day if day.year in _YEARS else today,
            today=today,
            text=given.get("q", "").strip()[:_LONGEST_SEARCH],
        )

    @property
    def first(self) -> date:
        """A Monday: the first day that is shown."""
        day = self.day.replace(day=1) if self.view is View.MONTH else self.day
        return day - timedelta(days=day.weekday())

    @property
    def days(self) -> Sequence[date]:
        """The days that are shown: whole weeks from Monday on."""
        end = self.first + _WEEK
        while self.view is View.MONTH and (end.year, end.month) == (self.day.year, self.day.month):
            end += _WEEK
        return [self.first + number * _DAY for number in range((end - self.first).days)]

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The time that is shown; the end is no part of it."""
        return _midnight(self.first), _midnight(self.days[-1] + _DAY)

    @property
    def title(self) -> str:
        """`March 2026`, `2 to 8 March 2026`."""
        if self.view is View.MONTH:
            return f"{self.day:%B %Y}"
        first, last = self.first, self.days[-1]
        year = f" {first.year}" if first.year != last.year else ""
        month = f" {first:%B}" if first.month != last.month else ""
        return f"{first.day}{month}{year} to {last.day} {last:%B %Y}"

    @property
    def before(self) -> str:
        """The address of the week or month before."""
        return self.path(day=self.day.replace(day=1) - _DAY if self.view is View.MONTH else self.day - _WEEK)

    @property
    def after(self) -> str:
        """The address of the week or month after."""
        # from any 28th, four days on is the month after
        return self.path(day=self.day.replace(day=28) + 4 * _DAY if self.view is View.MONTH else self.day + _WEEK)

    def path(self, *, view: View | None = None, day: date | None = None) -> str:
        """The address of the same blackouts in another view, or around another day."""
        values = {"view": str(view or self.view), "day": (day or self.day).isoformat(), "q": self.text}
        return "/alerts/blackouts?" + urlencode({name: text for name, text in values.items() if text})

    def matches(self, blackout: Blackout, subject: str) -> bool:
        """Whether the blackout is asked for, whenever it is."""
        return self.text.casefold() in f"{subject}\n{blackout.note or ''}".casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A blackout in a day.

    Attributes:
        row: the blackout in words.
        when: what part of the day it takes: `22:00` and `23:30` with a dash between, `from 22:00`, `until 02:00`, `all day`.
        first_minute: of the day, from 0; `minutes` is how many it takes.
        is_now: whether it goes on now, in this day.
    """

    row: BlackoutRow
    subject: str
    when: str
    first_minute: int
    minutes: int
    is_now: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCell:
    """A day of the calendar; `more` is how many blackouts of it are not shown."""

    day: date
    items: tuple[Item, ...]
    more: int
    is_today: bool
    is_outside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """A blackout that goes on now."""

    row: BlackoutRow
    subject: str
    until: datetime


def days_of(query: Query, found: Iterable[tuple[Blackout, str]], *, now: datetime) -> list[DayCell]:
    """The days of a calendar, with blackouts and the names of what they are of."""
    since, until = query.span
    days: dict[date, list[_Span]] = {day: [] for day in query.days}
    for blackout, subject in found:
        for start, end in occurrences(blackout.window, since, until):
            day = max(start, since).astimezone(UTC).date()
            while day in days and _midnight(day) < end:
                days[day].append((start, subject, blackout.id, end, blackout))
                day += _DAY
    most = query.view.most
    return [
        DayCell(
            day=day,
            items=tuple(_item(span, day, now) for span in nsmallest(most, spans, key=lambda span: span[:3])),
            more=max(0, len(spans) - most),
            is_today=day == query.today,
            is_outside=query.view is View.MONTH and day.month != query.day.month,
        )
        for day, spans in days.items()
    ]


def current(found: Iterable[tuple[Blackout, str]], *, now: datetime) -> list[Current]:
    """What goes on now; what ends first stands first."""
    going_on = [
        Current(row=replace(show_blackout(blackout, now=now), state=""), subject=subject, until=end)
        for blackout, subject in found
        for _, end in occurrences(blackout.window, now, now + _INSTANT)
    ]
    return sorted(going_on, key=lambda each: (each.until, each.subject, each.row.id))


def _item(span: _Span, day: date, now: datetime) -> Item:
    start, subject, _, end, blackout = span
    midnight = _midnight(day)
    first, last = max(start, midnight), min(end, midnight + _DAY)
    return Item(
        row=show_blackout(blackout, now=now),
        subject=subject,
        when=_part(start, end, midnight),
        first_minute=(first - midnight) // timedelta(minutes=1),
        minutes=max(1, (last - first) // timedelta(minutes=1)),
        is_now=first <= now < last,
    )


def _part(start: datetime, end: datetime, midnight: datetime) -> str:
    """What part of the day that begins at midnight lies between start and end."""
    next_midnight = midnight + _DAY
    if start <= midnight and end >= next_midnight:
        return "all day"
    if start < midnight:
        return f"until {_clock(end)}"
    if end > next_midnight:
        return f"from {_clock(start)}"
    return f"{_clock(start)}–{'24:00' if end == next_midnight else _clock(end)}"


def _clock(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
