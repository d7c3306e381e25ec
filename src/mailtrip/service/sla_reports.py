"""Whether monitors reach what their SLAs say, from rollups: within operating periods, without exclusions."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from mailtrip import store
from mailtrip.errors import Fault, InvalidInput
from mailtrip.model import SLA, Actor
from mailtrip.model.tally import Counts, Outcome
from mailtrip.reports.operating_time import Span, operating_spans
from mailtrip.reports.spans import whole_hours
from mailtrip.service import report_sums
from mailtrip.service.report_figures import choose_monitors
from mailtrip.store import Connection, hour_logs, rollup_queries
from mailtrip.store.hour_logs import HourLog

__all__ = ["SLAFigures", "SLAReport", "report"]

_HOUR: Final = timedelta(hours=1)
_MOST_HOURS: Final = 400_000
_ONE: Final = {
    Outcome.OK: Counts(ok=1),
    Outcome.WARNING: Counts(warning=1),
    Outcome.ERROR: Counts(error=1),
    Outcome.UNKNOWN: Counts(unknown=1),
    Outcome.NOT_MEASURED: Counts(not_measured=1),
    Outcome.SKIPPED: Counts(skipped=1),
    Outcome.BLACKOUT: Counts(blackout=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SLAFigures:
    """An SLA, and what was reached.

    Attributes:
        counts: of the runs whose slots count; hours that only count in part count for response times where their
            beginning does.
    """

    sla: SLA
    counts: Counts

    @property
    def is_available(self) -> bool | None:
        """Whether the availability is reached; None where nothing was measured."""
        reached = self.counts.availability
        return None if reached is None else reached * 100 >= self.sla.settings.availability_percent

    @property
    def is_quick(self) -> bool | None:
        """Whether the mean response time is within the goal; None where none was measured."""
        mean = self.counts.mean_response_time
        return None if mean is None else mean <= self.sla.settings.response_time


@dataclass(frozen=True, slots=True, kw_only=True)
class SLAReport:
    """What SLAs reached in a span of time, in whole seconds.

    Attributes:
        is_complete: False while runs from before there were rollups are still being added.
        slas: by the monitors' ids; monitors without an SLA are left out.
    """

    since: datetime
    until: datetime
    is_complete: bool
    slas: tuple[SLAFigures, ...]


def report(
    connection: Connection,
    actor: Actor,
    *,
    monitor_ids: Collection[int] | None = None,
    since: datetime,
    until: datetime,
) -> SLAReport:
    """What the SLAs of monitors reached between two times, widened to whole hours.

    Args:
        connection: of a reading transaction.
        actor: who asks.
        monitor_ids: only these; None for all that the actor may see.
        since: aware; likewise `until`.
        until: no part of it.

    Raises:
        NotFound: one of the monitors is not there.
        InvalidInput: `until` is not later than `since`, or SLAs with operating periods or exclusions ask for too much.
    """
    if since >= until:
        raise InvalidInput([Fault("until", "must be later than the beginning")])
    first, last = whole_hours(since, until)
    chosen = choose_monitors(connection, actor, monitor_ids)
    slas = store.slas.of_monitors(connection, actor.account_id, chosen.names)
    whole = report_sums.counts_by_monitor(connection, chosen, first, last)
    partial = {id_ for id_, sla in slas.items() if _is_partial(sla, first, last)}
    if len(partial) * ((last - first) / _HOUR) > _MOST_HOURS:
        text = f"too long for {len(partial)} SLAs with operating periods or exclusions; ask for fewer or a shorter time"
        raise InvalidInput([Fault("since", text)])
    hours: dict[int, list[HourLog]] = {}
    for hour in hour_logs.of_monitors(connection, actor.account_id, partial, first, last) if partial else ():
        hours.setdefault(hour.monitor_id, []).append(hour)
    return SLAReport(
        since=first,
        until=last,
        is_complete=rollup_queries.is_complete(connection),
        slas=tuple(
            SLAFigures(
                sla=sla, counts=_operating(sla, hours.get(id_, ()), first, last) if id_ in partial else whole[id_]
            )
            for id_, sla in sorted(slas.items())
        ),
    )


def _is_partial(sla: SLA, since: datetime, until: datetime) -> bool:
    locations = {item.location_id for item in sla.settings.exclusions}
    everywhere = [(since, until)]
    return any(
        operating_spans(sla.settings, since, until, location_id=location) != everywhere
        for location in {None, *locations}
    )


def _operating(sla: SLA, hours: Iterable[HourLog], since: datetime, until: datetime) -> Counts:
    spans: dict[int, Sequence[Span]] = {}
    found = Counts()
    for hour in hours:
        if hour.location_id not in spans:
            spans[hour.location_id] = operating_spans(sla.settings, since, until, location_id=hour.location_id)
        found += _within(hour, spans[hour.location_id])
    return found


def _within(hour: HourLog, spans: Sequence[Span]) -> Counts:
    """What of an hour lies in the spans."""
    if _covers(spans, hour.begins_at, hour.begins_at + _HOUR):
        return hour.counts
    found = sum((_ONE[entry.outcome] for entry in hour.entries if _covers(spans, entry.at, entry.at)), Counts())
    if not _covers(spans, hour.begins_at, hour.begins_at):
        return found
    return replace(found, responses=hour.counts.responses, response_time=hour.counts.response_time)


def _covers(spans: Sequence[Span], since: datetime, until: datetime) -> bool:
    """Whether one of the spans holds all of it; a moment is no time, and belongs to what begins with it."""
    place = bisect_right(spans, since, key=lambda span: span[0]) - 1
    return place >= 0 and since < spans[place][1] and until <= spans[place][1]
