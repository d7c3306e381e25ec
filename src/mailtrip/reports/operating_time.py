"""Which times count for an SLA: its operating periods less its exclusions (alertsite-v3.md, 4.4 and 5.5). All in UTC.

Spans are half-open: a start counts, an end does not.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from mailtrip.model import OneTimeWindow, SLASettings, WeeklyWindow

__all__ = ["Span", "is_operating", "operating_spans", "operating_time"]

Span: TypeAlias = tuple[datetime, datetime]
"""From the first moment on, up to the second, which is later and no part of it."""

_SUNDAY: Final = datetime(1970, 1, 4, tzinfo=UTC)
_WEEK: Final = timedelta(weeks=1)
_INSTANT: Final = timedelta(microseconds=1)


def is_operating(settings: SLASettings, moment: datetime, *, location_id: int | None = None) -> bool:
    """Whether the moment counts.

    Args:
        settings: of the SLA.
        moment: aware.
        location_id: where it was measured; None asks for all locations together, so that exclusions of one location
            are not looked at.
    """
    return bool(operating_spans(settings, moment, moment + _INSTANT, location_id=location_id))


def operating_time(
    settings: SLASettings, since: datetime, until: datetime, *, location_id: int | None = None
) -> timedelta:
    """How much of the time from `since` up to `until` counts; none when `until` is not later.

    The arguments are those of `operating_spans`.
    """
    spans = operating_spans(settings, since, until, location_id=location_id)
    return sum((end - start for start, end in spans), timedelta(0))


def operating_spans(
    settings: SLASettings, since: datetime, until: datetime, *, location_id: int | None = None
) -> list[Span]:
    """The times between `since` and `until` that count, oldest first, with a gap between each two.

    Args:
        settings: of the SLA.
        since: aware.
        until: aware; not part of it.
        location_id: where was measured; None asks for all locations together, so that exclusions of one location are
            not looked at.
    """
    whole = _merged([(since, until)])
    included = [period.window for period in settings.operating_periods if not period.is_excluded]
    excluded = [period.window for period in settings.operating_periods if period.is_excluded]
    left_out = [item.window for item in settings.exclusions if item.location_id in {None, location_id}]
    counted = _merged(_within(included, since, until)) if included else whole
    return _without(counted, _merged(_within([*excluded, *left_out], since, until)))


def _within(windows: Iterable[WeeklyWindow | OneTimeWindow], since: datetime, until: datetime) -> Iterator[Span]:
    """The parts of the windows between the two moments, in any order; they may overlap and be empty."""
    for window in windows:
        spans = [(window.start, window.end)] if isinstance(window, OneTimeWindow) else _weekly(window, since, until)
        for start, end in spans:
            yield max(start, since), min(end, until)


def _weekly(window: WeeklyWindow, since: datetime, until: datetime) -> Iterator[Span]:
    """Each time that the window comes round, from the last that began before `since` on."""
    start = since - (since - _SUNDAY - window.start.offset) % _WEEK
    while start < until:
        yield start, start + window.length
        start += _WEEK


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The same times in order, without empty spans and overlaps."""
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _without(spans: Sequence[Span], gaps: Sequence[Span]) -> list[Span]:
    """What is in the spans and in none of the gaps; both are merged, and so is the result."""
    found = []
    first = 0
    for start, end in spans:
        while first < len(gaps) and gaps[first][1] <= start:
            first += 1
        rest = start
        for gap_start, gap_end in gaps[first : bisect_left(gaps, (end, end), first)]:
            if rest < gap_start:
                found.append((rest, gap_start))
            rest = gap_end
        if rest < end:
            found.append((rest, end))
    return found
