"""`/api/v1/alerts/{alert_id}`: what people answer to alerts."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from mailtrip.api.alertsite.fields import Field
from mailtrip.api.alertsite.records import RecordTable
from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON, integer
from mailtrip.api.native.alerts import alert_id_of, show_alert
from mailtrip.api.native.times import moment
from mailtrip.api.openapi import answers, json_body, referring
from mailtrip.api.responses import json_response
from mailtrip.errors import Fault, InvalidInput
from mailtrip.model import Actor
from mailtrip.service import alert_responses
from mailtrip.service.alert_responses import LONGEST_SNOOZE
from mailtrip.store import Connection

__all__ = ["COMPONENTS", "router"]

_SNOOZE: Final = RecordTable[None](
    (
        Field(
            name="minutes",
            setting="minutes",
            codec=integer(1, LONGEST_SNOOZE // timedelta(minutes=1)),
            about="For how long; give this or `until`.",
            example=60,
        ),
        Field(
            name="until",
            setting="until",
            codec=moment(),
            about="Until when (UTC without a zone), within the next seven days; give this or `minutes`.",
            example=None,
        ),
    )
)

COMPONENTS: Final[dict[str, dict[str, JSON]]] = {"AlertSnooze": _SNOOZE.request_schema(create=True)}

_AlertId = Annotated[int, Depends(alert_id_of)]


async def acknowledge(alert_id: _AlertId, call: AuthenticatedCall) -> Response:
    """Take on the trouble of the alert, and of those that were told with it: until it is over, no recipient is reminded of it.

    Who was not told yet still is, and so is the end to those who want to hear of ends. Whoever was first stays.
    """
    return await _answer(alert_id, call, alert_responses.acknowledge)


async def reopen(alert_id: _AlertId, call: AuthenticatedCall) -> Response:
    """Take an acknowledgement back: reminders come as if it had not been."""
    return await _answer(alert_id, call, alert_responses.reopen)


async def snooze(alert_id: _AlertId, call: AuthenticatedCall, request: Request) -> Response:
    """Put off what the alert's recipient hears of its trouble, and of that which was told with it.

    Other recipients, and errors with another status, are told as ever. What is still found afterwards is told at once.
    """
    actor = await call.actor()
    changes = _SNOOZE.parse(await read_object(request))
    work = partial(_snooze, actor, alert_id, changes.settings, call.now)
    return json_response(await call.writing(partial(_SNOOZE.attempt, work, changes)), ignored=changes.ignored)


async def wake(alert_id: _AlertId, call: AuthenticatedCall) -> Response:
    """End a snooze: alerts come as if it had not been."""
    return await _answer(alert_id, call, alert_responses.wake)


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["alerts"])
    for verb, path, work, name, summary, errors in (
        ("POST", "acknowledge", acknowledge, "acknowledge_alert", "Acknowledge an alert", (400, 401, 403, 404)),
        ("DELETE", "acknowledge", reopen, "reopen_alert", "Take an acknowledgement back", (400, 401, 403, 404)),
        ("POST", "snooze", snooze, "snooze_alert", "Snooze an alert", (400, 401, 403, 404, 408, 413)),
        ("DELETE", "snooze", wake, "wake_alert", "End a snooze", (400, 401, 403, 404)),
    ):
        has_body = work is snooze
        routes.add_api_route(
            f"/alerts/{{alert_id}}/{path}",
            work,
            methods=[verb],
            name=name,
            summary=summary,
            responses=answers(
                referring("AlertObject"), "The alert, as it is from now on.", *errors, names_ignored=has_body
            ),
            openapi_extra=json_body(referring("AlertSnooze"), "For how long.", required=True) if has_body else None,
        )
    return routes


async def _answer(alert_id: int, call: AuthenticatedCall, work: Callable[..., None]) -> Response:
    actor = await call.actor()

    def answered(connection: Connection) -> bytes:
        work(connection, actor, alert_id, now=call.now)
        return show_alert(alert_id, connection, actor, now=call.now)

    return json_response(await call.writing(answered))


def _snooze(
    actor: Actor, alert_id: int, settings: Mapping[str, Any], now: datetime, connection: Connection
) -> bytes:  # Any: settings have many types
    if (settings.get("minutes") is None) is (settings.get("until") is None):
        raise InvalidInput([Fault("minutes", "give either minutes or until")])
    end = settings.get("until") or now + timedelta(minutes=settings["minutes"])
    alert_responses.snooze(connection, actor, alert_id, until=end, now=now)
    return show_alert(alert_id, connection, actor, now=now)
