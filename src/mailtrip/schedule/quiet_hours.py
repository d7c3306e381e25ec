"""Weekly times by the clocks of a place: whether one of them is on, and what day it is there."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from mailtrip.model import WeeklyWindow
from mailtrip.schedule.blackouts import is_within, next_change

__all__ = ["day_end", "day_start", "is_quiet", "quiet_until", "zone_of"]


def zone_of(name: str) -> tzinfo | None:
    """The zone with this IANA name; None where this machine knows none. `UTC` is always known."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no name at all, a folder of names
        return None


def is_quiet(windows: Iterable[WeeklyWindow], zone: str, moment: datetime) -> bool:
    """Whether the clocks of the zone show a time in one of the windows.

    Where clocks are put back, the hour that they show twice lies in the windows twice; one that they leave out, never.

    Args:
        windows: in the time of the zone.
        zone: an IANA name, as in `Europe/Berlin`; UTC is taken for one that this machine does not know.
        moment: aware.
    """
    shown = moment.astimezone(zone_of(zone) or UTC).replace(tzinfo=UTC)
    return any(is_within(window, shown) for window in windows)


def quiet_until(windows: Sequence[WeeklyWindow], zone: str, moment: datetime) -> datetime | None:
    """The first moment, from this one on, at which it is not quiet, in UTC; None where it is always."""
    at = moment.astimezone(UTC)
    while is_quiet(windows, zone, at):
        # What the clocks show next as an end, unless they are put forward or back before.
        shown = at.astimezone(zone_of(zone) or UTC).replace(tzinfo=UTC)
        end = next_change(windows, after=shown)
        if end is None:
            return None
        at = _clocks_change(zone, at, until=at + (end - shown)) or at + (end - shown)
    return at


def day_start(zone: str, moment: datetime) -> datetime:
    """When the day began in the zone, in UTC."""
    local = zone_of(zone) or UTC
    return datetime.combine(moment.astimezone(local).date(), time(), local).astimezone(UTC)


def day_end(zone: str, moment: datetime) -> datetime:
    """When the next day begins in the zone, in UTC."""
    local = zone_of(zone) or UTC
    return datetime.combine(moment.astimezone(local).date() + timedelta(days=1), time(), local).astimezone(UTC)


def _clocks_change(zone: str, since: datetime, *, until: datetime) -> datetime | None:
    """When, later than `since` and up to `until`, the clocks are put forward or back, to the second; None where never."""
    local = zone_of(zone) or UTC

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(local).utcoffset()

    if offset(since) == offset(until):
        return None
    before, after = since, until
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        middle = middle if middle > before else before + timedelta(seconds=1)
        before, after = (middle, after) if offset(middle) == offset(since) else (before, middle)
    return after.replace(microsecond=0)
