"""`/locations` (+): where runs can be made from. The vendor's v3 has no such list; its older API has (alertsite-v3.md, 6.2)."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from mailtrip.api.alertsite.envelope import (
    envelope,
    list_schema,
)
from mailtrip.api.alertsite.fields import Field
from mailtrip.api.alertsite.list_query import ListQuery, Wanted
from mailtrip.api.alertsite.records import RecordTable
from mailtrip.api.alertsite.times import show_time
from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON
from mailtrip.api.openapi import answers, referring
from mailtrip.api.queries import ID_SCHEMA
from mailtrip.api.responses import json_response, to_bytes
from mailtrip.model import Actor
from mailtrip.service import locations
from mailtrip.service.locations import ReportedLocation
from mailtrip.store import Connection

__all__ = ["COMPONENTS", "LOCATIONS", "router"]

_TIME: Final[dict[str, JSON]] = {"type": ["string", "null"], "format": "date-time"}

_FIELDS: tuple[Field[ReportedLocation], ...] = (
    Field(name="id", about="The location's number.", example=10, show=lambda each: each.location.id, returns=ID_SCHEMA),
    Field(
        name="name",
        about="What people call the location.",
        example="Local",
        show=lambda each: each.location.name,
        returns={"type": "string"},
    ),
    Field(
        name="last_report",
        about="The slot of the newest finished run there; null without one.",
        example="2026-01-31T12:00:00Z",
        show=lambda each: None if each.last_slot is None else show_time(each.last_slot),
        returns=_TIME,
    ),
    Field(
        name="silent_since",
        about="Since when nothing was heard of it though runs were due there, which raises alerts with status 4050; null "
        "when it is not silent.",
        example=None,
        show=lambda each: None if each.location.silent_since is None else show_time(each.location.silent_since),
        returns=_TIME,
    ),
)

LOCATIONS: Final = RecordTable(_FIELDS)

COMPONENTS: Final[Mapping[str, dict[str, JSON]]] = {
    "Location": LOCATIONS.response_schema("A place that runs are made from."),
    "LocationList": list_schema(referring("Location")),
}


async def list_all(call: AuthenticatedCall, query: ListQuery) -> Response:
    """The locations that monitors can name, ordered by number."""
    return json_response(await call.reading(partial(_list, query)))


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["locations"])
    routes.add_api_route(
        "/locations",
        list_all,
        methods=["GET"],
        name="list_locations",
        summary="List locations",
        responses=answers(referring("LocationList"), "The locations.", 400, 401),
    )
    return routes


def _list(query: Wanted, connection: Connection, actor: Actor) -> bytes:
    page = query.page
    found, count = locations.page(connection, actor, limit=page.limit, offset=page.start)
    results = [LOCATIONS.show(each, query.select) for each in found]
    return to_bytes(envelope(results, count=count, page=page, actor=actor))
