"""`/api/v1/incidents`: what people tell the public of on the status page."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from mailtrip.api.alertsite.fields import Field
from mailtrip.api.alertsite.list_codecs import items_of
from mailtrip.api.alertsite.records import RecordTable
from mailtrip.api.alertsite.times import show_time
from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON, LARGEST_ID, BadValue, Codec, Script, choice, identifier, integer, text
from mailtrip.api.native.times import moment
from mailtrip.api.openapi import answers, json_body, referring
from mailtrip.api.queries import ID_SCHEMA, QueryReader, documented, path_id
from mailtrip.api.responses import json_response, no_content, to_bytes
from mailtrip.model import Actor
from mailtrip.model.status_page import Incident, IncidentState
from mailtrip.service import incidents
from mailtrip.service.incidents import LONGEST_TITLE
from mailtrip.service.status_pages import LONGEST_TEXT, MOST_ENTRIES
from mailtrip.store import Connection

__all__ = ["COMPONENTS", "router"]

_ID: Final = identifier()
_STATE: Final = choice(IncidentState)
_USUAL_LIMIT: Final = 100
_LIMIT: Final = integer(1, 500)
_TIME: Final[dict[str, JSON]] = {"type": "string", "format": "date-time"}
_NUMBER: Final[dict[str, JSON]] = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}


def _numbers() -> Codec[tuple[int, ...]]:
    """`[100001, 100002]`."""

    def parse(value: object) -> tuple[int, ...]:
        return tuple(_parse(place, item) for place, item in enumerate(items_of(value, most=MOST_ENTRIES)))

    def _parse(place: int, item: object) -> int:
        try:
            return _ID.parse(item)
        except BadValue as error:
            raise BadValue(f"item {place} {error}") from None

    def schema(number: Mapping[str, JSON]) -> dict[str, JSON]:
        return {"type": "array", "maxItems": MOST_ENTRIES, "items": dict(number)}

    return Codec(parse=parse, write=list, accepts=schema(_ID.accepts), returns=schema(_ID.returns))


def _given(
    name: str,
    codec: Codec[Any],  # Any: each field has its own type
    about: str,
    *,
    example: JSON,
    required: bool = False,
    is_shown: bool = True,
) -> Field[Incident]:
    return Field(
        name=name,
        codec=codec,
        setting=name,
        about=about,
        example=example,
        required=required,
        show=(lambda incident: codec.write(getattr(incident, name))) if is_shown else None,
        returns=codec.returns if is_shown else None,
    )


_TITLE: Final = _given(
    "title", text(longest=LONGEST_TITLE), "What has happened, in a line.", example="Mail is delayed", required=True
)
_BEGAN: Final = _given(
    "began_at",
    moment(),
    "When it began, within the last year (UTC without a zone); now unless given.",
    example="2026-01-01T11:00:00Z",
)
_MONITORS: Final = _given(
    "monitor_ids",
    _numbers(),
    "Numbers of the monitors that it affects. The public sees the names of those that are on the status page.",
    example=[100001],
)
_TOLD: Final = (
    _given(
        "text",
        text(longest=LONGEST_TEXT, script=Script.LINES),
        "What is known.",
        example="We look into it.",
        required=True,
        is_shown=False,
    ),
    _given(
        "state",
        _STATE,
        "How far you have come: `investigating` at first, and as it was in later updates, unless given.",
        example="investigating",
    ),
)


def _show_updates(incident: Incident) -> JSON:
    return [{"at": show_time(each.at), "state": str(each.state), "text": each.text} for each in incident.updates]


def _shown(
    name: str, show: Callable[[Incident], JSON], returns: Mapping[str, JSON], about: str, *, example: JSON
) -> Field[Incident]:
    return Field(name=name, show=show, returns=returns, about=about, example=example)


_UPDATES: Final[dict[str, JSON]] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "at": {**_TIME, "description": "When it was told (UTC)."},
            "state": {**_STATE.returns, "description": "The state from then on."},
            "text": {"type": "string", "description": "What was told."},
        },
        "required": ["at", "state", "text"],
    },
}
_FIELDS: Final = (
    _shown("id", lambda incident: incident.id, _NUMBER, "The incident's number.", example=100001),
    _TITLE,
    *_TOLD,
    _BEGAN,
    _shown(
        "resolved_at",
        lambda incident: None if incident.resolved_at is None else show_time(incident.resolved_at),
        {"type": ["string", "null"], "format": "date-time"},
        "When it was resolved (UTC); null while it is open.",
        example=None,
    ),
    _MONITORS,
    _shown(
        "updates",
        _show_updates,
        _UPDATES,
        "All that was told of it, oldest first.",
        example=[{"at": "2026-01-01T12:00:00Z", "state": "investigating", "text": "We look into it."}],
    ),
)
_NEW: Final = RecordTable(_FIELDS)
_EDIT: Final = RecordTable((_TITLE, _BEGAN, _MONITORS))
_UPDATE: Final = RecordTable(_TOLD)

COMPONENTS: Final[dict[str, dict[str, JSON]]] = {
    "IncidentCreate": _NEW.request_schema(create=True),
    "IncidentEdit": _EDIT.request_schema(create=False),
    "IncidentUpdate": _UPDATE.request_schema(create=True),
    "Incident": _NEW.response_schema("What the public is told of."),
    "IncidentList": {
        "type": "object",
        "properties": {
            "results": {"type": "array", "items": referring("Incident"), "description": "The newest first."},
            "next_cursor": {
                "type": ["string", "null"],
                "description": "Where the list goes on; null at its end.",
                "examples": [None],
            },
        },
        "required": ["results", "next_cursor"],
    },
}


async def _incident_id(
    incident_id: Annotated[str, documented(ID_SCHEMA), Path(description="The incident's number.", examples=[100001])],
) -> int:
    return path_id(incident_id)


_IncidentId = Annotated[int, Depends(_incident_id)]


async def list_all(
    call: AuthenticatedCall,
    request: Request,
    limit: Annotated[
        str | None,
        documented({**_LIMIT.returns, "default": _USUAL_LIMIT}),
        Query(description="Most incidents to return.", examples=[_USUAL_LIMIT]),
    ] = None,
    cursor: Annotated[
        str | None,
        documented(ID_SCHEMA),
        Query(description="Where to go on: `next_cursor` of the answer before.", examples=[100001]),
    ] = None,
) -> Response:
    """Incidents, the newest first."""
    reader = QueryReader(request)
    most = reader.read("limit", limit, _LIMIT.parse) or _USUAL_LIMIT
    before = reader.read("cursor", cursor, _ID.parse)
    await reader.check(call)

    def work(connection: Connection, actor: Actor) -> bytes:
        found = incidents.page(connection, actor, limit=most + 1, before=before)
        last = str(found[most - 1].id) if len(found) > most else None
        return to_bytes({"results": [_NEW.show(each) for each in found[:most]], "next_cursor": last})

    return json_response(await call.reading(work))


async def read(incident_id: _IncidentId, call: AuthenticatedCall) -> Response:
    """One incident with all that was told of it."""
    return json_response(await call.reading(partial(_show, incident_id)))


async def create(call: AuthenticatedCall, request: Request) -> Response:
    """Tell the public of an incident. It is on the status page within half a minute, if that is published."""

    def make(connection: Connection, actor: Actor, settings: Mapping[str, Any], now: datetime) -> int:
        return incidents.create(connection, actor, **settings, now=now)

    return await _change(call, request, _NEW, make, status=201)


async def edit(incident_id: _IncidentId, call: AuthenticatedCall, request: Request) -> Response:
    """Change the title of an incident, its beginning, or what it affects."""

    def change(connection: Connection, actor: Actor, settings: Mapping[str, Any], now: datetime) -> int:
        incidents.edit(connection, actor, incident_id, settings, now=now)
        return incident_id

    return await _change(call, request, _EDIT, change)


async def tell(incident_id: _IncidentId, call: AuthenticatedCall, request: Request) -> Response:
    """Tell more of an incident. State `resolved` ends it; any other one opens it again."""

    def add(connection: Connection, actor: Actor, settings: Mapping[str, Any], now: datetime) -> int:
        incidents.add_update(connection, actor, incident_id, **settings, now=now)
        return incident_id

    return await _change(call, request, _UPDATE, add, status=201)


async def remove(incident_id: _IncidentId, call: AuthenticatedCall) -> Response:
    """Remove an incident, as if it had not been told of."""
    actor = await call.actor()
    await call.writing(partial(incidents.remove, actor=actor, incident_id=incident_id, now=call.now))
    return no_content()


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["status page"])
    incident = referring("Incident")
    new, changed, more = (
        json_body(referring(name), about, required=name != "IncidentEdit")
        for name, about in (
            ("IncidentCreate", "The incident."),
            ("IncidentEdit", "What to change."),
            ("IncidentUpdate", "What is known by now."),
        )
    )
    given = (400, 401, 403, 408, 413)
    one = "/incidents/{incident_id}"
    listed = answers(referring("IncidentList"), "The incidents.", 400, 401)
    made = answers(incident, "The incident was made.", *given, success=201, names_ignored=True)
    edited = answers(incident, "The incident, as it is from now on.", *given, 404, names_ignored=True)
    told = answers(incident, "The incident with the update.", *given, 404, success=201, names_ignored=True)
    gone = answers(None, "It is removed.", 401, 403, 404, success=204)
    for method, path, work, name, summary, responses, body in (
        ("GET", "/incidents", list_all, "list_incidents", "List incidents", listed, None),
        ("POST", "/incidents", create, "create_incident", "Tell of an incident", made, new),
        ("GET", one, read, "read_incident", "Read an incident", answers(incident, "It.", 401, 404), None),
        ("PATCH", one, edit, "edit_incident", "Change an incident", edited, changed),
        ("DELETE", one, remove, "remove_incident", "Remove an incident", gone, None),
        ("POST", f"{one}/updates", tell, "update_incident", "Tell more of an incident", told, more),
    ):
        routes.add_api_route(
            path,
            work,
            methods=[method],
            name=name,
            summary=summary,
            status_code=next(int(status) for status in responses if int(status) < 300),
            responses=responses,
            openapi_extra=body,
        )
    return routes


async def _change(
    call: AuthenticatedCall,
    request: Request,
    table: RecordTable[Incident],
    change: Callable[[Connection, Actor, Mapping[str, Any], datetime], int],  # Any: settings have many types
    *,
    status: int = 200,
) -> Response:
    actor = await call.actor()
    changes = table.parse(await read_object(request))

    def work(connection: Connection) -> bytes:
        return _show(change(connection, actor, changes.settings, call.now), connection, actor)

    found = await call.writing(partial(table.attempt, work, changes))
    return json_response(found, status=status, ignored=changes.ignored)


def _show(incident_id: int, connection: Connection, actor: Actor) -> bytes:
    return to_bytes(_NEW.show(incidents.get(connection, actor, incident_id)))
