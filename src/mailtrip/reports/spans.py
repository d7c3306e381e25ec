"""How a span of time is put together from hours, days and months (UTC), and how it is cut into buckets of a time zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from mailtrip.model.tally import Size

__all__ = ["Piece", "buckets", "pieces", "whole_hours"]

_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """All hours, days or months from `since` up to `until`; `sign` is -1 for those that are taken away again."""

    size: Size
    since: datetime
    until: datetime
    sign: int = 1


def whole_hours(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """The span in UTC, widened to whole hours."""
    end = Size.HOUR.begin_of(until.astimezone(UTC))
    return Size.HOUR.begin_of(since.astimezone(UTC)), end if end == until else end + _HOUR


def pieces(since: datetime, until: datetime, size: Size = Size.MONTH) -> Iterator[Piece]:
    """What a span of whole hours is the sum of, with few rows: at most 15 days and 12 hours at each of its ends.

    Args:
        since: in UTC, at a whole hour; likewise `until`.
        until: not part of it.
        size: the largest to use.
    """
    if since >= until:
        return
    if size is Size.HOUR:
        yield Piece(size, since, until)
        return
    smaller = Size.DAY if size is Size.MONTH else Size.HOUR
    first, last = _nearest(size, since), _nearest(size, until)
    if first >= last:
        yield from pieces(since, until, smaller)
        return
    yield Piece(size, first, last)
    yield from _signed(since, first, smaller)
    yield from _signed(last, until, smaller)


def buckets(since: datetime, until: datetime, size: Size, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Hours, days or months of a zone, oldest first, from `since` up to `until`; the first and the last may be cut.

    Args:
        since: in UTC, at a whole hour; likewise `until`.
        until: not part of them.
        size: of each.
        zone: where days and months begin; where that is not at a whole hour of UTC, at the hour before.
    """
    begin = since
    local = size.begin_of(since.astimezone(zone))
    while begin < until:
        local = size.next(local)
        end = min(max(Size.HOUR.begin_of(local.astimezone(UTC)), begin + _HOUR), until)
        yield begin, end
        begin = end
        if size is Size.HOUR:
            local = end.astimezone(zone)


def _signed(since: datetime, until: datetime, size: Size) -> Iterator[Piece]:
    if since <= until:
        yield from pieces(since, until, size)
    else:
        yield from (Piece(each.size, each.since, each.until, -each.sign) for each in pieces(until, since, size))


def _nearest(size: Size, moment: datetime) -> datetime:
    begin = size.begin_of(moment)
    end = size.next(begin)
    return begin if moment - begin <= end - moment else end
