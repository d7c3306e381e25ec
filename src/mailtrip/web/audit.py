"""The audit log: who changed what, when and from where."""

from collections.abc import Mapping
from functools import partial

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.model import Actor
from mailtrip.service import audit
from mailtrip.store import Connection
from mailtrip.web.audit_view import KIND_NAMES, PER_PAGE, Query, row_of
from mailtrip.web.calls import PageCall, page

__all__ = ["routes"]


def routes() -> list[Route]:
    """The routes of this module."""
    return [page("/audit", read_audit)]


async def read_audit(call: PageCall) -> Response:
    """The page."""
    query = Query.parse(call.request.query_params)
    return await call.show("audit.html", partial(_find, query=query))


def _find(connection: Connection, actor: Actor, *, query: Query) -> Mapping[str, object]:
    found = audit.page(
        connection,
        actor,
        since=query.since,
        until=query.until,
        actor_name=query.actor or None,
        kind=query.kind,
        record_id=query.record_id,
        limit=PER_PAGE + 1,
        before=query.before,
    )
    shown = found[:PER_PAGE]
    return {
        "query": query,
        "kinds": KIND_NAMES,
        "rows": [row_of(entry) for entry in shown],
        "more": query.path(after=shown[-1]) if len(found) > PER_PAGE else None,
    }
