"""`/blackouts`: make, edit, list, read and delete blackouts, and edit those of many monitors at once."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from mailtrip.api.alertsite.blackout_docs import (
    BULK_EDITED,
    BULK_REQUEST,
    CREATE_REQUEST,
    CREATED,
    EDIT_REQUEST,
    EDITED,
    LISTED,
    READ,
    REMOVED,
)
from mailtrip.api.alertsite.blackout_fields import BLACKOUTS, BlackoutView
from mailtrip.api.alertsite.blackout_wire import attempt_bulk, parse_bulk, parse_edit
from mailtrip.api.alertsite.envelope import LimitText, OffsetText, Page, SelectText, envelope, parse_select, read_page
from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import boolean, choice, identifier
from mailtrip.api.queries import ID_SCHEMA, QueryReader, documented, path_id
from mailtrip.api.responses import json_response, no_content, to_bytes
from mailtrip.model import Actor, BlackoutType
from mailtrip.service import blackouts
from mailtrip.service.access import require_edit
from mailtrip.store import Connection

__all__ = ["router"]

_ID: Final = identifier()
_TYPE: Final = choice(BlackoutType)
_BOOLEAN: Final = boolean()


async def _blackout_id(
    blackout_id: Annotated[str, documented(ID_SCHEMA), Path(description="The blackout's number.", examples=[100001])],
) -> int:
    return path_id(blackout_id)


BlackoutID = Annotated[int, Depends(_blackout_id)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ListQuery:
    type: BlackoutType | None
    assoc_id: int | None
    persistent: bool | None
    select: frozenset[str] | None
    page: Page


async def _list_query(
    call: AuthenticatedCall,
    request: Request,
    *,
    type: Annotated[  # noqa: A002  # the vendor's word
        str | None, documented(_TYPE.accepts), Query(description="Only blackouts of this type.")
    ] = None,
    assoc_id: Annotated[
        str | None,
        documented(ID_SCHEMA),
        Query(description="Only blackouts of the monitor or recipient with this number.", examples=[100001]),
    ] = None,
    persistent: Annotated[
        str | None,
        documented({"type": "boolean"}),
        Query(description="`true`: only those that recur each week; `false`: both kinds, as when it is not given."),
    ] = None,
    select: SelectText = None,
    limit: LimitText = None,
    offset: OffsetText = None,
) -> _ListQuery:
    reader = QueryReader(request)
    query = _ListQuery(
        type=reader.read("type", type, _TYPE.parse),
        assoc_id=reader.read("assoc_id", assoc_id, _ID.parse),
        persistent=reader.read("persistent", persistent, _BOOLEAN.parse),
        select=reader.read("select", select, parse_select),
        page=read_page(reader, limit, offset),
    )
    await reader.check(call)
    return query


async def create(call: AuthenticatedCall, request: Request) -> Response:
    """Make a one-time or a weekly blackout. Which of the two follows from the fields that are given."""
    actor = await call.actor()
    require_edit(actor)
    changes = BLACKOUTS.parse(await read_object(request))
    draft = blackouts.BlackoutDraft(**changes.settings)
    work = partial(blackouts.create, actor=actor, draft=draft, now=call.now)
    blackout_id = await call.writing(partial(BLACKOUTS.attempt, work, changes))
    return json_response({"id": str(blackout_id)}, ignored=changes.ignored)


async def edit(blackout_id: BlackoutID, call: AuthenticatedCall, request: Request) -> Response:
    """Change a weekly blackout. A one-time one is deleted and made anew."""
    actor = await call.actor()
    require_edit(actor)
    changes = parse_edit(await read_object(request))
    work = partial(blackouts.edit, actor=actor, blackout_id=blackout_id, changes=changes.settings, now=call.now)
    await call.writing(partial(BLACKOUTS.attempt, work, changes))
    return json_response({"id": str(blackout_id)}, ignored=changes.ignored)


async def bulk_edit(call: AuthenticatedCall, request: Request) -> Response:
    """Add to the blackouts of several monitors, or replace them: all of it or nothing.

    Blackouts of types `Monitor` and `Alert` belong to monitors; type `Monitor` unless given.
    """
    actor = await call.actor()
    require_edit(actor)
    changes = parse_bulk(await read_object(request))
    work = partial(
        blackouts.bulk_edit,
        actor=actor,
        monitor_ids=changes.monitor_ids,
        one_time=changes.one_time,
        weekly=changes.weekly,
        now=call.now,
    )
    ids = await call.writing(partial(attempt_bulk, work, changes.faults))
    return json_response({"ids": [str(each) for each in ids]}, ignored=changes.ignored)


async def list_all(call: AuthenticatedCall, query: Annotated[_ListQuery, Depends(_list_query)]) -> Response:
    """Blackouts, those to come and those that are over, ordered by id."""

    def work(connection: Connection, actor: Actor) -> bytes:
        found, count = blackouts.page(
            connection,
            actor,
            type=query.type,
            subject_id=query.assoc_id,
            is_weekly=query.persistent or None,
            limit=query.page.limit,
            offset=query.page.start,
        )
        results = [BLACKOUTS.show(BlackoutView(blackout=each, now=call.now), query.select) for each in found]
        return to_bytes(envelope(results, count=count, page=query.page, actor=actor))

    return json_response(await call.reading(work))


async def read(
    blackout_id: BlackoutID, call: AuthenticatedCall, request: Request, select: SelectText = None
) -> Response:
    """One blackout; fields of the other kind are null."""
    reader = QueryReader(request)
    names = reader.read("select", select, parse_select)
    await reader.check(call)
    found = await call.reading(lambda connection, actor: blackouts.get(connection, actor, blackout_id))
    return json_response(BLACKOUTS.show(BlackoutView(blackout=found, now=call.now), names))


async def remove(blackout_id: BlackoutID, call: AuthenticatedCall) -> Response:
    """Remove a blackout; what it held back goes on."""
    actor = await call.actor()
    await call.writing(partial(blackouts.remove, actor=actor, blackout_id=blackout_id))
    return no_content()


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["blackouts"])
    routes.add_api_route(
        "/blackouts", list_all, methods=["GET"], name="list_blackouts", summary="List blackouts", responses=LISTED
    )
    routes.add_api_route(
        "/blackouts",
        create,
        methods=["POST"],
        name="create_blackout",
        summary="Create a blackout",
        responses=CREATED,
        openapi_extra=CREATE_REQUEST,
    )
    routes.add_api_route(
        "/blackouts/bulk-edit",
        bulk_edit,
        methods=["POST"],
        name="edit_blackouts_of_monitors",
        summary="Edit blackouts of several monitors",
        responses=BULK_EDITED,
        openapi_extra=BULK_REQUEST,
    )
    routes.add_api_route(
        "/blackouts/{blackout_id}",
        read,
        methods=["GET"],
        name="read_blackout",
        summary="Read a blackout",
        responses=READ,
    )
    routes.add_api_route(
        "/blackouts/{blackout_id}",
        edit,
        methods=["PATCH"],
        name="edit_blackout",
        summary="Edit a weekly blackout",
        responses=EDITED,
        openapi_extra=EDIT_REQUEST,
    )
    routes.add_api_route(
        "/blackouts/{blackout_id}",
        remove,
        methods=["DELETE"],
        name="remove_blackout",
        summary="Delete a blackout",
        responses=REMOVED,
        status_code=204,
    )
    return routes
