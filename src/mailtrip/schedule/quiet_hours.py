"""Weekly times by the clocks of a place: whether one of them is on, and what day it is there."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, tzinfo
from zoneinfo import ZoneInfo

from mailtrip.model import WeeklyWindow
from mailtrip.schedule.blackouts import is_within

__all__ = ["day_start", "is_quiet", "zone_of"]


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


def day_start(zone: str, moment: datetime) -> datetime:
    """When the day began in the zone, in UTC."""
    local = zone_of(zone) or UTC
    return datetime.combine(moment.astimezone(local).date(), time(), local).astimezone(UTC)
