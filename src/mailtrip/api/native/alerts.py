"""`/api/v1`: alerts with what became of them, and test alerts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from mailtrip.alerts.holding import WaitReason
from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import identifier, integer
from mailtrip.api.openapi import answers, linked, referring
from mailtrip.api.queries import ID_SCHEMA, QueryReader, documented, path_id
from mailtrip.api.responses import json_response
from mailtrip.model import Actor, AlertKind, DeliveryFailure, DeliveryState
from mailtrip.service import alert_log
from mailtrip.service.alert_log import LoggedAlert
from mailtrip.store import Connection

__all__ = ["AlertList", "AlertObject", "AlertTicket", "alert_id_of", "router", "show_alert"]

_LIMIT: Final = integer(1, 1000)
_USUAL_LIMIT: Final = 100
_ID: Final = identifier()


class _Object(BaseModel):
    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class AlertObject(_Object):
    """One thing that a recipient was told, or is to be told, about a monitor or a location."""

    id: int = Field(description="The alert's number.", examples=[100001])
    kind: AlertKind = Field(description="What it tells.", examples=["error"])
    recipient_id: int = Field(description="Who is told.", examples=[100001])
    monitor_id: int | None = Field(
        description="About which monitor; null where it is about a location, and for a test.", examples=[100001]
    )
    location_id: int | None = Field(
        description="About which location; null where it is about a monitor, and for a test.", examples=[None]
    )
    run_id: int | None = Field(description="About which run; null where it is about none.", examples=[100001])
    status: int = Field(description="Status of that run.", examples=[104])
    error_count: int = Field(description="Errors in a row, as the recipient counts them.", examples=[2])
    since: datetime = Field(description="When the error began that it is about.", examples=["2026-01-31T12:00:00Z"])
    created_at: datetime = Field(description="When it was decided on.", examples=["2026-01-31T12:00:00Z"])
    cause: str = Field(
        description="Alerts with the same cause go out together.", examples=["error 104 smtps://smtp.example.com:465"]
    )
    detail: str | None = Field(
        description="What it tells, in a sentence; null where that is the run's own summary.",
        examples=["The certificate of smtps://smtp.example.com:465 expires on 2026-03-14, 12:00 UTC."],
    )
    delivery: DeliveryState = Field(description="What became of it.", examples=["sent"])
    delivery_key: str | None = Field(
        description="The same in all attempts, and for all alerts that go out together: part of the Message-ID, or the "
        "`Idempotency-Key`. Null while it waits for others.",
        examples=["0123456789abcdef0123456789abcdef"],
    )
    fallback_for: str | None = Field(
        description="The `delivery_key` in whose place it is sent, as that did not get to its recipient; null for none.",
        examples=[None],
    )
    method_id: int | None = Field(
        description="By which method of recipients it went at the last attempt; null before the first.", examples=[12]
    )
    through: str | None = Field(
        description="What it was handed to then: the relay of mail, or the recipient's host; null before the first attempt, and where no "
        "relay is set.",
        examples=["smtps://relay.example.com:465"],
    )
    failure: DeliveryFailure | None = Field(
        description="Why the last attempt has not got there. `passing`: the same may work later, and is tried for a day. "
        "`permanent`: it will not, and is not tried again. Null where it got there, and before the first attempt.",
        examples=[None],
    )
    attempts: int = Field(description="How often it was tried.", examples=[1])
    next_attempt_at: datetime | None = Field(
        description="When it is tried next; null when it is not.", examples=["2026-01-31T12:00:10Z"]
    )
    ended_at: datetime | None = Field(
        description="When it was sent or given up; null before.", examples=["2026-01-31T12:00:03Z"]
    )
    wait_reason: WaitReason | None = Field(
        description="Why it has not gone out yet; null once it was sent or given up. `gathering`: others of its cause may "
        "come within seconds. `repeated_cause`: its recipient was told of the same cause a short while ago. `quiet_hours`, "
        "`daily_limit`: its recipient wants to hear of nothing now that is not urgent. `in_line`: those before it go "
        "first. `retry`: the last attempt did not get there. `sending`: it is on its way.",
        examples=[None],
    )
    wait_until: datetime | None = Field(
        description="When that ends, as far as it is known now; null where it is not.", examples=[None]
    )
    answer: str | None = Field(
        description="What the far end said last, or why it could not be asked; null before the first attempt.",
        examples=["HTTP 204"],
    )
    acknowledged_at: datetime | None = Field(
        description="When somebody took on the trouble that it is about; null when nobody has.",
        examples=["2026-01-31T12:10:00Z"],
    )
    acknowledged_by: str | None = Field(
        description="Who that was: a user's address, the name of an API token or of a recipient, or `operator`.",
        examples=["ada@example.com"],
    )
    snoozed_until: datetime | None = Field(
        description="Until when the recipient does not want to hear more of it; null when nobody has put it off.",
        examples=["2026-01-31T13:00:00Z"],
    )
    snoozed_by: str | None = Field(description="Who has put it off.", examples=["ada@example.com"])


class AlertList(_Object):
    """Alerts, newest first."""

    results: list[AlertObject] = Field(description="At most `limit` of them.")
    next_cursor: str | None = Field(
        description="To be given as `cursor` for the next ones; null when there are none.", examples=["100001"]
    )


class AlertTicket(_Object):
    """A test alert that was ordered."""

    id: str = Field(description="The alert's number; read it to see what became of it.", examples=["100001"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    monitor_id: int | None
    recipient_id: int | None
    limit: int
    before: int | None


async def _read_wanted(
    call: AuthenticatedCall,
    request: Request,
    *,
    monitor_id: Annotated[
        str | None, documented(ID_SCHEMA), Query(description="Only alerts about this monitor.", examples=[100001])
    ] = None,
    recipient_id: Annotated[
        str | None, documented(ID_SCHEMA), Query(description="Only alerts to this recipient.", examples=[100001])
    ] = None,
    limit: Annotated[
        str | None,
        documented({**_LIMIT.returns, "default": _USUAL_LIMIT}),
        Query(description="Most alerts to return.", examples=[_USUAL_LIMIT]),
    ] = None,
    cursor: Annotated[
        str | None,
        documented(ID_SCHEMA),
        Query(description="Where to go on: `next_cursor` of the answer before.", examples=[100001]),
    ] = None,
) -> _Wanted:
    reader = QueryReader(request)
    wanted = _Wanted(
        monitor_id=reader.read("monitor_id", monitor_id, _ID.parse),
        recipient_id=reader.read("recipient_id", recipient_id, _ID.parse),
        limit=reader.read("limit", limit, _LIMIT.parse) or _USUAL_LIMIT,
        before=reader.read("cursor", cursor, _ID.parse),
    )
    await reader.check(call)
    return wanted


async def alert_id_of(
    alert_id: Annotated[str, documented(ID_SCHEMA), Path(description="The alert's number.", examples=[100001])],
) -> int:
    """The number in the path."""
    return path_id(alert_id)


async def _recipient_id(
    recipient_id: Annotated[str, documented(ID_SCHEMA), Path(description="The recipient's number.", examples=[100001])],
) -> int:
    return path_id(recipient_id)


async def list_alerts(call: AuthenticatedCall, wanted: Annotated[_Wanted, Depends(_read_wanted)]) -> Response:
    """Alerts of the account, newest first."""
    return json_response(await call.reading(partial(_list, wanted, now=call.now)))


async def read_alert(alert_id: Annotated[int, Depends(alert_id_of)], call: AuthenticatedCall) -> Response:
    """One alert, with what the far end said."""
    return json_response(await call.reading(partial(show_alert, alert_id, now=call.now)))


async def test_recipient(recipient_id: Annotated[int, Depends(_recipient_id)], call: AuthenticatedCall) -> Response:
    """Send a test alert to a recipient, at once and whatever its thresholds and blackouts say."""
    actor = await call.actor()
    alert_id = await call.writing(partial(alert_log.order_test, actor=actor, recipient_id=recipient_id, now=call.now))
    return json_response(AlertTicket(id=str(alert_id)).model_dump_json().encode(), status=202)


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["alerts"])
    routes.add_api_route(
        "/alerts",
        list_alerts,
        methods=["GET"],
        name="list_alerts",
        summary="List alerts",
        responses=answers(referring("AlertList"), "The alerts.", 400, 401),
    )
    routes.add_api_route(
        "/alerts/{alert_id}",
        read_alert,
        methods=["GET"],
        name="read_alert",
        summary="Read an alert",
        responses=answers(referring("AlertObject"), "The alert.", 401, 404),
    )
    routes.add_api_route(
        "/recipients/{recipient_id}/test",
        test_recipient,
        methods=["POST"],
        name="test_recipient",
        summary="Send a test alert",
        status_code=202,
        responses=linked(
            answers(referring("AlertTicket"), "The alert is on its way; its number.", 401, 403, 404, 429, success=202),
            {"read_alert": {"operationId": "read_alert", "parameters": {"alert_id": "$response.body#/id"}}},
            success=202,
        ),
    )
    return routes


def _list(wanted: _Wanted, connection: Connection, actor: Actor, *, now: datetime) -> bytes:
    found = alert_log.page(
        connection,
        actor,
        now=now,
        monitor_id=wanted.monitor_id,
        recipient_id=wanted.recipient_id,
        limit=wanted.limit + 1,
        before=wanted.before,
    )
    return _listing(found[: wanted.limit], has_more=len(found) > wanted.limit).model_dump_json().encode()


def _listing(found: Sequence[LoggedAlert], *, has_more: bool) -> AlertList:
    return AlertList(
        results=[_show(logged) for logged in found], next_cursor=str(found[-1].alert.id) if has_more else None
    )


def show_alert(alert_id: int, connection: Connection, actor: Actor, *, now: datetime) -> bytes:
    """One alert as JSON; raises NotFound."""
    return _show(alert_log.get(connection, actor, alert_id, now=now)).model_dump_json().encode()


def _show(logged: LoggedAlert) -> AlertObject:
    alert, delivery = logged.alert, logged.delivery
    is_waiting = delivery is not None and delivery.state is DeliveryState.WAITING
    return AlertObject(
        id=alert.id,
        kind=alert.kind,
        recipient_id=alert.recipient_id,
        monitor_id=alert.monitor_id,
        location_id=alert.location_id,
        run_id=alert.run_id,
        status=int(alert.status),
        error_count=alert.errors,
        since=alert.since,
        created_at=alert.created_at,
        cause=alert.cause,
        detail=alert.detail,
        delivery=DeliveryState.WAITING if delivery is None else delivery.state,
        delivery_key=None if delivery is None else delivery.key,
        fallback_for=None if delivery is None else delivery.fallback_for,
        method_id=None if delivery is None else delivery.method,
        through=None if delivery is None else delivery.through,
        failure=None if delivery is None else delivery.failure,
        attempts=0 if delivery is None else delivery.attempts,
        next_attempt_at=delivery.next_at if delivery is not None and is_waiting else None,
        ended_at=None if delivery is None else delivery.ended_at,
        wait_reason=None if logged.wait is None else logged.wait.reason,
        wait_until=None if logged.wait is None else logged.wait.until,
        answer=None if delivery is None else delivery.answer,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by,
        snoozed_until=alert.snoozed_until,
        snoozed_by=alert.snoozed_by,
    )
