"""`GET /report-sitestatus`: the latest status of monitors (alertsite-v3.md, 4.6)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from mailtrip.api.alertsite.monitor_types import TYPES_SCHEMA, parse_types
from mailtrip.api.alertsite.site_status_items import SITE_STATUS, show_site_status
from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON, choice
from mailtrip.api.openapi import answers, referring
from mailtrip.api.queries import IDS_SCHEMA, QueryReader, documented, parse_ids
from mailtrip.api.responses import json_response, to_bytes
from mailtrip.model import Actor, MonitorType
from mailtrip.service.blackouts import stopped_monitors
from mailtrip.service.reports import StatusFilter, site_status
from mailtrip.store import Connection

__all__ = ["COMPONENTS", "router"]

_STATUS: Final = choice(StatusFilter)

COMPONENTS: Final[dict[str, dict[str, JSON]]] = {
    "SiteStatus": SITE_STATUS,
    "SiteStatusReport": {
        "type": "object",
        "properties": {
            "results": {
                "type": "array",
                "items": referring("SiteStatus"),
                "description": "One for each monitor, ordered by number.",
            }
        },
        "required": ["results"],
    },
}

_Ignored = Annotated[
    str | None,
    documented({"type": "string"}),
    Query(description="As with the vendor; changes nothing here.", examples=["true"]),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filter:
    monitors: frozenset[int] | None
    types: frozenset[MonitorType] | None
    status: StatusFilter | None
    has_groups: bool


async def _read_filter(
    call: AuthenticatedCall,
    request: Request,
    *,
    monitors: Annotated[
        str | None,
        documented(IDS_SCHEMA),
        Query(description="Numbers of monitors, separated by commas; unknown ones are left out; all unless given."),
    ] = None,
    monitor_groups: Annotated[
        str | None,
        documented(IDS_SCHEMA),
        Query(description="Numbers of groups of monitors, separated by commas: only monitors in them. There are none."),
    ] = None,
    type: Annotated[  # noqa: A002  # the vendor's word
        str | None,
        documented(TYPES_SCHEMA),
        Query(description="One type of monitor, or several separated by commas; all unless given."),
    ] = None,
    status: Annotated[
        str | None,
        documented(_STATUS.accepts),
        Query(
            description="`ok`: the last run proved the mail path working, with or without a warning; `error`: it "
            "found an error.",
            examples=["error"],
        ),
    ] = None,
    showsubaccounts: _Ignored = None,
    sub_accounts: _Ignored = None,
    summarize: _Ignored = None,
) -> _Filter:
    del showsubaccounts, sub_accounts, summarize
    reader = QueryReader(request)
    groups = reader.read("monitor_groups", monitor_groups, parse_ids)
    wanted = _Filter(
        monitors=reader.read("monitors", monitors, parse_ids),
        types=reader.read("type", type, parse_types),
        status=reader.read("status", status, _STATUS.parse),
        has_groups=groups is not None,
    )
    await reader.check(call)
    return wanted


async def read(call: AuthenticatedCall, wanted: Annotated[_Filter, Depends(_read_filter)]) -> Response:
    """The latest status of all or chosen monitors, ordered by number."""
    return json_response(await call.reading(_reporting(wanted, call.now)))


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["reports"])
    routes.add_api_route(
        "/report-sitestatus",
        read,
        methods=["GET"],
        name="read_site_status",
        summary="Latest status of monitors",
        responses=answers(referring("SiteStatusReport"), "The monitors and their latest status.", 400, 401),
    )
    return routes


def _reporting(wanted: _Filter, now: datetime) -> Callable[[Connection, Actor], bytes]:
    if wanted.has_groups:
        return lambda _connection, _actor: to_bytes({"results": []})
    return partial(_report, wanted, now)


def _report(wanted: _Filter, now: datetime, connection: Connection, actor: Actor) -> bytes:
    found = site_status(connection, actor, monitor_ids=wanted.monitors, types=wanted.types, status=wanted.status)
    stopped = stopped_monitors(connection, actor, at=now)
    return to_bytes({"results": [show_site_status(each, in_blackout=each.monitor.id in stopped) for each in found]})
