"""`GET /report-sitestatus`: the latest status of monitors (alertsite-v3.md, 4.6)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from mailtrip.api.alertsite.monitor_types import TYPES_SCHEMA, parse_types
from mailtrip.api.alertsite.times import show_plain_time
from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON, BadValue, choice, identifier
from mailtrip.api.openapi import answers, referring
from mailtrip.api.queries import ID_SCHEMA, QueryReader, documented
from mailtrip.api.responses import json_response, to_bytes
from mailtrip.model import Actor, MonitorType
from mailtrip.service.reports import SiteStatus, StatusFilter, site_status
from mailtrip.store import Connection

__all__ = ["COMPONENTS", "router"]

_MOST_IDS: Final = 1000
_STATUS: Final = choice(StatusFilter)
_ID: Final = identifier()
_IDS_SCHEMA: Final[dict[str, JSON]] = {
    "type": "string",
    "pattern": "^[1-9][0-9]{0,14}(?:,[1-9][0-9]{0,14}){0,999}$",
    "examples": ["100001,100002"],
}

COMPONENTS: Final[dict[str, dict[str, JSON]]] = {
    "SiteStatus": {
        "type": "object",
        "properties": {
            "device_id": {**ID_SCHEMA, "description": "The monitor's number.", "examples": [100001]},
            "device_name": {"type": "string", "description": "The monitor's name."},
            "type": {
                "type": "string",
                "enum": [str(word) for word in MonitorType],
                "description": "The monitor's type.",
            },
            "last_status": {
                "type": ["string", "null"],
                "pattern": "^(?:0|[1-9][0-9]*)$",
                "description": "Status code of the last finished run, as a string; null before the first.",
                "examples": ["0"],
            },
            "last_status_desc": {"type": ["string", "null"], "description": "The status in words.", "examples": ["OK"]},
            "dt_last_status": {
                "type": ["string", "null"],
                "description": "When that run was planned, `YYYY-MM-DD HH:MM:SS` in UTC.",
                "examples": ["2026-01-31 12:00:00"],
            },
            "info_msg": {"type": ["string", "null"], "description": "The outcome in a sentence."},
        },
        "required": [
            "device_id",
            "device_name",
            "type",
            "last_status",
            "last_status_desc",
            "dt_last_status",
            "info_msg",
        ],
    },
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
    str | None, documented({"type": "string"}), Query(description="As with the vendor; changes nothing here.")
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
        documented(_IDS_SCHEMA),
        Query(description="Numbers of monitors, separated by commas; unknown ones are left out; all unless given."),
    ] = None,
    monitor_groups: Annotated[
        str | None,
        documented(_IDS_SCHEMA),
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
            "found an error."
        ),
    ] = None,
    showsubaccounts: _Ignored = None,
    sub_accounts: _Ignored = None,
    summarize: _Ignored = None,
) -> _Filter:
    del showsubaccounts, sub_accounts, summarize
    reader = QueryReader(request)
    groups = reader.read("monitor_groups", monitor_groups, _parse_ids)
    wanted = _Filter(
        monitors=reader.read("monitors", monitors, _parse_ids),
        types=reader.read("type", type, parse_types),
        status=reader.read("status", status, _STATUS.parse),
        has_groups=groups is not None,
    )
    await reader.check(call)
    return wanted


async def read(call: AuthenticatedCall, wanted: Annotated[_Filter, Depends(_read_filter)]) -> Response:
    """The latest status of all or chosen monitors, ordered by number."""
    return json_response(await call.reading(_reporting(wanted)))


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


def _reporting(wanted: _Filter) -> Callable[[Connection, Actor], bytes]:
    if wanted.has_groups:
        return lambda _connection, _actor: to_bytes({"results": []})
    return partial(_report, wanted)


def _report(wanted: _Filter, connection: Connection, actor: Actor) -> bytes:
    found = site_status(connection, actor, monitor_ids=wanted.monitors, types=wanted.types, status=wanted.status)
    return to_bytes({"results": [_show(each) for each in found]})


def _show(item: SiteStatus) -> JSON:
    settings = item.monitor.settings
    shown: dict[str, JSON] = {
        "device_id": item.monitor.id,
        "device_name": settings.name,
        "type": str(settings.type),
        "last_status": None,
        "last_status_desc": None,
        "dt_last_status": None,
        "info_msg": None,
    }
    if item.run is None or item.run.result is None:
        return shown
    result = item.run.result
    return shown | {
        "last_status": str(int(result.status)),
        "last_status_desc": result.status.text,
        "dt_last_status": show_plain_time(item.run.slot),
        "info_msg": result.summary,
    }


def _parse_ids(text: str) -> frozenset[int]:
    words = text.split(",")
    if len(words) > _MOST_IDS:
        raise BadValue(f"names {len(words)} numbers; at most {_MOST_IDS} are taken")
    return frozenset(_ID.parse(word) for word in words)
