"""A whole report: the figures of a span of time with those of the time before, for pages, PDF and mail."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from mailtrip import store
from mailtrip.model import Actor
from mailtrip.model.tally import Counts, Size
from mailtrip.reports.outages import Outage
from mailtrip.service import outages, report_figures, sla_reports
from mailtrip.service.report_figures import Bucket, MonitorFigures, Percentiles
from mailtrip.service.sla_reports import SLAFigures
from mailtrip.store import Connection

__all__ = ["MonitorRow", "ReportDocument", "bucket_size", "collect", "monitor_rows"]

_NONE = Percentiles(total=0, p50=None, p90=None, p95=None, p99=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorRow:
    """A monitor in a report; `before` is the same in the time before."""

    id: int
    name: str
    counts: Counts
    before: Counts
    times: Percentiles
    times_before: Percentiles
    outages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDocument:
    """What a report says.

    Attributes:
        since: in UTC, at a whole hour; likewise `until`, which is no part of it.
        before: when the time before begins, which ends at `since`.
        zone: of buckets, and of the times that are shown.
        size: of a bucket.
        is_complete: False while runs from before there were rollups are still being added.
        rows: the least available monitor first.
        outages: newest first.
        slas: each with what it was in the time before.
        names: of the monitors, by id.
        locations: their names, by id, of the outages.
    """

    account_name: str
    since: datetime
    until: datetime
    before: datetime
    zone: tzinfo
    size: Size
    is_complete: bool
    total: Counts
    total_before: Counts
    times: Percentiles
    times_before: Percentiles
    buckets: tuple[Bucket, ...]
    rows: tuple[MonitorRow, ...]
    outages: tuple[Outage, ...]
    outages_before: int
    slas: tuple[tuple[SLAFigures, SLAFigures], ...]
    names: dict[int, str]
    locations: dict[int, str]


def bucket_size(length: timedelta) -> Size:
    """How long the buckets of a report of this length are, so that they are not too many to look at."""
    if length <= timedelta(days=3):
        return Size.HOUR
    return Size.DAY if length <= timedelta(days=100) else Size.MONTH


def collect(
    connection: Connection,
    actor: Actor,
    *,
    monitor_ids: Collection[int] | None = None,
    since: datetime,
    until: datetime,
    before: datetime,
    zone: tzinfo = UTC,
) -> ReportDocument:
    """The report of a span of time.

    Args:
        connection: of a reading transaction.
        actor: who asks.
        monitor_ids: only these; None for all that the actor may see.
        since: aware; the hour it lies in counts from its beginning.
        until: aware; the hour it lies in counts to its end.
        before: when the time to compare with begins; it ends at `since`.
        zone: where days and months begin.

    Raises:
        NotFound: one of the monitors is not there.
        InvalidInput: `until` is not later than `since`, or the report would be too large.
    """
    size = bucket_size(until - since)
    now = report_figures.response_times(
        connection, actor, monitor_ids=monitor_ids, since=since, until=until, bucket=size, zone=zone
    )
    earlier = report_figures.response_times(
        connection, actor, monitor_ids=monitor_ids, since=before, until=since, bucket=Size.MONTH, zone=zone
    )
    out = outages.find(connection, actor, monitor_ids=monitor_ids, since=since, until=until)
    out_before = outages.find(connection, actor, monitor_ids=monitor_ids, since=before, until=since)
    slas = sla_reports.report(connection, actor, monitor_ids=monitor_ids, since=since, until=until).slas
    slas_before = sla_reports.report(connection, actor, monitor_ids=monitor_ids, since=before, until=since).slas
    return ReportDocument(
        account_name=store.accounts.name_of(connection, actor.account_id),
        since=now.since,
        until=now.until,
        before=before,
        zone=zone,
        size=size,
        is_complete=now.is_complete,
        total=now.total,
        total_before=earlier.total,
        times=report_figures.percentiles_of(now.times),
        times_before=report_figures.percentiles_of(earlier.times),
        buckets=now.buckets,
        rows=tuple(monitor_rows(now.monitors, earlier.monitors, out.outages)),
        outages=out.outages,
        outages_before=len(out_before.outages),
        slas=tuple(zip(slas, slas_before, strict=True)),
        names=out.names,
        locations=store.accounts.location_names(connection, {outage.location_id for outage in out.outages}),
    )


def monitor_rows(
    now: Iterable[MonitorFigures], before: Iterable[MonitorFigures], outages: Iterable[Outage]
) -> list[MonitorRow]:
    """Monitors with the least available first; those that were not measured come last."""
    earlier = {each.monitor_id: each for each in before}
    counted = Counter(outage.monitor_id for outage in outages)
    rows = [
        MonitorRow(
            id=each.monitor_id,
            name=each.name,
            counts=each.counts,
            before=earlier[each.monitor_id].counts if each.monitor_id in earlier else Counts(),
            times=each.times or _NONE,
            times_before=(earlier[each.monitor_id].times if each.monitor_id in earlier else None) or _NONE,
            outages=counted[each.monitor_id],
        )
        for each in now
    ]
    return sorted(rows, key=_order)


def _order(row: MonitorRow) -> tuple[float, str]:
    share = row.counts.availability
    return (2.0 if share is None else share, row.name.casefold())
