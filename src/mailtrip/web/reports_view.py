"""Reports as their page shows them: the time that is asked for, and figures with those of the time before. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from mailtrip.model.tally import Size
from mailtrip.reports.spans import whole_hours
from mailtrip.schedule.quiet_hours import zone_of
from mailtrip.service.report_document import bucket_size
from mailtrip.service.report_figures import Bucket
from mailtrip.web.audit_view import parse_day
from mailtrip.web.days import Level, level_of, told

__all__ = ["Query", "Span", "Strip", "make_strip"]

_LONGEST: Final = timedelta(days=3660)
_YEARS: Final = range(2000, 2200)
_CELL: Final = 10
_LONGEST_SEARCH: Final = 100
_NUMBER: Final = re.compile("[0-9]{1,18}")


class Span(StrEnum):
    """The time of a report."""

    DAY = "day"
    WEEK = "week"
    MONTH = "30-days"
    THIS_MONTH = "this-month"
    LAST_MONTH = "last-month"
    OWN = "own"

    @property
    def text(self) -> str:
        return _SPAN_NAMES[self]


_SPAN_NAMES: Final = {
    Span.DAY: "24 hours",
    Span.WEEK: "7 days",
    Span.MONTH: "30 days",
    Span.THIS_MONTH: "This month",
    Span.LAST_MONTH: "Last month",
    Span.OWN: "Own",
}
_LENGTHS: Final = {Span.DAY: timedelta(days=1), Span.WEEK: timedelta(days=7), Span.MONTH: timedelta(days=30)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked for; all times are in UTC and at whole hours.

    Attributes:
        until: no part of it.
        before: when the time before begins, which ends at `since`: as long, and for a month the month before.
        zone: where days and months begin: an IANA name.
        search: what the monitors' names contain; empty for all of them.
        monitor_ids: only these, whatever their names; empty for all.
    """

    span: Span
    since: datetime
    until: datetime
    before: datetime
    zone: str = "UTC"
    search: str = ""
    monitor_ids: tuple[int, ...] = ()

    @classmethod
    def parse(cls, given: Mapping[str, str], *, now: datetime, monitors: Iterable[str] = ()) -> "Query":
        """What a page's address asks for; what is wrong in it counts as not given.

        Args:
            given: its fields.
            now: where times end that end now.
            monitors: numbers of monitors, of which there may be several.
        """
        name = given.get("zone", "").strip()
        zone = zone_of(name) if name else UTC
        span = next((span for span in Span if span == given.get("span")), Span.MONTH)
        first, last = parse_day(given.get("from", "")), parse_day(given.get("to", ""))
        if span is Span.OWN and (first is None or last is None or not _is_sound(first, last)):
            span = Span.MONTH
        since, until, before = _times(span, first, last, now, zone or UTC)
        return cls(
            span=span,
            since=since,
            until=until,
            before=before,
            zone=name if zone and name else "UTC",
            search=given.get("search", "").strip()[:_LONGEST_SEARCH],
            monitor_ids=tuple(sorted({int(each) for each in monitors if _NUMBER.fullmatch(each)})),
        )

    @property
    def size(self) -> Size:
        return bucket_size(self.until - self.since)

    @property
    def tzinfo(self) -> tzinfo:
        return zone_of(self.zone) or UTC

    @property
    def first_day(self) -> date:
        return self.since.astimezone(self.tzinfo).date()

    @property
    def last_day(self) -> date:
        return (self.until - timedelta(seconds=1)).astimezone(self.tzinfo).date()

    @property
    def times(self) -> dict[str, str]:
        """The fields of a form that keep the time."""
        days = {"from": str(self.first_day), "to": str(self.last_day)} if self.span is Span.OWN else {}
        return {"span": str(self.span), **days}

    @property
    def choice(self) -> list[tuple[str, str]]:
        """The fields of a form that keep the monitors and the zone."""
        chosen = [("monitor", str(id_)) for id_ in self.monitor_ids]
        named = [("zone", self.zone if self.zone != "UTC" else ""), ("search", self.search)]
        return [*((name, value) for name, value in named if value), *chosen]

    def path(self, path: str = "/reports", *, span: Span | None = None) -> str:
        """The address of a report of this time, or of another span."""
        times = self.times if span is None else {"span": str(span)}
        return f"{path}?{urlencode([*times.items(), *self.choice])}"


def _times(
    span: Span, first: date | None, last: date | None, now: datetime, zone: tzinfo
) -> tuple[datetime, datetime, datetime]:
    """Beginning, end, and when the time before begins."""
    if span in _LENGTHS:
        since, until = whole_hours(now - _LENGTHS[span], now)
        return since, until, since - (until - since)
    if span is Span.OWN and first is not None and last is not None:
        after = last + timedelta(days=1)
        return _begin_of(first, zone), _begin_of(after, zone), _begin_of(first - (after - first), zone)
    month = now.astimezone(zone).date().replace(day=1)
    if span is Span.THIS_MONTH:
        until = whole_hours(now, now + timedelta(hours=1))[1]
        return _begin_of(month, zone), until, _begin_of(_back(month), zone)
    return _begin_of(_back(month), zone), _begin_of(month, zone), _begin_of(_back(_back(month)), zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A bucket as a column; `name` is its time in words."""

    x: int
    level: Level
    name: str
    text: str
    bucket: Bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Buckets side by side, the oldest at the left."""

    cells: tuple[Cell, ...]
    width: int
    cell: int = _CELL


def make_strip(buckets: Sequence[Bucket], size: Size, zone: tzinfo = UTC) -> Strip:
    """Availability by bucket, with its time in the zone."""
    form = {Size.HOUR: "%d %b %H:%M", Size.DAY: "%a %d %b %Y", Size.MONTH: "%b %Y"}[size]
    cells = tuple(
        Cell(
            x=place * _CELL,
            level=level_of(bucket.counts.availability),
            name=f"{bucket.since.astimezone(zone):{form}}",
            text=told(bucket.counts),
            bucket=bucket,
        )
        for place, bucket in enumerate(buckets)
    )
    return Strip(cells=cells, width=len(cells) * _CELL)


def _is_sound(first: date, last: date) -> bool:
    return first <= last and last - first < _LONGEST and first.year in _YEARS and last.year in _YEARS


def _begin_of(day: date, zone: tzinfo) -> datetime:
    """In UTC; the whole hour before where a day of the zone does not begin at one."""
    return Size.HOUR.begin_of(datetime.combine(day, time(), zone).astimezone(UTC))


def _back(month: date) -> date:
    """The month before."""
    return (month - timedelta(days=1)).replace(day=1)
