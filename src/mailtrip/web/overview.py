"""The overview: all monitors, what is broken first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.model import Actor
from mailtrip.service import overview
from mailtrip.service.access import may_make
from mailtrip.service.blackouts import stopped_monitors
from mailtrip.service.overview import Glance
from mailtrip.service.report_figures import recent_availability
from mailtrip.store import Connection
from mailtrip.store.rollup_queries import is_complete
from mailtrip.web.calls import PageCall, page
from mailtrip.web.overview_view import (
    BARS,
    PER_PAGE,
    STATE_NAMES,
    MonitorRow,
    Query,
    choose,
    finding_row,
    headline,
    row_of,
    tags_of,
)

__all__ = ["routes"]

_AVAILABLE: Final = timedelta(days=30)


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
        rows = _rows(connection, actor, shown, now=now)
        return {
            "query": query,
            "base_url": base_url,
            "states": STATE_NAMES,
            "bars": BARS,
            "counts": Counter(glance.state for glance in found),
            "headline": headline(Counter(glance.state for glance in glances)),
            "is_new": not glances,
            "may_make": may_make(actor),
            "total": len(found),
            "shown_total": len(wanted),
            "page": number,
            "pages": pages,
            "findings": [finding_row(finding) for finding in overview.find_common(connection, actor, glances)],
            "rows": rows,
            "tags": tags_of(glances),
            "is_complete": is_complete(connection),
            "mark": overview.fingerprint(connection, actor),
        }

    return await call.show("overview.html", find)


def _rows(connection: Connection, actor: Actor, shown: Sequence[Glance], *, now: datetime) -> list[MonitorRow]:
    ids = [glance.monitor.id for glance in shown]
    outcomes = overview.outcomes(connection, [glance.monitor for glance in shown], limit=BARS)
    counts = recent_availability(connection, actor, ids, now=now, spans=[_AVAILABLE])
    stopped = stopped_monitors(connection, actor, at=now)
    return [
        row_of(
            glance,
            outcomes[glance.monitor.id],
            availability=counts[glance.monitor.id][0].availability,
            is_in_blackout=glance.monitor.id in stopped,
        )
        for glance in shown
    ]


def routes() -> list[Route]:
    """The routes of this module."""
    return [page("/overview", _overview)]
