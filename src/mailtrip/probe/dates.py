"""The times that mail servers write (RFC 5322, 3.3 and 4.3), as aware UTC datetimes."""

import re
from datetime import UTC, datetime, timedelta, timezone

__all__ = ["find_last_time"]

_LONGEST = 200
_CLOCK = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
_DATE = re.compile(
    rf"(?<![0-9])([0-9]{{1,2}})[ -]([A-Za-z]{{3}})[ -]([0-9]{{4}}|[0-9]{{2}}) {_CLOCK} ?([+-][0-9]{{4}}|[A-Z]{{1,4}})\b"
)
_ISO_DATE = re.compile(
    rf"(?<![0-9])([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}})[T ]{_CLOCK} ?(Z|UTC|[+-][0-9]{{2}}:?[0-9]{{2}})"
)
_YEARS = range(1970, 2200)
"""What a clock may show, be it ever so wrong; the ends of the calendar can't be reckoned with."""
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
# RFC 5322, 4.3. Other names are ambiguous or unknown: such a time is no time.
_ZONES = {
    **dict.fromkeys(("UT", "UTC", "GMT", "Z"), 0),
    "EDT": -4,
    "EST": -5,
    "CDT": -5,
    "CST": -6,
    "MDT": -6,
    "MST": -7,
    "PDT": -7,
    "PST": -8,
}


def find_last_time(text: str) -> datetime | None:
    """The last time with a zone in the last 200 characters of a text; None when there is none, or it can't be.

    A zone of -0000 is UTC (RFC 5322, 3.3). A leap second is the second before.
    """
    tail = text[-_LONGEST:]
    found = [*_DATE.finditer(tail)]
    if found:
        day, month, year, *clock = found[-1].groups()
        return _moment(_full_year(year), _MONTHS.get(month.lower(), 0), int(day), clock)
    found = [*_ISO_DATE.finditer(tail)]
    if found:
        year, month, day, *clock = found[-1].groups()
        return _moment(int(year), int(month), int(day), clock)
    return None


def _moment(year: int, month: int, day: int, clock: list[str]) -> datetime | None:
    hour, minute, second, fraction, zone = clock
    offset = _offset(zone)
    if offset is None or year not in _YEARS:
        return None
    microsecond = int(f"{fraction or 0:0<6}"[:6])
    try:
        local = datetime(
            year, month, day, int(hour), int(minute), min(int(second or 0), 59), microsecond, timezone(offset)
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _full_year(digits: str) -> int:
    """RFC 5322, 4.3: years of two digits."""
    year = int(digits)
    return year if len(digits) > 2 else year + (2000 if year < 50 else 1900)


def _offset(zone: str) -> timedelta | None:
    if zone[0] in "+-":
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        return timedelta(minutes=-minutes if zone[0] == "-" else minutes)
    hours = _ZONES.get(zone)
    return None if hours is None else timedelta(hours=hours)
