"""Reports: availability, response times, outages and SLAs of any time, beside the time before."""

import asyncio
from collections.abc import Collection, Mapping
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import InvalidInput, NotFound
from mailtrip.model import Actor
from mailtrip.service import report_document, report_pdf
from mailtrip.service.report_document import ReportDocument
from mailtrip.service.report_figures import choose_monitors
from mailtrip.store import Connection
from mailtrip.web.calls import PageCall, page
from mailtrip.web.reports_view import Query, Span, make_strip
from mailtrip.web.services import REPORTS

__all__ = ["routes"]

_MOST_MONITORS: Final = 500
_MOST_OUTAGES: Final = 100
_TOO_MUCH: Final = "That is too much for one page: choose a shorter time."


def routes() -> list[Route]:
    """The routes of this module."""
    return [page("/reports", read_reports), page("/reports.pdf", read_pdf), page("/reports/{name}.csv", read_csv)]


async def read_reports(call: PageCall) -> Response:
    """The page."""
    query = _query(call)
    try:
        return await call.show("reports.html", partial(_find, query=query))
    except InvalidInput:
        return await call.show("reports.html", partial(_frame, query=query, fault=_TOO_MUCH), status=422)


async def read_pdf(call: PageCall) -> Response:
    """The same to keep, to print and to pass on."""
    query = _query(call)
    try:
        document = await call.reading(partial(_collect, query=query))
    except InvalidInput:
        return await call.show("reports.html", partial(_frame, query=query, fault=_TOO_MUCH), status=422)
    content = await asyncio.to_thread(report_pdf.draw, document, made_at=call.now)
    return Response(content, media_type="application/pdf", headers=_file(f"report-{query.first_day}.pdf"))


async def read_csv(call: PageCall) -> Response:
    """A report as a table, the same that the API gives."""
    name = call.request.path_params["name"]
    if name not in REPORTS:
        raise NotFound("there is no such report")
    query = _query(call)

    def read(connection: Connection, actor: Actor) -> bytes:
        return call.services.report_csv(
            name,
            connection,
            actor,
            monitor_ids=_chosen(connection, actor, query),
            since=query.since,
            until=query.until,
            bucket=query.size,
            zone=query.tzinfo,
        )

    return Response(await call.reading(read), media_type="text/csv; charset=utf-8", headers=_file(f"{name}.csv"))


def _query(call: PageCall) -> Query:
    given = call.request.query_params
    return Query.parse(given, now=call.now, monitors=given.getlist("monitor"))


def _file(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Vary": "Cookie",
    }


def _chosen(connection: Connection, actor: Actor, query: Query) -> Collection[int] | None:
    """The monitors that are asked for; None for all that the actor may see."""
    if query.monitor_ids or not query.search:
        return query.monitor_ids or None
    names = choose_monitors(connection, actor, None).names
    return [id_ for id_, name in names.items() if query.search.casefold() in name.casefold()]


def _collect(connection: Connection, actor: Actor, *, query: Query) -> ReportDocument:
    return report_document.collect(
        connection,
        actor,
        monitor_ids=_chosen(connection, actor, query),
        since=query.since,
        until=query.until,
        before=query.before,
        zone=query.tzinfo,
    )


def _frame(connection: Connection, actor: Actor, *, query: Query, fault: str | None = None) -> Mapping[str, object]:
    names = choose_monitors(connection, actor, None).names
    wanted = query.search.casefold()
    offered = [(id_, name) for id_, name in names.items() if id_ in query.monitor_ids or wanted in name.casefold()]
    return {
        "query": query,
        "zone": query.tzinfo,
        "spans": [span for span in Span if span is not Span.OWN],
        "fault": fault,
        "offered": sorted(offered, key=lambda each: each[1].casefold())[:_MOST_MONITORS],
    }


def _find(connection: Connection, actor: Actor, *, query: Query) -> Mapping[str, object]:
    report = _collect(connection, actor, query=query)
    return {
        **_frame(connection, actor, query=query),
        "report": report,
        "strip": make_strip(report.buckets, query.size, query.tzinfo),
        "rows": report.rows[:_MOST_MONITORS],
        "more_rows": len(report.rows) - _MOST_MONITORS,
        "outages": report.outages[:_MOST_OUTAGES],
    }
