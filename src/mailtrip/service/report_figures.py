"""Availability and times of monitors, from rollups: for the report API and for pages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from mailtrip.errors import Fault, InvalidInput, NotFound
from mailtrip.model import Actor, Step
from mailtrip.model.tally import Counts, Distribution, Outcome, Share, Size, share_of
from mailtrip.reports.spans import buckets, whole_hours
from mailtrip.service import report_sums, runs
from mailtrip.store import Connection, rollup_queries
from mailtrip.store.rollup_codec import Lanes, by_step
from mailtrip.store.rollup_queries import Chosen, Span

__all__ = [
    "MOST_BUCKETS",
    "AvailabilityReport",
    "Bucket",
    "MonitorFigures",
    "Percentiles",
    "ResponseReport",
    "Sample",
    "availability",
    "choose_monitors",
    "percentiles_of",
    "recent_availability",
    "response_times",
    "samples",
    "usual_times",
]

MOST_BUCKETS: Final = 10_000
RECENT: Final = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
_USUAL: Final = timedelta(days=7)
_SHORTEST: Final = {Size.HOUR: timedelta(hours=1), Size.DAY: timedelta(hours=23), Size.MONTH: timedelta(days=27)}
_SHARES: Final = (0.5, 0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """How times are spread; each within `mailtrip.model.tally.RELATIVE_ERROR`. All None without times."""

    total: int
    p50: timedelta | None
    p90: timedelta | None
    p95: timedelta | None
    p99: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """An hour, a day or a month, of all monitors of a report together.

    Attributes:
        since: in UTC, at a whole hour; likewise `until`, which is no part of it.
        times: how the response times are spread; None in reports that do not tell.
    """

    since: datetime
    until: datetime
    counts: Counts
    times: Percentiles | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorFigures:
    """A monitor, over the whole time of a report; the fields are those of `Bucket`."""

    monitor_id: int
    name: str
    counts: Counts
    times: Percentiles | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityReport:
    """How available monitors were.

    Attributes:
        since: in UTC: what was asked for, widened to whole hours; likewise `until`.
        is_complete: False while runs from before there were rollups are still being added.
    """

    since: datetime
    until: datetime
    is_complete: bool
    total: Counts
    buckets: tuple[Bucket, ...]
    monitors: tuple[MonitorFigures, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseReport:
    """How long monitors' messages took; the fields are those of `AvailabilityReport`.

    Attributes:
        times: of all monitors over the whole time; its bins make a histogram.
        steps: the same of each step that any run has reached, in the order of a good run.
    """

    since: datetime
    until: datetime
    is_complete: bool
    total: Counts
    times: Distribution
    steps: dict[Step, Distribution]
    buckets: tuple[Bucket, ...]
    monitors: tuple[MonitorFigures, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A planned run that has ended, as a point of a chart; the fields are those of `Share`."""

    run_id: int
    location_id: int
    slot: datetime
    outcome: Outcome
    response: timedelta | None
    steps: tuple[tuple[Step, timedelta], ...]


def availability(
    connection: Connection,
    actor: Actor,
    *,
    monitor_ids: Collection[int] | None = None,
    since: datetime,
    until: datetime,
    bucket: Size = Size.DAY,
    zone: tzinfo = UTC,
) -> AvailabilityReport:
    """How available monitors were, all together in each bucket, and each over the whole time.

    Args:
        connection: of a reading transaction.
        actor: who asks.
        monitor_ids: only these; None for all that the actor may see.
        since: aware; the hour it lies in counts from its beginning.
        until: aware; the hour it lies in counts to its end.
        bucket: how long each bucket is.
        zone: where days and months begin.

    Raises:
        NotFound: one of the monitors is not there.
        InvalidInput: `until` is not later than `since`, or the answer would be too large.
    """
    chosen = choose_monitors(connection, actor, monitor_ids)
    first, last = whole_hours(since, until)
    counted, monitors = _counted(connection, chosen, _spans(first, last, bucket, zone), bucket)
    return AvailabilityReport(
        since=first,
        until=last,
        is_complete=rollup_queries.is_complete(connection),
        total=_total(counted),
        buckets=tuple(counted),
        monitors=tuple(monitors),
    )


def response_times(
    connection: Connection,
    actor: Actor,
    *,
    monitor_ids: Collection[int] | None = None,
    since: datetime,
    until: datetime,
    bucket: Size = Size.DAY,
    zone: tzinfo = UTC,
) -> ResponseReport:
    """How long the messages of monitors took; arguments and errors are those of `availability`."""
    chosen = choose_monitors(connection, actor, monitor_ids)
    first, last = whole_hours(since, until)
    spans = _spans(first, last, bucket, zone)
    counted, monitors = _counted(connection, chosen, spans, bucket)
    spreads = report_sums.times_in(connection, chosen, spans, bucket)
    (steps,) = report_sums.times_in(connection, chosen, [(first, last)], of_steps=True)
    times = report_sums.times_by_monitor(connection, chosen, first, last)
    return ResponseReport(
        since=first,
        until=last,
        is_complete=rollup_queries.is_complete(connection),
        total=_total(counted),
        times=sum(map(responses_of, spreads), Distribution()),
        steps=by_step(steps),
        buckets=tuple(
            replace(each, times=percentiles_of(responses_of(spread)))
            for each, spread in zip(counted, spreads, strict=True)
        ),
        monitors=tuple(replace(each, times=percentiles_of(responses_of(times[each.monitor_id]))) for each in monitors),
    )


def recent_availability(
    connection: Connection,
    actor: Actor,
    monitor_ids: Collection[int],
    *,
    now: datetime,
    spans: Sequence[timedelta] = RECENT,
) -> dict[int, tuple[Counts, ...]]:
    """What the runs of monitors add up to in the last 24 hours, 7 days and 30 days, each up to now and in whole hours.

    Monitors that the actor may not see are left out; `Counts.availability` is None where nothing was measured.
    """
    chosen = _seen(connection, actor, monitor_ids)
    found: dict[int, tuple[Counts, ...]] = dict.fromkeys(chosen.names, ())
    for span in spans:
        first, last = whole_hours(now - span, now)
        for monitor_id, counts in report_sums.counts_by_monitor(connection, chosen, first, last).items():
            found[monitor_id] += (counts,)
    return found


def usual_times(
    connection: Connection, actor: Actor, monitor_ids: Collection[int], *, now: datetime
) -> dict[int, timedelta | None]:
    """The median response time of each monitor in the last 7 days; None without one."""
    chosen = _seen(connection, actor, monitor_ids)
    first, last = whole_hours(now - _USUAL, now)
    times = report_sums.times_by_monitor(connection, chosen, first, last)
    return {monitor_id: percentiles_of(responses_of(spread)).p50 for monitor_id, spread in times.items()}


def samples(
    connection: Connection, actor: Actor, monitor_id: int, *, since: datetime, until: datetime, limit: int = 2000
) -> list[Sample]:
    """The planned runs of a monitor in a span of time, oldest first, for a chart; of more than `limit`, the newest.

    Raises:
        NotFound: no such monitor in the account.
    """
    found = runs.page(connection, actor, monitor_id, since=since, until=until, limit=limit)
    shares = [(run.id, share) for run in found if (share := share_of(run)) is not None]
    return [_sample(run_id, share) for run_id, share in reversed(shares)]


def responses_of(lanes: Lanes) -> Distribution:
    """How response times are spread."""
    return Distribution(lanes.get(0, 0))


def percentiles_of(times: Distribution) -> Percentiles:
    """The percentiles of times."""
    p50, p90, p95, p99 = times.quantiles(_SHARES)
    return Percentiles(total=times.total, p50=p50, p90=p90, p95=p95, p99=p99)


def _sample(run_id: int, share: Share) -> Sample:
    return Sample(
        run_id=run_id,
        location_id=share.location_id,
        slot=share.slot,
        outcome=share.outcome,
        response=share.response,
        steps=share.steps,
    )


def _seen(connection: Connection, actor: Actor, monitor_ids: Collection[int] | None) -> Chosen:
    return rollup_queries.choose(connection, actor.account_id, monitor_ids=monitor_ids, access=actor.access)


def choose_monitors(connection: Connection, actor: Actor, monitor_ids: Collection[int] | None) -> Chosen:
    """The monitors of a report; raises NotFound where one of them is not there, or may not be seen."""
    chosen = _seen(connection, actor, monitor_ids)
    for monitor_id in monitor_ids or ():
        if monitor_id not in chosen.names:
            raise NotFound(f"there is no monitor {monitor_id}")
    return chosen


def _spans(since: datetime, until: datetime, size: Size, zone: tzinfo) -> list[Span]:
    if since >= until:
        raise InvalidInput([Fault("until", "must be later than the beginning")])
    if (until - since) / _SHORTEST[size] > MOST_BUCKETS:
        raise InvalidInput(
            [Fault("bucket", f"more than {MOST_BUCKETS} of them; ask for larger ones or a shorter time")]
        )
    return list(buckets(since, until, size, zone))


def _counted(
    connection: Connection, chosen: Chosen, spans: Sequence[Span], size: Size
) -> tuple[list[Bucket], list[MonitorFigures]]:
    """What the runs of all monitors come to in each span, and those of each monitor over all of them."""
    sums = report_sums.counts_in(connection, chosen, spans, size)
    counts = report_sums.counts_by_monitor(connection, chosen, spans[0][0], spans[-1][1])
    return (
        [Bucket(since=since, until=until, counts=sum_) for (since, until), sum_ in zip(spans, sums, strict=True)],
        [MonitorFigures(monitor_id=id_, name=name, counts=counts[id_]) for id_, name in chosen.names.items()],
    )


def _total(counted: Sequence[Bucket]) -> Counts:
    return sum((bucket.counts for bucket in counted), Counts())
