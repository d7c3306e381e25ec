"""The overview: all monitors, what is broken first."""

from collections import Counter
from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.model import Actor
from mailtrip.service import overview
from mailtrip.store import Connection
from mailtrip.web.calls import PageCall, page
from mailtrip.web.overview_view import (
    BARS,
    PER_PAGE,
    STATE_NAMES,
    Query,
    choose,
    finding_row,
    headline,
    row_of,
)

__all__ = ["routes"]


async def _overview(call: PageCall) -> Response:
    query, now = Query.parse(call.request.query_params), call.now
    base_url = f"{call.request.url.scheme}://{call.request.url.netloc}"

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        glances = overview.list_all(connection, actor, now=now)
        found = choose(glances, query)
        wanted = [glance for glance in found if query.state in {None, glance.state}]
        pages = max(1, -(-len(wanted) // PER_PAGE))
        number = min(query.page, pages)
        shown = wanted[(number - 1) * PER_PAGE : number * PER_PAGE]
        outcomes = overview.outcomes(connection, [glance.monitor for glance in shown], limit=BARS)
        return {
            "query": query,
            "base_url": base_url,
            "states": STATE_NAMES,
            "bars": BARS,
            "counts": Counter(glance.state for glance in found),
            "headline": headline(Counter(glance.state for glance in glances)),
            "is_new": not glances,
            "total": len(found),
            "shown_total": len(wanted),
            "page": number,
            "pages": pages,
            "findings": [finding_row(finding) for finding in overview.find_common(connection, actor, glances)],
            "rows": [row_of(glance, outcomes[glance.monitor.id]) for glance in shown],
            "mark": overview.fingerprint(connection, actor),
        }

    return await call.show("overview.html", find)


def routes() -> list[Route]:
    """The routes of this module."""
    return [page("/overview", _overview)]
