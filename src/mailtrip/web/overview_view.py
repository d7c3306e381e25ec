"""What the overview shows, made from how monitors stand. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median_high
from typing import Final
from urllib.parse import urlencode

from mailtrip.model import RunState, Severity
from mailtrip.service.overview import Finding, Glance, MonitorState
from mailtrip.store.outcomes import Outcome
from mailtrip.web.words import count_of

__all__ = [
    "BARS",
    "PER_PAGE",
    "STATE_NAMES",
    "Bars",
    "FindingRow",
    "MonitorRow",
    "Query",
    "Sort",
    "bars_of",
    "choose",
    "finding_row",
    "headline",
    "row_of",
    "tags_of",
]

BARS: Final = 90
"""Runs that a monitor's bar shows."""
PER_PAGE: Final = 50
_LONGEST_SEARCH: Final = 200
_STEP: Final = 4
_HEIGHT: Final = 24


class Sort(StrEnum):
    """In which order monitors are listed."""

    STATE = "state"
    """What is broken first."""
    NAME = "name"
    SLOWEST = "slowest"
    """The slowest newest delivery first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What of the monitors is asked for.

    Attributes:
        text: in a name, an address, a server's name or a tag.
        tag: one that they have, whatever its case; empty for all.
        state: None for all.
        page: from 1.
    """

    text: str = ""
    tag: str = ""
    state: MonitorState | None = None
    sort: Sort = Sort.STATE
    page: int = 1

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "Query":
        """What a page's address asks for; what is wrong in it counts as not given."""
        page = given.get("page", "")
        return cls(
            text=given.get("q", "").strip()[:_LONGEST_SEARCH],
            tag=given.get("tag", "").strip()[:_LONGEST_SEARCH],
            state=next((state for state in MonitorState if state == given.get("state")), None),
            sort=next((sort for sort in Sort if sort == given.get("sort")), Sort.STATE),
            page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
        )

    def path(self, *, state: MonitorState | None = None, page: int = 1) -> str:
        """The address of the same list with another state, or on another page."""
        values = {
            "q": self.text,
            "tag": self.tag,
            "state": "" if state is None else str(state),
            "sort": "" if self.sort is Sort.STATE else str(self.sort),
            "page": "" if page == 1 else str(page),
        }
        query = urlencode({name: value for name, value in values.items() if value})
        return f"/overview?{query}" if query else "/overview"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """The newest runs of a monitor as a row of bars, the newest at the right.

    Attributes:
        paths: by word of severity (`none` for a blackout), the path of an SVG of `width` by `height`.
        text: the same in words.
        usual: the median time of delivery.
    """

    paths: Mapping[str, str]
    text: str
    usual: timedelta | None
    width: int = BARS * _STEP
    height: int = _HEIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorRow:
    """A monitor in the list.

    Attributes:
        summary: the newest run's verdict in words, or why there is none.
        at: when that run was planned.
        delivery: its time of delivery.
        availability: share of the last 30 days' runs that proved the mail path working; None where nothing was measured.
        tags: each with the address of the list of all that have it.
    """

    id: int
    name: str
    state: MonitorState
    state_name: str
    about: str
    summary: str
    at: datetime | None
    delivery: timedelta | None
    availability: float | None
    is_in_blackout: bool
    bars: Bars
    tags: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """What several monitors have in common: `mail.example.com: 12 monitors, login refused, since ...`."""

    servers: str
    count: str
    text: str
    since: datetime
    path: str


STATE_NAMES: Final = {
    MonitorState.FAILING: "Failing",
    MonitorState.WARNING: "Warning",
    MonitorState.NO_DATA: "No data",
    MonitorState.WORKING: "Working",
    MonitorState.PAUSED: "Paused",
}
_WORST_FIRST: Final = {state: place for place, state in enumerate(MonitorState)}
_TOLD_FIRST: Final = (
    (MonitorState.FAILING, "is failing", "are failing"),
    (MonitorState.WARNING, "has a warning", "have a warning"),
    (MonitorState.NO_DATA, "has no data", "have no data"),
)
_RUN_WORDS: Final = {
    Severity.OK.value: "delivered",
    Severity.WARNING.value: "with a warning",
    Severity.ERROR.value: "failed",
    Severity.UNKNOWN.value: "not measured",
    "none": "in a blackout",
}


def choose(glances: Iterable[Glance], query: Query) -> list[Glance]:
    """Those that are asked for, of all states, in their order."""
    wanted, tag = query.text.casefold(), query.tag.casefold()
    found = [
        glance
        for glance in glances
        if wanted in _searched(glance)
        and (not tag or any(tag == each.casefold() for each in glance.monitor.settings.tags))
    ]
    match query.sort:
        case Sort.STATE:
            return sorted(found, key=lambda glance: (_WORST_FIRST[glance.state], _name_key(glance)))
        case Sort.NAME:
            return sorted(found, key=_name_key)
        case Sort.SLOWEST:
            return sorted(found, key=lambda glance: (-_delivery_seconds(glance), _name_key(glance)))


def tags_of(glances: Iterable[Glance]) -> list[str]:
    """All tags that there are, each once whatever its case, by name."""
    found = {tag.casefold(): tag for glance in glances for tag in glance.monitor.settings.tags}
    return [found[key] for key in sorted(found)]


def headline(counts: Mapping[MonitorState, int]) -> str:
    """How things stand, in a sentence: the worst that there is. Paused monitors don't count."""
    total = sum(counts.values())
    active = total - counts.get(MonitorState.PAUSED, 0)
    for state, one, several in _TOLD_FIRST:
        if number := counts.get(state, 0):
            return f"{number:,} of {count_of(active, 'monitor')} {one if number == 1 else several}"
    if not active:
        return f"{count_of(total, 'monitor')}, paused" if total else "No monitors yet"
    return "Mail arrives" if active == 1 else f"Mail arrives at all {active:,} monitors"


def row_of(
    glance: Glance, outcomes: Sequence[Outcome], *, availability: float | None, is_in_blackout: bool
) -> MonitorRow:
    """A monitor's row, with its newest planned runs, oldest first."""
    settings, standing = glance.monitor.settings, glance.standing.standing
    run = None if standing is None else standing.run
    return MonitorRow(
        id=glance.monitor.id,
        name=settings.name,
        state=glance.state,
        state_name=STATE_NAMES[glance.state],
        about=settings.email or settings.smtp_server or settings.mailbox_server,
        summary=_summary(glance, is_in_blackout=is_in_blackout),
        at=None if run is None else run.slot,
        delivery=None if run is None else run.delay or run.seen_after,
        availability=availability,
        is_in_blackout=is_in_blackout,
        bars=bars_of(outcomes),
        tags=[(tag, Query(tag=tag).path()) for tag in settings.tags],
    )


def bars_of(outcomes: Sequence[Outcome]) -> Bars:
    """The bars of runs, oldest first; runs that have not ended are left out."""
    ended = [outcome for outcome in outcomes if outcome.state is not RunState.RUNNING][-BARS:]
    words = [_word_of(outcome) for outcome in ended]
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words, BARS - len(words)):
        places.setdefault(word, []).append(place)
    arrivals = [outcome.arrived_after for outcome in ended if outcome.arrived_after is not None]
    counts = [f"{words.count(word)} {_RUN_WORDS[word]}" for word in _RUN_WORDS if word in places]
    return Bars(
        paths={word: _path(where, word) for word, where in places.items()},
        text=f"Last {count_of(len(ended), 'run')}: {', '.join(counts)}" if ended else "No runs yet",
        usual=median_high(arrivals) if arrivals else None,
    )


def _summary(glance: Glance, *, is_in_blackout: bool) -> str:
    standing = glance.standing.standing
    if standing is None:
        return "No run has finished yet"
    run = standing.run
    if glance.state is MonitorState.NO_DATA and run.severity is not Severity.UNKNOWN:
        reason = "No runs are made in the blackout" if is_in_blackout else "Nothing new for some time"
        return f"{reason}. The last run: {run.summary}"
    return run.summary


def finding_row(finding: Finding) -> FindingRow:
    """A group of monitors that fail for one reason."""
    text = finding.status.text
    return FindingRow(
        servers=" or ".join(server.rpartition("/")[2] for server in finding.servers),
        count=count_of(len(finding.monitor_ids), "monitor"),
        text=text,
        since=finding.since,
        path=Query(text=finding.servers[-1].rpartition("/")[2]).path(state=MonitorState.FAILING),
    )


def _word_of(outcome: Outcome) -> str:
    if outcome.state is RunState.BLACKOUT:
        return "none"
    return str(outcome.severity or Severity.UNKNOWN)


def _path(places: Iterable[int], word: str) -> str:
    """One path for all bars of a severity: low for what was not measured, so that it does not pass for a result."""
    height = _HEIGHT if word in _RUN_WORDS and word not in {"none", Severity.UNKNOWN} else _HEIGHT // 3
    return "".join(f"M{place * _STEP} {_HEIGHT - height}h3v{height}h-3z" for place in places)


def _searched(glance: Glance) -> str:
    settings = glance.monitor.settings
    return "\n".join(
        (settings.name, settings.email, settings.smtp_server, settings.mailbox_server, *settings.tags)
    ).casefold()


def _name_key(glance: Glance) -> tuple[str, int]:
    return glance.monitor.settings.name.casefold(), glance.monitor.id


def _delivery_seconds(glance: Glance) -> float:
    standing = glance.standing.standing
    found = None if standing is None else standing.run.delay or standing.run.seen_after
    return -1.0 if found is None else found.total_seconds()
