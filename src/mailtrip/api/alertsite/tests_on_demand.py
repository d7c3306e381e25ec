"""`GET /tests`: a test on demand (alertsite-v3.md, 4.5). The vendor starts it with a GET."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON, identifier
from mailtrip.api.openapi import answers, linked, referring
from mailtrip.api.queries import ID_SCHEMA, QueryReader, documented
from mailtrip.api.responses import json_response
from mailtrip.api.test_runs import start_test

__all__ = ["COMPONENTS", "router"]

_ID: Final = identifier()

COMPONENTS: Final[dict[str, dict[str, JSON]]] = {
    "TestTicket": {
        "type": "object",
        "properties": {
            "id": {
                "type": "string",
                "pattern": "^[1-9][0-9]*$",
                "description": "The run's number.",
                "examples": ["100001"],
            },
            "link": {
                "type": "string",
                "description": "Where the run can be read, with the same access token; its `state` says whether it is "
                "finished.",
                "examples": ["https://mailtrip.example.com/api/v1/runs/100001"],
            },
        },
        "required": ["id", "link"],
    }
}

_MONITOR_ID: Final[dict[str, JSON]] = {
    "name": "monitor_id",
    "in": "query",
    "required": True,
    "description": "Whose test it is.",
    "schema": {**ID_SCHEMA, "examples": [100001]},
}
"""Described by hand, as a parameter that FastAPI knows to be required would be refused in FastAPI's words."""

_Ignored = Annotated[
    str | None,
    documented({"type": "string"}),
    Query(description="As with the vendor; changes nothing for mail.", examples=["site"]),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    monitor_id: int
    location_id: int | None


async def _read_order(
    call: AuthenticatedCall,
    request: Request,
    *,
    monitor_id: Annotated[str | None, Query(include_in_schema=False)] = None,
    location_id: Annotated[
        str | None,
        documented(ID_SCHEMA),
        Query(description="One of the monitor's locations; its primary one unless given.", examples=[10]),
    ] = None,
    test_type: _Ignored = None,
    monitor_agent: _Ignored = None,
) -> _Order:
    del test_type, monitor_agent
    reader = QueryReader(request)
    wanted = reader.read("monitor_id", monitor_id, _ID.parse)
    if monitor_id is None:
        reader.miss("monitor_id", "is missing; name the monitor to test")
    location = reader.read("location_id", location_id, _ID.parse)
    await reader.check(call)
    return _Order(monitor_id=wanted or 0, location_id=location)


async def start(call: AuthenticatedCall, request: Request, order: Annotated[_Order, Depends(_read_order)]) -> Response:
    """Start a test of a monitor at once, whether it is enabled or not, and answer where its result will be."""
    run = await start_test(call, order.monitor_id, order.location_id)
    link = str(request.url_for("read_run", run_id=str(run.id)))
    return json_response({"id": str(run.id), "link": link})


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["tests"])
    routes.add_api_route(
        "/tests",
        start,
        methods=["GET"],
        name="start_test",
        summary="Start a test",
        responses=linked(
            answers(referring("TestTicket"), "The test was started.", 400, 401, 403, 404, 429),
            {"read_run": {"operationId": "read_run", "parameters": {"run_id": "$response.body#/id"}}},
        ),
        openapi_extra={"parameters": [_MONITOR_ID]},
    )
    return routes
