"""`/api/v1/health`: how the program is; open to anybody, so that a load balancer can ask."""

from typing import Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from mailtrip.api.calls import services_of
from mailtrip.api.codecs import JSON
from mailtrip.api.openapi import Responses, answers, referring
from mailtrip.api.responses import json_response
from mailtrip.service.health import Health, HealthStatus

__all__ = ["HealthObject", "router"]


class HealthObject(BaseModel):
    """How the program is."""

    model_config = ConfigDict(frozen=True)

    status: HealthStatus = Field(
        description="`ok`, or `degraded` while the database is away, results wait for it, or the location "
        "has lost its network.",
        examples=["ok"],
    )
    version: str = Field(description="The program's version.", examples=["1.0.0"])
    database_ok: bool = Field(description="Whether the last use of the database went well.", examples=[True])
    network_ok: bool = Field(description="Whether any mail server could be reached of late.", examples=[True])
    runs_in_flight: int = Field(description="Runs that are being made now.", examples=[3])
    results_waiting: int = Field(description="Results that wait for the database to come back.", examples=[0])
    results_dropped: int = Field(description="Results lost since the start because too many waited.", examples=[0])
    scheduler_lag_seconds: float = Field(description="How late the newest runs were started, at most.", examples=[0.02])
    loop_lag_seconds: float = Field(description="How late the event loop was of late, at most.", examples=[0.003])


async def read_health(request: Request) -> Response:
    """How the program is. 503 while it is degraded: runs go on, their results are held in memory."""
    health = await services_of(request).health()
    shown = _show(health).model_dump(mode="json")
    if health.status is HealthStatus.OK:
        return json_response(shown)
    error: JSON = {"code": 503, "message": _trouble(health)}
    return json_response({"errors": [error], **shown}, status=503)


def router() -> APIRouter:
    """The route of this module."""
    routes = APIRouter(tags=["health"])
    routes.add_api_route(
        "/health",
        read_health,
        methods=["GET"],
        name="read_health",
        summary="Health of the program",
        responses=_answers(),
    )
    return routes


def _answers() -> Responses:
    found = answers(referring("HealthObject"), "All is well.")
    del found[429]  # whoever watches may ask as often as it wants
    degraded: Final[dict[str, JSON]] = {"allOf": [referring("Errors"), referring("HealthObject")]}
    found[503] = {"description": "Degraded.", "content": {"application/json": {"schema": degraded}}}
    return found


def _trouble(health: Health) -> str:
    if not health.database_ok or health.results_waiting:
        return "unavailable - the database is away, or results wait for it"
    return "unavailable - the location has lost its network: no mail server can be reached"


def _show(health: Health) -> HealthObject:
    return HealthObject(
        status=health.status,
        version=health.version,
        database_ok=health.database_ok,
        network_ok=health.network_ok,
        runs_in_flight=health.runs_in_flight,
        results_waiting=health.results_waiting,
        results_dropped=health.results_dropped,
        scheduler_lag_seconds=health.scheduler_lag.total_seconds(),
        loop_lag_seconds=health.loop_lag.total_seconds(),
    )
