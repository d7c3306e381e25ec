"""`/api/v1/reports`: availability, response times, SLAs and outages, as JSON and CSV."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON, BadValue, choice, shown
from mailtrip.api.native.report_csv import to_csv
from mailtrip.api.native.report_objects import (
    show_availability,
    show_outages,
    show_response_times,
    show_slas,
)
from mailtrip.api.native.times import TIME_SCHEMA, parse_time
from mailtrip.api.openapi import answers, referring
from mailtrip.api.queries import IDS_SCHEMA, QueryReader, documented, parse_ids
from mailtrip.api.responses import json_response
from mailtrip.errors import Fault, InvalidInput
from mailtrip.model import Actor
from mailtrip.model.tally import Size
from mailtrip.service import outages, report_figures, sla_reports
from mailtrip.store import Connection

__all__ = ["read_csv_report", "router"]

_USUAL: Final = timedelta(days=30)
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_SIZE: Final = choice(Size)
_ZONE_SCHEMA: Final[dict[str, JSON]] = {"type": "string", "format": "time-zone", "default": "UTC"}
_NAMES: Final = {"since": "from", "until": "to"}


class _Format(StrEnum):
    JSON = "json"
    CSV = "csv"


_FORMAT: Final = choice(_Format)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    monitor_ids: frozenset[int] | None
    since: datetime
    until: datetime
    is_csv: bool


@dataclass(frozen=True, slots=True)
class _Cut:
    bucket: Size
    zone: tzinfo


async def _read_wanted(
    call: AuthenticatedCall,
    request: Request,
    *,
    monitors: Annotated[
        str | None,
        documented(IDS_SCHEMA),
        Query(description="Numbers of monitors, separated by commas; all that you may see unless given."),
    ] = None,
    since: Annotated[
        str | None,
        documented(TIME_SCHEMA),
        Query(alias="from", description="Beginning; 30 days before the end unless given."),
    ] = None,
    until: Annotated[
        str | None, documented(TIME_SCHEMA), Query(alias="to", description="End; now unless given.")
    ] = None,
    format: Annotated[  # noqa: A002  # the word that people look for
        str | None,
        documented(_FORMAT.accepts),
        Query(description="`json` unless given, or unless `Accept` asks for `text/csv`.", examples=["csv"]),
    ] = None,
) -> _Wanted:
    reader = QueryReader(request)
    wished = "text/csv" in request.headers.get("accept", "")
    end = _bounded(reader.read("to", until, parse_time) or call.now)
    wanted = _Wanted(
        monitor_ids=reader.read("monitors", monitors, parse_ids),
        since=_bounded(reader.read("from", since, parse_time) or end - _USUAL),
        until=end,
        is_csv=(reader.read("format", format, _FORMAT.parse) or (_Format.CSV if wished else _Format.JSON))
        is _Format.CSV,
    )
    await reader.check(call)
    return wanted


async def _read_cut(
    call: AuthenticatedCall,
    request: Request,
    *,
    bucket: Annotated[
        str | None,
        documented({**_SIZE.accepts, "default": "day"}),
        Query(description="How long each bucket is; at most 10,000 of them.", examples=["day"]),
    ] = None,
    zone: Annotated[
        str | None,
        documented(_ZONE_SCHEMA),
        Query(
            description="Where days and months begin: a time zone of the IANA database. Where that is not at a whole "
            "hour of UTC, they begin with the hour.",
            examples=["Europe/Berlin"],
        ),
    ] = None,
) -> _Cut:
    reader = QueryReader(request)
    cut = _Cut(
        reader.read("bucket", bucket, _SIZE.parse) or Size.DAY,
        reader.read("zone", zone, _parse_zone) or ZoneInfo("UTC"),
    )
    await reader.check(call)
    return cut


_WantedQuery = Annotated[_Wanted, Depends(_read_wanted)]
_CutQuery = Annotated[_Cut, Depends(_read_cut)]


async def read_availability(call: AuthenticatedCall, wanted: _WantedQuery, cut: _CutQuery) -> Response:
    """How available monitors were: all together in buckets of time, and each over the whole time."""
    return await _answer(call, wanted, partial(_availability, wanted, cut), "availability")


async def read_response_time(call: AuthenticatedCall, wanted: _WantedQuery, cut: _CutQuery) -> Response:
    """How long messages took: percentiles in buckets of time, of each monitor and of each step, and histograms."""
    return await _answer(call, wanted, partial(_response_times, wanted, cut), "response-time")


async def read_sla_report(call: AuthenticatedCall, wanted: _WantedQuery) -> Response:
    """Whether monitors reached what their SLAs say, within operating periods and without exclusions."""
    return await _answer(call, wanted, partial(_slas, wanted), "sla")


async def read_outages(call: AuthenticatedCall, wanted: _WantedQuery) -> Response:
    """When monitors were out, and why: from the first failed run to the next that proved the mail path working."""
    return await _answer(call, wanted, partial(_outages, wanted), "outages")


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["reports"])
    parts = (
        ("availability", read_availability, "Availability of monitors", "AvailabilityObject"),
        ("response-time", read_response_time, "Response times of monitors", "ResponseTimeObject"),
        ("sla", read_sla_report, "What SLAs reached", "SLAsObject"),
        ("outages", read_outages, "Outages of monitors", "OutagesObject"),
    )
    for path, endpoint, summary, component in parts:
        found = answers(referring(component), "The report.", 400, 401, 404)
        found[200]["content"]["text/csv"] = {
            "schema": {
                "type": "string",
                "description": "The same as a table: a row for each object, without histograms.",
            }
        }
        routes.add_api_route(
            f"/reports/{path}",
            endpoint,
            methods=["GET"],
            name=endpoint.__name__,
            summary=summary,
            responses=found,
        )
    return routes


async def _answer(
    call: AuthenticatedCall, wanted: _Wanted, read: Callable[[Connection, Actor], bytes], name: str
) -> Response:
    try:
        report = await call.reading(read)
    except InvalidInput as error:
        faults = [Fault(_NAMES.get(fault.field, fault.field), fault.text) for fault in error.faults]
        raise InvalidInput(faults) from error
    if not wanted.is_csv:
        return json_response(report)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(to_csv(report), media_type="text/csv; charset=utf-8", headers=headers)


def read_csv_report(
    name: str,
    connection: Connection,
    actor: Actor,
    *,
    monitor_ids: Collection[int] | None,
    since: datetime,
    until: datetime,
    bucket: Size,
    zone: tzinfo,
) -> bytes:
    """A report as CSV, for whoever is beside the API.

    Args:
        name: the last part of its path; KeyError for any other.
        connection: of a reading transaction.
        actor: who asks.
        monitor_ids: only these; None for all that the actor may see.
        since: aware; likewise `until`.
        until: no part of it.
        bucket: how long each bucket is, where there are any.
        zone: where days and months begin.

    Raises:
        NotFound: one of the monitors is not there.
        InvalidInput: the answer would be too large.
    """
    chosen = None if monitor_ids is None else frozenset(monitor_ids)
    wanted, cut = _Wanted(monitor_ids=chosen, since=since, until=until, is_csv=True), _Cut(bucket, zone)
    read: dict[str, Callable[[Connection, Actor], bytes]] = {
        "availability": partial(_availability, wanted, cut),
        "response-time": partial(_response_times, wanted, cut),
        "sla": partial(_slas, wanted),
        "outages": partial(_outages, wanted),
    }
    return to_csv(read[name](connection, actor))


def _availability(wanted: _Wanted, cut: _Cut, connection: Connection, actor: Actor) -> bytes:
    report = report_figures.availability(connection, actor, **_span(wanted), bucket=cut.bucket, zone=cut.zone)
    return show_availability(report, cut.bucket)


def _response_times(wanted: _Wanted, cut: _Cut, connection: Connection, actor: Actor) -> bytes:
    report = report_figures.response_times(connection, actor, **_span(wanted), bucket=cut.bucket, zone=cut.zone)
    return show_response_times(report, cut.bucket)


def _slas(wanted: _Wanted, connection: Connection, actor: Actor) -> bytes:
    return show_slas(sla_reports.report(connection, actor, **_span(wanted)))


def _outages(wanted: _Wanted, connection: Connection, actor: Actor) -> bytes:
    return show_outages(outages.find(connection, actor, **_span(wanted)))


def _span(wanted: _Wanted) -> dict[str, Any]:  # Any: arguments of several types
    return {"monitor_ids": wanted.monitor_ids, "since": wanted.since, "until": wanted.until}


def _bounded(moment: datetime) -> datetime:
    """Within the times that runs can have, so that days and zones can be added."""
    return min(max(moment, _FIRST), _LAST)


def _parse_zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise BadValue(f"is no time zone, {shown(text)}; use a name like Europe/Berlin") from None
