"""A status page in words and pictures. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from mailtrip.model.status_page import IncidentState
from mailtrip.model.words import format_duration
from mailtrip.service.overview import MonitorState
from mailtrip.service.public_status import (
    HISTORY_DAYS,
    SHOWN_DAYS,
    PublicDay,
    PublicEntry,
    PublicIncident,
    PublicOutage,
    PublicStatus,
)
from mailtrip.web.days import Level, level_of
from mailtrip.web.words import count_of

__all__ = ["INCIDENT_STATES", "Bar", "EntryRow", "HistoryDay", "bar_of", "groups_of", "headline", "history_of", "told"]

T = TypeVar("T")

INCIDENT_STATES: Final = {
    IncidentState.INVESTIGATING: "Investigating",
    IncidentState.IDENTIFIED: "Identified",
    IncidentState.MONITORING: "Monitoring",
    IncidentState.RESOLVED: "Resolved",
}
STATE_WORDS: Final = {
    MonitorState.FAILING: "Not working",
    MonitorState.WARNING: "Degraded",
    MonitorState.NO_DATA: "No data",
    MonitorState.WORKING: "Working",
    MonitorState.PAUSED: "Not watched",
}
_CELL: Final = 8
_WIDTH: Final = 6
_HEIGHT: Final = 30
_LEVEL_WORDS: Final = {
    Level.WHOLE: "without a failure",
    Level.NEARLY: "with few failures",
    Level.BAD: "with failures",
    Level.WORST: "not working most of the time",
    Level.NO_DATA: "without data",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """The days of an entry side by side, today at the right.

    Attributes:
        paths: by level, the path of an SVG of `width` by `height`.
        text: the same in words.
    """

    paths: Mapping[Level, str]
    text: str
    width: int = SHOWN_DAYS * _CELL
    height: int = _HEIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """An entry with its state in words."""

    entry: PublicEntry
    state: str
    bar: Bar


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageRow:
    """An outage in words."""

    outage: PublicOutage
    lasted: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryDay:
    """What began on a day, the newest first; `has_data` tells whether anything was measured on it."""

    day: date
    has_data: bool
    incidents: tuple[PublicIncident, ...]
    outages: tuple[OutageRow, ...]


def headline(status: PublicStatus) -> tuple[MonitorState, str]:
    """How all of it stands, in words: the worst that there is. What is not watched does not count."""
    states = [entry.state for entry in status.entries if entry.state is not MonitorState.PAUSED]
    failing, total = states.count(MonitorState.FAILING), len(states)
    if failing:
        return MonitorState.FAILING, (
            "Nothing of this works" if failing == total and total > 1 else f"{failing} of {total} not working"
        )
    if MonitorState.WARNING in states:
        return MonitorState.WARNING, f"{states.count(MonitorState.WARNING)} of {total} degraded"
    if any(incident.resolved_at is None for incident in status.incidents):
        return MonitorState.WARNING, "There is an open incident"
    silent = states.count(MonitorState.NO_DATA)
    if silent == total:
        return MonitorState.NO_DATA, "No data"
    if silent:
        return MonitorState.NO_DATA, f"{total - silent} of {total} working, no data of the others"
    return MonitorState.WORKING, "All is working"


def groups_of(entries: Iterable[PublicEntry]) -> list[tuple[str | None, list[EntryRow]]]:
    """The entries by group, in the order in which the groups come first."""
    found: dict[str | None, list[EntryRow]] = {}
    for entry in entries:
        row = EntryRow(entry=entry, state=STATE_WORDS[entry.state], bar=bar_of(entry.days))
        found.setdefault(entry.group, []).append(row)
    return list(found.items())


def bar_of(days: Sequence[PublicDay]) -> Bar:
    """The days of an entry: low where there are no data, so that they don't pass for a result."""
    levels = [level_of(day.availability) for day in days]
    paths = {
        level: "".join(_cell(place, level) for place, each in enumerate(levels) if each is level)
        for level in Level
        if level in levels
    }
    counts = [f"{count_of(levels.count(level), 'day')} {_LEVEL_WORDS[level]}" for level in Level if level in levels]
    return Bar(paths=paths, text=f"Last {len(days)} days: {', '.join(counts)}")


def history_of(status: PublicStatus) -> list[HistoryDay]:
    """Each of the last days (UTC), today first; what began before is with the first of them."""
    first = status.made_at.date() - timedelta(days=HISTORY_DAYS - 1)
    past = [incident for incident in status.incidents if incident.resolved_at is not None]
    incidents = _by_day(past, first, [incident.began_at for incident in past])
    found = list(status.outages or ())
    outages = _by_day(found, first, [outage.begin for outage in found])
    days = [status.made_at.date() - timedelta(days=back) for back in range(HISTORY_DAYS)]
    measured = {each.day for entry in status.entries for each in entry.days if each.availability is not None}
    return [
        HistoryDay(
            day=day,
            has_data=day in measured,
            incidents=tuple(incidents.get(day, ())),
            outages=tuple(_outage_row(outage) for outage in outages.get(day, ())),
        )
        for day in days
    ]


def told(outage: PublicOutage) -> str:
    """An outage in a sentence, without its cause."""
    if outage.end is None:
        return f"{outage.name}: checks fail since {outage.begin:%d %b %H:%M} UTC"
    return f"{outage.name}: checks failed for {format_duration(outage.end - outage.begin)}"


def _cell(place: int, level: Level) -> str:
    height = _HEIGHT // 3 if level is Level.NO_DATA else _HEIGHT
    return f"M{place * _CELL} {_HEIGHT - height}h{_WIDTH}v{height}h-{_WIDTH}z"


def _outage_row(outage: PublicOutage) -> OutageRow:
    return OutageRow(outage=outage, lasted=None if outage.end is None else format_duration(outage.end - outage.begin))


def _by_day(items: Sequence[T], first: date, moments: Sequence[datetime]) -> dict[date, list[T]]:
    found: dict[date, list[T]] = {}
    for item, moment in zip(items, moments, strict=True):
        found.setdefault(max(moment.date(), first), []).append(item)
    return found
