"""The slots of a monitor: the moments its runs are planned for, computed from its id and interval alone."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

__all__ = ["first_slot", "next_slot", "phase", "slot_number", "slots"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SALT = b"mailtrip-slot-phase:"
_MILLISECOND = timedelta(milliseconds=1)


def phase(monitor_id: int, interval: timedelta) -> timedelta:
    """Where in its interval a monitor's slots lie: at least zero, less than the interval, in whole milliseconds.

    It is the same on every machine and after every restart. Monitors with neighbouring ids lie far apart, so that
    the runs of many monitors spread evenly over the interval.

    Raises:
        ValueError: when the interval is shorter than a millisecond.
    """
    places = interval // _MILLISECOND
    if places < 1:
        raise ValueError(f"an interval is at least a millisecond, not {interval}")
    digest = hashlib.sha256(_SALT + str(monitor_id).encode("ascii")).digest()
    share = int.from_bytes(digest[:8], "big")
    return (share * places >> 64) * _MILLISECOND


def slots(monitor_id: int, interval: timedelta, *, after: datetime, until: datetime) -> Iterator[datetime]:
    """Slots later than `after` and not later than `until`, in order.

    Windows that touch (the `until` of one is the `after` of the next) neither lose nor repeat a slot. The grid is
    anchored at the Unix epoch: when slots are asked for does not shift them, nor does a change of the interval and
    back.

    Raises:
        ValueError: when the interval is shorter than a millisecond.
    """
    slot = next_slot(monitor_id, interval, after=after)
    while slot <= until:
        yield slot
        slot += interval


def next_slot(monitor_id: int, interval: timedelta, *, after: datetime) -> datetime:
    """The first slot later than `after`, in UTC.

    Raises:
        ValueError: when the interval is shorter than a millisecond.
    """
    first = first_slot(monitor_id, interval)
    return first + ((after - first) // interval + 1) * interval


def first_slot(monitor_id: int, interval: timedelta) -> datetime:
    """The slot that has number 0: the first one since the Unix epoch.

    Raises:
        ValueError: when the interval is shorter than a millisecond.
    """
    return _EPOCH + phase(monitor_id, interval)


def slot_number(monitor_id: int, interval: timedelta, *, at: datetime) -> int:
    """The number of the newest slot that is not later than `at`.

    Raises:
        ValueError: when the interval is shorter than a millisecond.
    """
    return (at - first_slot(monitor_id, interval)) // interval
