"""Windows of the week as people write them in a form, one a line: `Mon-Fri 18:00 - 08:00`. Pure."""

import re
from collections.abc import Iterator, Sequence
from datetime import time
from typing import Final

from mailtrip.model import WeeklyWindow, WeekTime

__all__ = ["read_windows", "write_windows"]

_DAYS: Final = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_ORDER: Final = (2, 3, 4, 5, 6, 7, 1)
"""As people list days: from Monday on."""
_DAY: Final = "(sun|mon|tue|wed|thu|fri|sat)"
_LINE: Final = re.compile(
    rf"(?:(?P<daily>daily)|{_DAY}(?: ?- ?{_DAY})?) (\d\d?):(\d\d) ?- ?(?:{_DAY} )?(\d\d?):(\d\d)\Z", re.IGNORECASE
)
_MOST_LINES: Final = 50
_LONGEST_LINE: Final = 60
_REMEDY: Final = "write lines like daily 22:00 - 07:00, Mon-Fri 18:00 - 08:00 or Fri 18:00 - Mon 08:00"


def read_windows(text: str) -> tuple[WeeklyWindow, ...]:
    """The windows that the lines name; raises ValueError with what is wrong."""
    lines = [" ".join(line.replace("–", "-").split()) for line in text.splitlines() if line.strip()]
    if len(lines) > _MOST_LINES:
        raise ValueError(f"has {len(lines)} lines; it takes {_MOST_LINES}")
    return tuple(window for line in lines for window in _read_line(line))


def write_windows(windows: Sequence[WeeklyWindow]) -> str:
    """Lines that `read_windows` reads as the same windows, days with the same hours together."""
    days: dict[tuple[time, time, int], list[int]] = {}
    for window in windows:
        ends_after = (window.end.day - window.start.day) % 7
        days.setdefault((window.start.time, window.end.time, ends_after), []).append(window.start.day)
    return "\n".join(line for hours, starts in days.items() for line in _lines(*hours, starts))


def _read_line(line: str) -> Iterator[WeeklyWindow]:
    match = _LINE.match(line) if len(line) <= _LONGEST_LINE else None
    if match is None:
        raise ValueError(f'has "{line[:_LONGEST_LINE]}" in it; {_REMEDY}')
    daily, first, last, *begin, until, end_hour, end_minute = match.groups()
    start, end = _time(line, *begin), _time(line, end_hour, end_minute)
    if until is not None and (daily or last):
        raise ValueError(f'has "{line}" in it, which ends on one day only; {_REMEDY}')
    for day in _ORDER if daily else _between(_number(first), _number(last or first)):
        last_day = _number(until) if until else day if end > start else day % 7 + 1
        yield WeeklyWindow(start=WeekTime(day=day, time=start), end=WeekTime(day=last_day, time=end))


def _lines(start: time, end: time, ends_after: int, days: Sequence[int]) -> Iterator[str]:
    hours = f"{start:%H:%M} - {end:%H:%M}"
    if ends_after != (0 if end > start else 1):
        for day in days:
            yield f"{_name(day)} {start:%H:%M} - {_name((day + ends_after - 1) % 7 + 1)} {end:%H:%M}"
    elif set(days) == set(_ORDER):
        yield f"daily {hours}"
    else:
        for first, last in _stretches(days):
            yield f"{_name(first)} {hours}" if first == last else f"{_name(first)}-{_name(last)} {hours}"


def _stretches(days: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of days that follow each other, from Monday on."""
    there = [day for day in _ORDER if day in days]
    while there:
        first = last = there.pop(0)
        while there and there[0] == last % 7 + 1:
            last = there.pop(0)
        yield first, last


def _between(first: int, last: int) -> list[int]:
    return [(first + after - 1) % 7 + 1 for after in range((last - first) % 7 + 1)]


def _time(line: str, hour: str, minute: str) -> time:
    try:
        return time(int(hour), int(minute))
    except ValueError:
        raise ValueError(f'has "{line}" in it, which names no time of a day; {_REMEDY}') from None


def _number(day: str) -> int:
    return _DAYS.index(day.capitalize()) + 1


def _name(day: int) -> str:
    return _DAYS[day - 1]
