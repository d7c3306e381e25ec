"""The vendor's words for spans of time in reports (alertsite-v3.md, 6.1), in UTC; weeks begin on Sunday."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from mailtrip.api.codecs import BadValue, shown

__all__ = ["WORDS", "Span", "span_of"]

Span = tuple[datetime, datetime]
"""From the first moment on, up to the second, which is not part of it."""

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(weeks=1)


def _hours(number: int) -> Callable[[datetime], Span]:
    return lambda now: (now - timedelta(hours=number), _soon(now))


def _days(number: int) -> Callable[[datetime], Span]:
    """So many whole days before today, and today."""
    return lambda now: (_midnight(now) - number * _DAY, _soon(now))


def _soon(now: datetime) -> datetime:
    return now + timedelta(microseconds=1)


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _sunday(now: datetime) -> datetime:
    return _midnight(now) - now.isoweekday() % 7 * _DAY


def _first(now: datetime) -> datetime:
    return _midnight(now).replace(day=1)


_SPANS: Final[dict[str, Callable[[datetime], Span]]] = {
    "LastOneHour": _hours(1),
    "LastTwoHours": _hours(2),
    "LastFourHours": _hours(4),
    "LastEightHours": _hours(8),
    "LastTwelveHours": _hours(12),
    "LastTwentyFourHours": _hours(24),
    "LastFortyEightHours": _hours(48),
    "Today": _days(0),
    "Yesterday": lambda now: (_midnight(now) - _DAY, _midnight(now)),
    "LastTwoDays": _days(2),
    "LastThreeDays": _days(3),
    "LastSevenDays": _days(7),
    "LastEightDays": _days(8),
    "ThisWeek": lambda now: (_sunday(now), _soon(now)),
    "LastWeek": lambda now: (_sunday(now) - _WEEK, _sunday(now)),
    "LastBizWeek": lambda now: (_sunday(now) - _WEEK + _DAY, _sunday(now) - _DAY),
    "ThisMonth": lambda now: (_first(now), _soon(now)),
    "LastMonth": lambda now: (_first(_first(now) - _DAY), _first(now)),
}

WORDS: Final = tuple(_SPANS)


def span_of(word: str, *, now: datetime) -> Span:
    """The span that the word names; raises BadValue for a word that is none."""
    if word not in _SPANS:
        raise BadValue(f"must be one of {', '.join(WORDS)}, not {shown(word)}")
    return _SPANS[word](now)
