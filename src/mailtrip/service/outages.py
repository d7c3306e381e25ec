"""Outages of monitors, from the rollups' logs: the same whether the runs are still there or not."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from mailtrip.errors import Fault, InvalidInput
from mailtrip.model import Actor
from mailtrip.reports.outages import Outage, outages
from mailtrip.reports.spans import whole_hours
from mailtrip.service.report_figures import choose_monitors
from mailtrip.store import Connection, hour_logs, rollup_queries

__all__ = ["Outage", "OutageReport", "find"]

_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageReport:
    """Outages that reach into a span of time.

    Attributes:
        is_complete: False while runs from before there were rollups are still being added.
        names: of the monitors that the report is about, by id.
        outages: newest first.
    """

    since: datetime
    until: datetime
    is_complete: bool
    names: dict[int, str]
    outages: tuple[Outage, ...]


def find(
    connection: Connection,
    actor: Actor,
    *,
    monitor_ids: Collection[int] | None = None,
    since: datetime,
    until: datetime,
) -> OutageReport:
    """The outages of monitors that begin, end or go on between two times.

    Args:
        connection: of a reading transaction.
        actor: who asks.
        monitor_ids: only these; None for all that the actor may see.
        since: aware; likewise `until`.
        until: failures after the hour of this time are not counted.

    Raises:
        NotFound: one of the monitors is not there.
        InvalidInput: `until` is not later than `since`, or there are more than 10,000 outages.
    """
    if since >= until:
        raise InvalidInput([Fault("until", "must be later than the beginning")])
    chosen = choose_monitors(connection, actor, monitor_ids)
    first, last = whole_hours(since, until)
    places = hour_logs.around_errors(connection, actor.account_id, chosen.names, first, last)
    found = [
        outage
        for (monitor_id, location_id), entries in places.items()
        for outage in outages(monitor_id, location_id, entries)
        if outage.begin < until and (outage.end is None or outage.end > since)
    ]
    if len(found) > _MOST:
        raise InvalidInput([Fault("since", f"there are more than {_MOST} outages; ask for a shorter time")])
    return OutageReport(
        since=since,
        until=until,
        is_complete=rollup_queries.is_complete(connection),
        names=dict(chosen.names),
        outages=tuple(sorted(found, key=lambda outage: (outage.begin, outage.monitor_id), reverse=True)),
    )
