"""When blackouts are in force, and when that changes. Half-open: a window's start is part of it, its end is not."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from mailtrip.model import Blackout, BlackoutType, OneTimeWindow, WeeklyWindow, Window

__all__ = ["blackout_at", "holds_back_alert", "is_within", "next_change", "occurrences"]

_SUNDAY = datetime(1970, 1, 4, tzinfo=UTC)
_WEEK = timedelta(weeks=1)


def is_within(window: Window, moment: datetime) -> bool:
    """Whether the moment lies in the window."""
    match window:
        case OneTimeWindow():
            return window.start <= moment < window.end
        case WeeklyWindow():
            return _since(window.start.offset, moment) < window.length


def occurrences(window: Window, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Each start and end of the window of which some part lies from `since` up to `until`, which is not part; oldest first.

    They are not cut: the first may start before `since`, the last may end after `until`.
    """
    if isinstance(window, OneTimeWindow):
        if window.start < until and window.end > since:
            yield window.start, window.end
        return
    start = since - _since(window.start.offset, since)
    while start < until:
        if start + window.length > since:
            yield start, start + window.length
        start += _WEEK


def blackout_at(blackouts: Iterable[Blackout], moment: datetime) -> Blackout | None:
    """The first of the blackouts that is in force at the moment, whatever its type; None when none is."""
    return next((blackout for blackout in blackouts if is_within(blackout.window, moment)), None)


def holds_back_alert(blackouts: Iterable[Blackout], *, monitor_id: int, recipient_id: int, at: datetime) -> bool:
    """Whether an alert of this monitor to this recipient is held back at the moment (alertsite-v3.md, 5.4).

    Args:
        blackouts: may hold others' too.
        monitor_id: held back by its blackouts of types `MONITOR` and `ALERT`.
        recipient_id: held back by its blackouts of type `NOTIFIER`.
        at: when the alert is to go out.
    """

    def concerns(blackout: Blackout) -> bool:
        return blackout.subject_id == (recipient_id if blackout.type is BlackoutType.NOTIFIER else monitor_id)

    return blackout_at(filter(concerns, blackouts), at) is not None


def next_change(windows: Sequence[Window], *, after: datetime) -> datetime | None:
    """The first moment later than `after` at which it changes whether any of the windows holds.

    None when it never does: without windows, after the last one-time window, and where weekly ones fill the week.
    """
    held = _holds(windows, after)
    # Between two one-time edges all repeats weekly: what has not changed within a week does not change until the next.
    bases = [after, *(edge for edge in _one_time_edges(windows) if edge > after)]
    edges = {edge for base in bases for edge in (base, *_weekly_edges(windows, base)) if edge > after}
    return next((edge for edge in sorted(edges) if _holds(windows, edge) is not held), None)


def _holds(windows: Iterable[Window], moment: datetime) -> bool:
    return any(is_within(window, moment) for window in windows)


def _one_time_edges(windows: Iterable[Window]) -> Iterator[datetime]:
    for window in windows:
        if isinstance(window, OneTimeWindow):
            yield window.start
            yield window.end


def _weekly_edges(windows: Iterable[Window], base: datetime) -> Iterator[datetime]:
    """The first start and the first end of each weekly window later than `base`."""
    for window in windows:
        if isinstance(window, WeeklyWindow):
            start = window.start.offset
            yield base + _WEEK - _since(start, base)
            yield base + _WEEK - _since(start + window.length, base)


def _since(offset: timedelta, moment: datetime) -> timedelta:
    """How long before the moment it was this time of the week, most recently; at least zero, less than a week."""
    return (moment - _SUNDAY - offset) % _WEEK
