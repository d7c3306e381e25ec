"""The vendor's older report API, version 2 in JSON, for scripts that use it (alertsite-v3.md, 6.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from starlette.responses import Response

from mailtrip.api.alertsite.report_dates import WORDS, Span, span_of
from mailtrip.api.alertsite.report_records import DETAIL, show_record
from mailtrip.api.alertsite.site_status_items import show_site_status
from mailtrip.api.alertsite.times import plain_time
from mailtrip.api.basic import BasicallyAuthenticated
from mailtrip.api.codecs import JSON, BadValue, choice, identifier
from mailtrip.api.openapi import answers, referring
from mailtrip.api.queries import IDS_SCHEMA, QueryReader, documented, parse_ids
from mailtrip.api.responses import json_response, to_bytes
from mailtrip.errors import Fault, InvalidInput
from mailtrip.model import Actor, Severity
from mailtrip.service import locations, reports
from mailtrip.service.blackouts import stopped_monitors
from mailtrip.store import Connection

__all__ = ["COMPONENTS", "router"]

_MOST_RECORDS: Final = 10_000
_SECOND: Final = timedelta(seconds=1)
_LAST: Final = datetime.max.replace(tzinfo=UTC) - _SECOND
_TIME: Final = plain_time()
_ID: Final = identifier()

COMPONENTS: Final = {"DetailRecord": DETAIL}


class _Version(StrEnum):
    TWO = "2"


class _Format(StrEnum):
    JSON = "json"


class _Sort(StrEnum):
    ASCENDING = "asc"
    DESCENDING = "desc"


class _Cut(StrEnum):
    """Which results a report is cut to; as with the vendor, nothing is cut by the empty word."""

    NOTHING = ""
    OK = "ok"
    ERRORS = "err"


_VERSION: Final = choice(_Version)
_FORMAT: Final = choice(_Format)
_SORT: Final = choice(_Sort)
_CUT: Final = choice(_Cut)
_SEVERITIES: Final = {
    _Cut.NOTHING: frozenset(Severity),
    _Cut.OK: frozenset({Severity.OK, Severity.WARNING}),
    _Cut.ERRORS: frozenset({Severity.ERROR, Severity.UNKNOWN}),
}


def _required(name: str, schema: Mapping[str, JSON], about: str, *, example: JSON) -> dict[str, JSON]:
    """Described by hand, as a parameter that FastAPI knows to be required would be refused in FastAPI's words."""
    schema = {**schema, "examples": [example]}
    return {"name": name, "in": "query", "required": True, "description": about, "schema": schema}


_REQUIRED: Final[list[JSON]] = [
    _required("api_version", _VERSION.accepts, "Version 2; version 1 is XML, which is not offered.", example="2"),
    _required("format", _FORMAT.accepts, "JSON.", example="json"),
]
_Hidden = Annotated[str | None, Query(include_in_schema=False)]


async def _read_customer(
    customer: Annotated[
        str,
        documented({"type": "string", "pattern": "^C?[1-9][0-9]{0,14}$"}),
        Path(
            description="Your account's number, or the customer number that a script came with; the login says whose data "
            "it is. Not the number of another account.",
            examples=["C12345"],
        ),
    ],
) -> int:
    try:
        return _ID.parse(customer.removeprefix("C"))
    except BadValue:
        raise HTTPException(404) from None


Customer = Annotated[int, Depends(_read_customer)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _DetailQuery:
    span: Span
    devices: frozenset[int] | None
    locations: frozenset[int] | None
    severities: frozenset[Severity]
    sort: _Sort


async def _read_detail_query(
    call: BasicallyAuthenticated,
    request: Request,
    *,
    api_version: _Hidden = None,
    format: _Hidden = None,  # noqa: A002  # the vendor's word
    devices: Annotated[
        str | None,
        documented(IDS_SCHEMA),
        Query(description="Numbers of monitors, separated by commas; unknown ones are left out; all unless given."),
    ] = None,
    location: Annotated[
        str | None, documented(IDS_SCHEMA), Query(description="Numbers of locations, separated by commas.")
    ] = None,
    start_date: Annotated[
        str | None,
        documented(_TIME.accepts),
        Query(
            description="Checks planned from this time on, `YYYY-MM-DD HH:MM:SS` in UTC.",
            examples=["2026-01-31 12:00:00"],
        ),
    ] = None,
    end_date: Annotated[
        str | None,
        documented(_TIME.accepts),
        Query(
            description="Checks planned up to this time and within its second; now unless given.",
            examples=["2026-01-31 13:00:00"],
        ),
    ] = None,
    rdate: Annotated[
        str | None,
        documented({"type": "string", "enum": list(WORDS)}),
        Query(
            description="A span of time in a word, in place of the dates; `Today` unless given. Weeks begin on Sunday.",
            examples=["LastSevenDays"],
        ),
    ] = None,
    showrecs: Annotated[
        str | None,
        documented(_CUT.accepts),
        Query(description="`ok`: no errors; `err`: only errors, and what was no server's fault.", examples=["err"]),
    ] = None,
    sort_order: Annotated[
        str | None,
        documented(_SORT.accepts),
        Query(description="`asc` unless given: the oldest check first.", examples=["desc"]),
    ] = None,
) -> _DetailQuery:
    reader = QueryReader(request)
    _read_version(reader, api_version, format)
    now = call.services.clock.now()
    word = reader.read("rdate", rdate, partial(span_of, now=now))
    start = reader.read("start_date", start_date, _TIME.parse)
    end = reader.read("end_date", end_date, _TIME.parse)
    if rdate is not None and (start_date is not None or end_date is not None):
        reader.miss("rdate", "is given beside dates; give either")
    if end_date is not None and start_date is None:
        reader.miss("start_date", "is missing; give it with end_date")
    query = _DetailQuery(
        span=_span(start, end, now=now) if start is not None else word or span_of("Today", now=now),
        devices=reader.read("devices", devices, parse_ids),
        locations=reader.read("location", location, parse_ids),
        severities=_SEVERITIES[reader.read("showrecs", showrecs, _CUT.parse) or _Cut.NOTHING],
        sort=reader.read("sort_order", sort_order, _SORT.parse) or _Sort.ASCENDING,
    )
    await reader.check(call)
    return query


async def _check_version(
    call: BasicallyAuthenticated,
    request: Request,
    *,
    api_version: _Hidden = None,
    format: _Hidden = None,  # noqa: A002  # the vendor's word
) -> None:
    reader = QueryReader(request)
    _read_version(reader, api_version, format)
    await reader.check(call)


def _read_version(reader: QueryReader, api_version: str | None, format_: str | None) -> None:
    for name, given, codec, only in (
        ("api_version", api_version, _VERSION, _Version.TWO),
        ("format", format_, _FORMAT, _Format.JSON),
    ):
        reader.read(name, given, codec.parse)
        if given is None:
            reader.miss(name, f"is missing; only {only} is offered")


def _span(start: datetime, end: datetime | None, *, now: datetime) -> Span:
    return start, min(now if end is None else end, _LAST) + _SECOND


async def detail(
    customer: Customer, call: BasicallyAuthenticated, query: Annotated[_DetailQuery, Depends(_read_detail_query)]
) -> Response:
    """What planned runs found, one record for each; a run that was not made has none. At most 10,000 of them."""
    return json_response(await call.reading(partial(_detail, customer, query)))


async def site_status(customer: Customer, call: BasicallyAuthenticated, request: Request) -> Response:
    """The latest status of all monitors, ordered by number."""
    del request
    return json_response(await call.reading(partial(_site_status, customer, call.services.clock.now())))


def router() -> APIRouter:
    """The routes of this module, to be mounted at `/report-api`."""
    routes = APIRouter(tags=["report API"])
    routes.add_api_route(
        "/detail/{customer}",
        detail,
        methods=["GET"],
        name="report_detail",
        summary="Checks of a span of time (+)",
        responses=_answers("DetailRecord", "The checks."),
        openapi_extra={"parameters": _REQUIRED},
    )
    routes.add_api_route(
        "/sitestatus/{customer}",
        site_status,
        methods=["GET"],
        name="report_site_status",
        summary="Latest status of all monitors (+)",
        dependencies=[Depends(_check_version)],
        responses=_answers("SiteStatus", "The monitors and their latest status."),
        openapi_extra={"parameters": _REQUIRED},
    )
    return routes


def _detail(customer: int, query: _DetailQuery, connection: Connection, actor: Actor) -> bytes:
    reports.require_not_anothers(connection, actor, customer)
    since, until = query.span
    found = reports.checks(
        connection, actor, monitor_ids=query.devices, since=since, until=until, limit=_MOST_RECORDS + 1
    )
    if len(found) > _MOST_RECORDS:
        text = f"there are more than {_MOST_RECORDS} checks; ask for a shorter time or for fewer devices"
        raise InvalidInput([Fault("start_date", text)])
    names = {each.id: each.name for each in locations.list_all(connection, actor)}
    records = [
        show_record(each, each.run.result, names.get(each.run.location_id))
        for each in found
        if each.run.result is not None
        and each.run.severity in query.severities
        and (query.locations is None or each.run.location_id in query.locations)
    ]
    return to_bytes(records if query.sort is _Sort.ASCENDING else records[::-1])


def _site_status(customer: int, now: datetime, connection: Connection, actor: Actor) -> bytes:
    reports.require_not_anothers(connection, actor, customer)
    stopped = stopped_monitors(connection, actor, at=now)
    found = reports.site_status(connection, actor)
    return to_bytes([show_site_status(each, in_blackout=each.monitor.id in stopped) for each in found])


def _answers(component: str, about: str) -> dict[int | str, dict[str, Any]]:  # Any: OpenAPI objects of many shapes
    found = answers({"type": "array", "items": referring(component)}, about, 400, 401, 403, 404, 429)
    refused = found[401]
    challenge = {"description": "How to log in.", "schema": {"type": "string", "pattern": "^Basic "}}
    headers = refused["headers"] | {"WWW-Authenticate": challenge}
    text = "No login, or a wrong one: `invalid_request - ...`."
    return {**found, 401: {**refused, "description": text, "headers": headers}}
