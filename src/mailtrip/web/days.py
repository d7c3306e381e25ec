"""Availability by day as a calendar: a row a weekday, a column a week. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from mailtrip.model.tally import Counts
from mailtrip.service.report_figures import Bucket
from mailtrip.web.words import count_of, percent

__all__ = ["Calendar", "Day", "Level", "level_of", "make_calendar", "told"]

_CELL = 16
_SIZE = 13


class Level(StrEnum):
    """How a day was."""

    WHOLE = "whole"
    """Every run that could tell proved the mail path working."""
    NEARLY = "nearly"
    """At least 99 % of them."""
    BAD = "bad"
    WORST = "worst"
    """Less than half of them."""
    NO_DATA = "none"
    """No run could tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day (UTC) and its place in the picture; `text` says all of it."""

    day: date
    level: Level
    text: str
    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The picture, and the days on which something failed as a list for those who don't see it."""

    days: tuple[Day, ...]
    bad_days: tuple[Day, ...]
    width: int
    height: int = 7 * _CELL
    size: int = _SIZE

    @property
    def has_data(self) -> bool:
        """Whether anything could be told of any day."""
        return any(day.level is not Level.NO_DATA for day in self.days)


def make_calendar(buckets: Sequence[Bucket]) -> Calendar | None:
    """The calendar of days, oldest first; None without any."""
    if not buckets:
        return None
    first = buckets[0].since.date()
    monday = first - timedelta(days=first.weekday())
    days = tuple(_day(bucket.since.date(), bucket.counts, monday) for bucket in buckets)
    return Calendar(
        days=days,
        bad_days=tuple(day for day in reversed(days) if day.level not in {Level.WHOLE, Level.NO_DATA}),
        width=days[-1].x + _CELL,
    )


def _day(day: date, counts: Counts, monday: date) -> Day:
    weeks, weekday = divmod((day - monday).days, 7)
    return Day(
        day=day,
        level=level_of(counts.availability),
        text=f"{day:%a} {day.day} {day:%b %Y}: {told(counts)}",
        x=weeks * _CELL,
        y=weekday * _CELL,
    )


def level_of(availability: float | None) -> Level:
    """How good an availability is, as a colour tells it."""
    if availability is None:
        return Level.NO_DATA
    if availability == 1:
        return Level.WHOLE
    if availability >= 0.99:
        return Level.NEARLY
    return Level.BAD if availability >= 0.5 else Level.WORST


def told(counts: Counts) -> str:
    """An availability in words, with what it is a share of."""
    if counts.availability is None:
        return "no data"
    measured = count_of(counts.ok + counts.warning + counts.error, "run")
    failed = f", {counts.error:,} failed" if counts.error else ""
    return f"{percent(counts.availability)} of {measured}{failed}"
