"""The forms of blackouts: their entries from what is stored, and drafts from their entries. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Final

from mailtrip.errors import Fault
from mailtrip.model import Blackout, BlackoutType, OneTimeWindow
from mailtrip.service.blackouts import BlackoutDraft

__all__ = [
    "DAY_NAMES",
    "ONCE",
    "TYPE_WORDS",
    "WEEKLY",
    "entries_of",
    "first_entries",
    "local_text",
    "parse",
    "parse_date",
    "parse_day",
    "parse_time",
    "read_entries",
]

TYPE_WORDS: Final = {
    BlackoutType.MONITOR: "No runs are made, and so nothing is told",
    BlackoutType.ALERT: "Runs go on, but nobody is told of errors",
    BlackoutType.NOTIFIER: "Recipients are told nothing, of any monitor",
}
DAY_NAMES: Final = {
    2: "Monday",
    3: "Tuesday",
    4: "Wednesday",
    5: "Thursday",
    6: "Friday",
    7: "Saturday",
    1: "Sunday",
}
"""Days by the number that the API has for them, in the order that people know."""
WEEKLY: Final = "weekly"
ONCE: Final = "once"
_NAMES: Final = ("type", "repeats", "start", "end", "start_day", "start_time", "end_day", "end_time", "note")


def first_entries() -> dict[str, str]:
    """Of a blackout that nobody has written anything of."""
    empty = dict.fromkeys(_NAMES, "")
    return empty | {"type": BlackoutType.MONITOR.value, "repeats": ONCE, "start_day": "1", "end_day": "1"}


def entries_of(blackout: Blackout) -> dict[str, str]:
    """Of a blackout as it is stored."""
    window = blackout.window
    common = first_entries() | {"type": blackout.type.value, "note": blackout.note or ""}
    if isinstance(window, OneTimeWindow):
        return common | {"repeats": ONCE, "start": local_text(window.start), "end": local_text(window.end)}
    return common | {
        "repeats": WEEKLY,
        "start_day": str(window.start.day),
        "start_time": f"{window.start.time:%H:%M}",
        "end_day": str(window.end.day),
        "end_time": f"{window.end.time:%H:%M}",
    }


def read_entries(form: Mapping[str, str]) -> dict[str, str]:
    """What was sent, as it was written; what is missing is empty."""
    return {name: form.get(name, "").replace("\r\n", "\n") for name in _NAMES}


def parse(entries: Mapping[str, str]) -> tuple[BlackoutDraft, list[Fault]]:
    """What the form asks for, without a subject, and what of it can't be read; the rules are left to the service."""
    faults: list[Fault] = []
    type_ = next((each for each in BlackoutType if each == entries["type"]), None)
    if type_ is None:
        faults.append(Fault("type", "is none of the choices; choose one"))
    common = {"type": type_, "note": entries["note"].strip() or None}
    if entries["repeats"] != WEEKLY:
        dates = {name: parse_date(entries[name], name, faults) for name in ("start", "end")}
        return BlackoutDraft(**common, is_weekly=False, **dates), faults  # type: ignore[arg-type]  # by their names
    days = {name: parse_day(entries[name], name, faults) for name in ("start_day", "end_day")}
    times = {name: parse_time(entries[name], name, faults) for name in ("start_time", "end_time")}
    return BlackoutDraft(**common, is_weekly=True, **days, **times), faults  # type: ignore[arg-type]  # as above


def parse_date(text: str, name: str, faults: list[Fault]) -> datetime | None:
    """A time in UTC as the field of a browser has it; None for nothing. What can't be read is added to the faults."""
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None or "T" not in text.replace(" ", "T"):
        faults.append(Fault(name, "can't be read; write date and time in UTC, like 2026-03-31 22:00"))
        return None
    return moment.replace(tzinfo=UTC, microsecond=0)


def parse_time(text: str, name: str, faults: list[Fault]) -> time | None:
    """A time of the day in whole minutes, as the field of a browser has it; None for nothing, faults as above."""
    if not text.strip():
        return None
    try:
        return datetime.strptime(text.strip()[:5], "%H:%M").replace(tzinfo=UTC).time()
    except ValueError:
        faults.append(Fault(name, "can't be read; write hours and minutes in UTC, like 22:00"))
        return None


def parse_day(text: str, name: str, faults: list[Fault]) -> int | None:
    """The number of a day of the week; None for what is none, which is added to the faults."""
    number = next((number for number in DAY_NAMES if str(number) == text), None)
    if number is None:
        faults.append(Fault(name, "is no day of the week; choose one"))
    return number


def local_text(moment: datetime) -> str:
    """A time in UTC as the field of a browser takes it."""
    moment = moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S" if moment.second else "%Y-%m-%dT%H:%M")
