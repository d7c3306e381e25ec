"""The form of an SLA: its entries from settings, settings from its entries. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Final, TypeVar

from mailtrip.errors import Fault
from mailtrip.model import Exclusion, OneTimeWindow, OperatingPeriod, SLASettings, WeeklyWindow, WeekTime
from mailtrip.web.blackout_form import local_text, parse_date, parse_day, parse_time

__all__ = [
    "LABELS",
    "MOST_EXCLUSIONS",
    "entries_of",
    "first_entries",
    "parse",
    "read_entries",
    "rows_of",
    "with_blank_rows",
]

T = TypeVar("T")

MOST_EXCLUSIONS: Final = 100
"""SLAs with more of them have these changed through the API."""
_MOST_ROWS: Final = 150
_TEXTS: Final = ("name", "description")
_NUMBERS: Final = ("availability_percent", "response_time", "secondary_response_time", "uptime_percent")
_SECONDS: Final = ("response_time", "secondary_response_time")
_PERIOD: Final = ("kind", "start_day", "start_time", "end_day", "end_time")
_EXCLUSION: Final = ("start", "end", "location", "note")
_ROWS: Final = {"period": _PERIOD, "exclusion": _EXCLUSION}
_WRITTEN: Final = {"period": ("start_time", "end_time"), "exclusion": ("start", "end", "note")}
"""The fields without which a row is an empty one."""
_BLANK: Final = {"kind": "counts", "start_day": "2", "end_day": "6"}
_NUMBER: Final = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,6})?\Z")
LABELS: Final = {
    "monitor_id": "Monitor",
    "name": "Name",
    "description": "Description",
    "availability_percent": "Availability",
    "response_time": "Mean response time",
    "secondary_response_time": "Second response time",
    "uptime_percent": "Uptime",
    "operating_periods": "Operating periods",
    "exclusions": "Exclusions",
}


def first_entries() -> dict[str, str]:
    """Of an SLA that nobody has written anything of."""
    return dict.fromkeys((*_TEXTS, *_NUMBERS), "") | {"availability_percent": "99.9", "monitor_id": ""}


def entries_of(settings: SLASettings) -> dict[str, str]:
    """Of an SLA as it is stored."""
    uptime = settings.uptime_percent
    entries = {
        "name": settings.name,
        "description": settings.description or "",
        "availability_percent": f"{settings.availability_percent:.10g}",
        "uptime_percent": "" if uptime is None else f"{uptime:.10g}",
        **{name: f"{getattr(settings, name).total_seconds():.10g}" for name in _SECONDS},
    }
    for number, period in enumerate(settings.operating_periods):
        start, end = period.window.start, period.window.end
        values = (str(start.day), f"{start.time:%H:%M}", str(end.day), f"{end.time:%H:%M}")
        entries |= _row("period", number, ("excluded" if period.is_excluded else "counts", *values))
    for number, item in enumerate(settings.exclusions):
        location = "" if item.location_id is None else str(item.location_id)
        values = (local_text(item.window.start), local_text(item.window.end), location, item.note or "")
        entries |= _row("exclusion", number, values)
    return entries


def read_entries(form: Mapping[str, str]) -> dict[str, str]:
    """What was sent, as it was written; rows without anything written are left out, and the others counted from 0."""
    entries = {name: form.get(name, "").replace("\r\n", "\n") for name in ("monitor_id", *_TEXTS, *_NUMBERS)}
    for kind, names in _ROWS.items():
        found = [
            values
            for number in range(_MOST_ROWS)
            if any(form.get(f"{kind}-{number}-{name}", "").strip() for name in _WRITTEN[kind])
            and (values := tuple(form.get(f"{kind}-{number}-{name}", "") for name in names))
        ]
        for number, values in enumerate(found):
            entries |= _row(kind, number, values)
    return entries


def rows_of(entries: Mapping[str, str], kind: str) -> list[dict[str, str]]:
    """Of each row of a kind (`period`, `exclusion`), the names of its fields by what they hold."""
    return [{name: f"{kind}-{number}-{name}" for name in _ROWS[kind]} for number in _numbers(entries, kind)]


def with_blank_rows(entries: Mapping[str, str]) -> dict[str, str]:
    """The entries with an empty row of each kind below the others."""
    filled = dict(entries)
    for kind, names in _ROWS.items():
        number = sum(1 for _ in _numbers(entries, kind))
        filled |= _row(kind, number, tuple(_BLANK.get(name, "") for name in names))
    return filled


def parse(entries: Mapping[str, str]) -> tuple[dict[str, object], list[Fault]]:
    """Fields of `SLASettings` by name, None for what is empty, and what can't be read; the rules are left to the service."""
    faults: list[Fault] = []
    changes: dict[str, object] = {name: entries[name].strip() or None for name in _TEXTS}
    for name in _NUMBERS:
        number = _number(entries[name], name, faults)
        changes[name] = timedelta(seconds=round(number, 2)) if number is not None and name in _SECONDS else number
    changes["operating_periods"] = tuple(_periods(entries, faults))
    changes["exclusions"] = tuple(_exclusions(entries, faults))
    return changes, faults


def _row(kind: str, number: int, values: tuple[str, ...]) -> dict[str, str]:
    return {f"{kind}-{number}-{name}": value for name, value in zip(_ROWS[kind], values, strict=True)}


def _numbers(entries: Mapping[str, str], kind: str) -> Iterator[int]:
    number = 0
    while f"{kind}-{number}-{_ROWS[kind][0]}" in entries:
        yield number
        number += 1


def _number(text: str, name: str, faults: list[Fault]) -> float | None:
    digits = text.strip()
    if not digits:
        return None
    if not _NUMBER.match(digits):
        faults.append(Fault(name, f'"{digits[:20]}" is no number; write one like 99.9'))
        return None
    return round(float(digits.replace(",", ".")), 3)


def _periods(entries: Mapping[str, str], faults: list[Fault]) -> Iterator[OperatingPeriod]:
    for number in _numbers(entries, "period"):
        prefix = f"period-{number}-"
        start = _week_time(entries, prefix + "start_day", prefix + "start_time", faults)
        end = _week_time(entries, prefix + "end_day", prefix + "end_time", faults)
        if start is not None and end is not None:
            is_excluded = entries[prefix + "kind"] == "excluded"
            yield OperatingPeriod(window=WeeklyWindow(start=start, end=end), is_excluded=is_excluded)


def _week_time(entries: Mapping[str, str], day_name: str, time_name: str, faults: list[Fault]) -> WeekTime | None:
    day = parse_day(entries[day_name], day_name, faults)
    at = _required(parse_time, entries, time_name, faults)
    return None if day is None or at is None else WeekTime(day=day, time=at)


def _required(
    read: Callable[[str, str, list[Fault]], T | None], entries: Mapping[str, str], name: str, faults: list[Fault]
) -> T | None:
    if not entries[name].strip():
        faults.append(Fault(name, "is required; or empty the whole row"))
    return read(entries[name], name, faults)


def _exclusions(entries: Mapping[str, str], faults: list[Fault]) -> Iterator[Exclusion]:
    for number in _numbers(entries, "exclusion"):
        row = {name: f"exclusion-{number}-{name}" for name in _EXCLUSION}
        start, end = (_required(parse_date, entries, row[name], faults) for name in ("start", "end"))
        location = entries[row["location"]]
        if start is None or end is None:
            continue
        if end <= start:
            faults.append(Fault(row["end"], "is not later than the start"))
            continue
        is_number = location.isascii() and location.isdigit() and len(location) < 19
        yield Exclusion(
            window=OneTimeWindow(start=start, end=end),
            location_id=int(location) if is_number else None,
            note=entries[row["note"]].strip() or None,
        )
