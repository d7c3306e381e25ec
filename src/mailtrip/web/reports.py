"""Reports: availability, response times, outages and SLAs of any time, beside the time before."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import InvalidInput, NotFound
from mailtrip.model import Actor
from mailtrip.model.tally import Size
from mailtrip.service import outages, report_figures, sla_reports
from mailtrip.store import Connection
from mailtrip.web.calls import PageCall, page
from mailtrip.web.reports_view import Query, Span, make_strip, monitor_rows
from mailtrip.web.run import location_names
from mailtrip.web.services import REPORTS

__all__ = ["routes"]

_MOST_MONITORS: Final = 500
_MOST_OUTAGES: Final = 100
_TOO_MUCH: Final = "That is too much for one page: choose a shorter time."


def routes() -> list[Route]:
    """The routes of this module."""
    return [page("/reports", read_reports), page("/reports/{name}.csv", read_csv)]


async def read_reports(call: PageCall) -> Response:
    """The page."""
    query = Query.parse(call.request.query_params, now=call.now)
    try:
        return await call.show("reports.html", partial(_find, query=query))
    except InvalidInput:
        return await call.show("reports.html", lambda _connection, _actor: _frame(query, fault=_TOO_MUCH), status=422)


async def read_csv(call: PageCall) -> Response:
    """A report as a table, the same that the API gives."""
    name = call.request.path_params["name"]
    if name not in REPORTS:
        raise NotFound("there is no such report")
    query = Query.parse(call.request.query_params, now=call.now)
    read = partial(call.services.report_csv, name, since=query.since, until=query.until, bucket=query.size)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        "X-Content-Type-Options": "nosniff",
        "Vary": "Cookie",
    }
    return Response(await call.reading(read), media_type="text/csv; charset=utf-8", headers=headers)


def _frame(query: Query, *, fault: str | None = None) -> Mapping[str, object]:
    return {"query": query, "spans": [span for span in Span if span is not Span.OWN], "fault": fault}


def _find(connection: Connection, actor: Actor, *, query: Query) -> Mapping[str, object]:
    since, until, before = query.since, query.until, query.before
    times = report_figures.response_times(connection, actor, since=since, until=until, bucket=query.size)
    earlier = report_figures.response_times(connection, actor, since=before, until=since, bucket=Size.MONTH)
    out = outages.find(connection, actor, since=since, until=until)
    rows = monitor_rows(times.monitors, earlier.monitors, out.outages)
    slas = sla_reports.report(connection, actor, since=since, until=until).slas
    slas_before = sla_reports.report(connection, actor, since=before, until=since).slas
    return {
        **_frame(query),
        "is_complete": times.is_complete,
        "total": times.total,
        "total_before": earlier.total,
        "times": report_figures.percentiles_of(times.times),
        "times_before": report_figures.percentiles_of(earlier.times),
        "strip": make_strip(times.buckets, query.size),
        "rows": rows[:_MOST_MONITORS],
        "more_rows": len(rows) - _MOST_MONITORS,
        "outages": out.outages[:_MOST_OUTAGES],
        "outages_total": len(out.outages),
        "outages_before": len(outages.find(connection, actor, since=before, until=since).outages),
        "names": out.names,
        "locations": location_names(connection, actor),
        "slas": list(zip(slas, slas_before, strict=True)),
    }
