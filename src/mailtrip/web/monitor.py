"""The page of a monitor: how it stands, its times, its days, its runs; and the button that tests it now."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mailtrip.model import Actor, Monitor, Verdict
from mailtrip.model.tally import Size
from mailtrip.service import blackouts, outages, overview, report_figures, runs, standings, test_runs
from mailtrip.service.access import may_change, may_make
from mailtrip.store import Connection
from mailtrip.web.blackout_view import show_blackout
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.chart import PHASE_NAMES, Point, bucket_points, make_chart, sample_points, top_of
from mailtrip.web.days import make_calendar
from mailtrip.web.monitor_view import PER_PAGE, Query, Span, row_of, show_outage, show_settings, verdict_now
from mailtrip.web.overview_view import STATE_NAMES
from mailtrip.web.run import location_names, number_in
from mailtrip.web.run_view import VERDICT_NAMES

__all__ = ["routes"]

_CALENDAR: Final = timedelta(weeks=26)
_MOST_OUTAGES: Final = 20
_MOST_BLACKOUTS: Final = 10
_MOST_SAMPLES: Final = 1500
"""Of more runs than these, an hour or a day is a point."""


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        page("/monitors/{monitor_id:int}", read_monitor),
        page("/monitors/{monitor_id:int}/series.json", read_series),
        action("/monitors/{monitor_id:int}/test", order_test),
    ]


async def read_monitor(call: PageCall) -> Response:
    """The page."""
    query = Query.parse(call.request.query_params)
    work = partial(_find, monitor_id=number_in(call, "monitor_id"), query=query, now=call.now)
    return await call.show("monitor.html", work)


async def read_series(call: PageCall) -> Response:
    """The chart's values for a script that draws it: seconds by phase, a column a phase."""
    query, now = Query.parse(call.request.query_params), call.now
    monitor_id = number_in(call, "monitor_id")

    def find(connection: Connection, actor: Actor) -> Sequence[Point]:
        monitor = standings.get(connection, actor, monitor_id).monitor
        return _points(connection, actor, monitor, query.span, now=now)

    return JSONResponse(_series(await call.reading(find)))


async def order_test(call: PageCall, _form: Form) -> Response:
    """Start a test and lead to its run, which is then shown live."""
    services = call.services
    run = await test_runs.start(
        services.database,
        services.queue,
        await call.actor(),
        number_in(call, "monitor_id"),
        token=services.new_token(),
        now=call.now,
    )
    return see_other(f"/runs/{run.id}")


def _find(
    connection: Connection, actor: Actor, *, monitor_id: int, query: Query, now: datetime
) -> Mapping[str, object]:
    found = standings.get(connection, actor, monitor_id)
    monitor = found.monitor
    newest = None if found.standing is None else found.standing.run
    state = overview.state_of(found, now=now)
    listed = runs.page(connection, actor, monitor_id, verdicts=query.verdicts, limit=PER_PAGE + 1, before=query.before)
    shown = listed[:PER_PAGE]
    recent = report_figures.recent_availability(connection, actor, [monitor_id], now=now)[monitor_id]
    points = _points(connection, actor, monitor, query.span, now=now)
    days = report_figures.availability(
        connection, actor, monitor_ids=[monitor_id], since=now - _CALENDAR, until=now, bucket=Size.DAY
    )
    broken = outages.find(connection, actor, monitor_ids=[monitor_id], since=now - _CALENDAR, until=now)
    return {
        "monitor": monitor,
        "query": query,
        "spans": list(Span),
        "state": state,
        "state_name": STATE_NAMES[state],
        "newest": newest,
        "verdict": verdict_now(newest),
        "may_test": actor.role.may_test,
        "may_change": may_change(actor, monitor_id),
        "may_make": may_make(actor),
        "recent": list(zip(("24 hours", "7 days", "30 days"), recent, strict=True)),
        "usual": report_figures.usual_times(connection, actor, [monitor_id], now=now)[monitor_id],
        "chart": make_chart(points, since=now - query.span.length, until=now),
        "calendar": make_calendar(days.buckets),
        "is_complete": days.is_complete,
        "rows": [row_of(run) for run in shown],
        "more": query.path(monitor_id, after=shown[-1]) if len(listed) > PER_PAGE else None,
        "verdicts": {verdict: VERDICT_NAMES[verdict] for verdict in Verdict},
        "settings": show_settings(monitor, location_names(connection, actor)),
        "outages": [show_outage(each) for each in broken.outages[:_MOST_OUTAGES]],
        "blackouts": [
            show_blackout(blackouts.get(connection, actor, each), now=now)
            for each in reversed(found.blackout_ids[-_MOST_BLACKOUTS:])
        ],
    }


def _points(connection: Connection, actor: Actor, monitor: Monitor, span: Span, *, now: datetime) -> Sequence[Point]:
    """A point a run where they are not too many, else one an hour or a day."""
    since, interval = now - span.length, monitor.settings.interval
    if span.length / interval <= _MOST_SAMPLES:
        samples = report_figures.samples(connection, actor, monitor.id, since=since, until=now)
        return sample_points(samples, interval=interval)
    size = Size.DAY if span is Span.YEAR else Size.HOUR
    report = report_figures.response_times(
        connection, actor, monitor_ids=[monitor.id], since=since, until=now, bucket=size
    )
    return bucket_points(report.buckets)


def _series(points: Sequence[Point]) -> Mapping[str, object]:
    phases = [phase for phase in PHASE_NAMES if any(phase in dict(point.parts) for point in points)]
    parts = [dict(point.parts) for point in points]
    return {
        "top": top_of(points).total_seconds(),
        "at": [int(point.at.timestamp()) for point in points],
        "length": [int(point.length.total_seconds()) for point in points],
        "outcome": [point.outcome for point in points],
        "run": [point.run_id for point in points],
        "phases": [{"name": PHASE_NAMES[phase], "key": phase} for phase in phases],
        "seconds": [
            [round(each[phase].total_seconds(), 4) if phase in each else None for each in parts] for phase in phases
        ],
    }
