"""Reports as their page shows them: the time that is asked for, and figures with those of the time before. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from mailtrip.model.tally import Counts, Size
from mailtrip.reports.outages import Outage
from mailtrip.reports.spans import whole_hours
from mailtrip.service.report_figures import Bucket, MonitorFigures, Percentiles
from mailtrip.web.audit_view import parse_day
from mailtrip.web.days import Level, level_of, told

__all__ = ["MonitorRow", "Query", "Span", "Strip", "make_strip", "monitor_rows"]

_LONGEST: Final = timedelta(days=3660)
_YEARS: Final = range(2000, 2200)
_CELL: Final = 10
_NONE: Final = Percentiles(total=0, p50=None, p90=None, p95=None, p99=None)


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
    """

    span: Span
    since: datetime
    until: datetime
    before: datetime

    @classmethod
    def parse(cls, given: Mapping[str, str], *, now: datetime) -> "Query":
        """What a page's address asks for; what is wrong in it counts as not given."""
        span = next((span for span in Span if span == given.get("span")), Span.MONTH)
        first, last = parse_day(given.get("from", "")), parse_day(given.get("to", ""))
        if span is Span.OWN and (first is None or last is None or not _is_sound(first, last)):
            span = Span.MONTH
        if span in _LENGTHS:
            since, until = whole_hours(now - _LENGTHS[span], now)
        elif span is Span.OWN and first is not None and last is not None:
            since, until = _begin_of(first), _begin_of(last + timedelta(days=1))
        else:
            month = Size.MONTH.begin_of(now.astimezone(UTC))
            ends_now = span is Span.THIS_MONTH
            since, until = (month, whole_hours(now, now + timedelta(hours=1))[1]) if ends_now else (_back(month), month)
        before = since - (until - since) if span in {*_LENGTHS, Span.OWN} else _back(since)
        return cls(span=span, since=since, until=until, before=before)

    @property
    def size(self) -> Size:
        """How long each bucket is, so that they are not too many to look at."""
        length = self.until - self.since
        if length <= timedelta(days=3):
            return Size.HOUR
        return Size.DAY if length <= timedelta(days=100) else Size.MONTH

    @property
    def first_day(self) -> date:
        return self.since.date()

    @property
    def last_day(self) -> date:
        return (self.until - timedelta(seconds=1)).date()

    def path(self, path: str = "/reports", *, span: Span | None = None) -> str:
        """The address of a report of this time, or of another span."""
        values = {"span": str(span or self.span)}
        if span is None and self.span is Span.OWN:
            values |= {"from": str(self.first_day), "to": str(self.last_day)}
        return f"{path}?{urlencode(values)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorRow:
    """A monitor in a report; `before` is the same in the time before."""

    id: int
    name: str
    counts: Counts
    before: Counts
    times: Percentiles
    times_before: Percentiles
    outages: int


def monitor_rows(
    now: Iterable[MonitorFigures], before: Iterable[MonitorFigures], outages: Iterable[Outage]
) -> list[MonitorRow]:
    """Monitors with the least available first; those that were not measured come last."""
    earlier = {each.monitor_id: each for each in before}
    counted = Counter(outage.monitor_id for outage in outages)
    rows = [
        MonitorRow(
            id=each.monitor_id,
            name=each.name,
            counts=each.counts,
            before=earlier[each.monitor_id].counts if each.monitor_id in earlier else Counts(),
            times=each.times or _NONE,
            times_before=(earlier[each.monitor_id].times if each.monitor_id in earlier else None) or _NONE,
            outages=counted[each.monitor_id],
        )
        for each in now
    ]
    return sorted(rows, key=_order)


def _order(row: MonitorRow) -> tuple[float, str]:
    share = row.counts.availability
    return (2.0 if share is None else share, row.name.casefold())


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


def make_strip(buckets: Sequence[Bucket], size: Size) -> Strip:
    """Availability by bucket."""
    form = {Size.HOUR: "%d %b %H:%M", Size.DAY: "%a %d %b %Y", Size.MONTH: "%b %Y"}[size]
    cells = tuple(
        Cell(
            x=place * _CELL,
            level=level_of(bucket.counts.availability),
            name=f"{bucket.since:{form}}",
            text=told(bucket.counts),
            bucket=bucket,
        )
        for place, bucket in enumerate(buckets)
    )
    return Strip(cells=cells, width=len(cells) * _CELL)


def _is_sound(first: date, last: date) -> bool:
    return first <= last and last - first < _LONGEST and first.year in _YEARS and last.year in _YEARS


def _begin_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _back(month: datetime) -> datetime:
    """The month before."""
    return Size.MONTH.begin_of(month - timedelta(days=1))
