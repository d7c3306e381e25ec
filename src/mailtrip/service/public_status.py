"""What the public sees of an account: the values here are all that a status page and its feed are made of.

Nothing in them comes from a monitor but how it stands: names, groups and texts are those that were given for the public,
and each failure is told without its cause. Ids are random, or made from random ones.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final

from mailtrip import store
from mailtrip.errors import InvalidInput, NotFound
from mailtrip.model import Actor, Role
from mailtrip.model.status_page import Incident, IncidentUpdate, Logo, StatusPage
from mailtrip.model.tally import Counts, Size
from mailtrip.reports.outages import Outage
from mailtrip.service import outages, report_sums, standings
from mailtrip.service.blackouts import stopped_monitors
from mailtrip.service.overview import MonitorState, state_of
from mailtrip.store import Connection, rollup_queries
from mailtrip.store.rollup_queries import Chosen, Span

__all__ = [
    "HISTORY_DAYS",
    "SHOWN_DAYS",
    "PublicDay",
    "PublicEntry",
    "PublicIncident",
    "PublicOutage",
    "PublicStatus",
    "find",
]

SHOWN_DAYS: Final = 90
HISTORY_DAYS: Final = 14
_DAY: Final = timedelta(days=1)
_MOST_INCIDENTS: Final = 50
_MOST_OUTAGES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDay:
    """A day in UTC; availability in 0..1, None where nothing was measured."""

    day: date
    availability: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEntry:
    """What the public sees of a monitor.

    Attributes:
        days: the last `SHOWN_DAYS`, today included, oldest first.
        availability: over these days.
    """

    name: str
    group: str | None
    state: MonitorState
    days: tuple[PublicDay, ...]
    availability: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicOutage:
    """A time in which checks of an entry failed; `end` is None where none has succeeded since.

    Attributes:
        key: a UUID that stays while the beginning does.
        name: of the entry.
    """

    key: str
    name: str
    begin: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicIncident:
    """An incident; `names` are of the entries that it affects, `updates` are oldest first."""

    key: str
    title: str
    began_at: datetime
    resolved_at: datetime | None
    names: tuple[str, ...]
    updates: tuple[IncidentUpdate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicStatus:
    """All that the public sees.

    Attributes:
        key: a UUID that names the page.
        incidents: open ones, and those that were open in the last `HISTORY_DAYS`; the newest first.
        outages: of the same time, the newest first; None where they are too many to list.
        is_complete: False while runs from before there were rollups are still being added.
        made_at: when all this was so.
    """

    key: str
    slug: str
    title: str
    text: str | None
    logo: Logo | None
    entries: tuple[PublicEntry, ...]
    incidents: tuple[PublicIncident, ...]
    outages: tuple[PublicOutage, ...] | None
    is_complete: bool
    made_at: datetime


def find(connection: Connection, slug: str, *, now: datetime) -> PublicStatus:
    """What the public sees at this address.

    Raises:
        NotFound: there is no page there, or it is not published.
    """
    page = store.status_pages.find_published(connection, slug)
    if page is None:
        raise NotFound("there is no such status page")
    actor = Actor(account_id=page.account_id, role=Role.READ_ONLY)
    since = now - HISTORY_DAYS * _DAY
    found = store.incidents.recent(connection, page.account_id, since=since, limit=_MOST_INCIDENTS)
    return PublicStatus(
        key=page.key,
        slug=page.slug,
        title=page.settings.title,
        text=page.settings.text,
        logo=page.logo,
        entries=tuple(_entries(connection, actor, page, now=now)),
        incidents=tuple(_incident(page, incident) for incident in found),
        outages=_outages(connection, actor, page, since=since, now=now),
        is_complete=rollup_queries.is_complete(connection),
        made_at=now,
    )


def _entries(connection: Connection, actor: Actor, page: StatusPage, *, now: datetime) -> Iterator[PublicEntry]:
    states = _states(connection, actor, page, now=now)
    spans = _days(now)
    counts = _counts(connection, actor, list(states), spans)
    for entry in page.settings.entries:
        by_day = counts[entry.monitor_id]
        yield PublicEntry(
            name=entry.name,
            group=entry.group,
            state=states[entry.monitor_id],
            days=tuple(
                PublicDay(day=since.date(), availability=each.availability)
                for (since, _), each in zip(spans, by_day, strict=True)
            ),
            availability=sum(by_day, Counts()).availability,
        )


def _states(connection: Connection, actor: Actor, page: StatusPage, *, now: datetime) -> dict[int, MonitorState]:
    ids = [entry.monitor_id for entry in page.settings.entries]
    stopped = stopped_monitors(connection, actor, at=now)
    return {
        found.monitor.id: MonitorState.PAUSED if found.monitor.id in stopped else state_of(found, now=now)
        for found in standings.get_all(connection, actor, ids)
    }


def _days(now: datetime) -> list[Span]:
    today = Size.DAY.begin_of(now)
    begins = [today - place * _DAY for place in reversed(range(SHOWN_DAYS))]
    return [(begin, begin + _DAY) for begin in begins]


def _counts(
    connection: Connection, actor: Actor, ids: Sequence[int], spans: Sequence[Span]
) -> Mapping[int, Sequence[Counts]]:
    chosen = rollup_queries.choose(connection, actor.account_id, monitor_ids=ids, access=None)
    every = chosen.others | chosen.names.keys()
    found = {}
    for id_, name in chosen.names.items():
        one = Chosen(account_id=actor.account_id, names={id_: name}, others=frozenset(every - {id_}))
        found[id_] = report_sums.counts_in(connection, one, spans, Size.DAY)
    return found


def _outages(
    connection: Connection, actor: Actor, page: StatusPage, *, since: datetime, now: datetime
) -> tuple[PublicOutage, ...] | None:
    ids = [entry.monitor_id for entry in page.settings.entries]
    try:
        report = outages.find(connection, actor, monitor_ids=ids, since=since, until=now)
    except InvalidInput:
        return None
    names = {entry.monitor_id: entry.name for entry in page.settings.entries}
    by_monitor = sorted(report.outages, key=lambda each: (each.monitor_id, each.begin))
    found = [
        PublicOutage(key=_key_of(page, id_, begin), name=names[id_], begin=begin, end=end)
        for id_, of_monitor in groupby(by_monitor, key=lambda each: each.monitor_id)
        for begin, end in _merged(of_monitor)
    ]
    found.sort(key=lambda each: (each.begin, each.key), reverse=True)
    return tuple(found) if len(found) <= _MOST_OUTAGES else None


def _merged(found: Iterable[Outage]) -> Iterator[tuple[datetime, datetime | None]]:
    """Times in which checks failed at any location, oldest first; those that overlap are one."""
    current: tuple[datetime, datetime | None] | None = None
    for outage in found:
        if current is None:
            current = (outage.begin, outage.end)
        elif current[1] is None or outage.begin <= current[1]:
            ends = (current[1], outage.end)
            current = (current[0], None if None in ends else max(end for end in ends if end is not None))
        else:
            yield current
            current = (outage.begin, outage.end)
    if current is not None:
        yield current


def _key_of(page: StatusPage, monitor_id: int, begin: datetime) -> str:
    return str(uuid.uuid5(uuid.UUID(page.entry_keys[monitor_id]), begin.isoformat()))


def _incident(page: StatusPage, incident: Incident) -> PublicIncident:
    return PublicIncident(
        key=incident.key,
        title=incident.title,
        began_at=incident.began_at,
        resolved_at=incident.resolved_at,
        names=tuple(entry.name for entry in page.settings.entries if entry.monitor_id in incident.monitor_ids),
        updates=incident.updates,
    )
