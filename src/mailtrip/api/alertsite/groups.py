"""`/notifier-groups`: which errors of which monitors go to which recipients (alertsite-v3.md, 4.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from mailtrip.api.alertsite.envelope import (
    LimitText,
    OffsetText,
    Page,
    SelectText,
    envelope,
    parse_select,
    read_page,
)
from mailtrip.api.alertsite.group_fields import (
    CREATE,
    CREATED,
    EDIT,
    EDITED,
    GROUPS,
    LISTED,
    READ,
    REMOVED,
    GroupView,
)
from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON, identifier
from mailtrip.api.queries import ID_SCHEMA, QueryReader, documented, path_id
from mailtrip.api.responses import json_response, no_content, to_bytes
from mailtrip.model import Actor, RecipientGroup
from mailtrip.service import groups
from mailtrip.service.access import require_edit
from mailtrip.store import Connection

__all__ = ["router"]

_ID: Final = identifier()


async def _group_id(
    group_id: Annotated[str, documented(ID_SCHEMA), Path(description="The group's number.", examples=[100001])],
) -> int:
    return path_id(group_id)


GroupID = Annotated[int, Depends(_group_id)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ListQuery:
    monitor_id: int | None
    recipient_id: int | None
    select: frozenset[str] | None
    page: Page


async def _list_query(
    call: AuthenticatedCall,
    request: Request,
    *,
    monitor_id: Annotated[
        str | None,
        documented(ID_SCHEMA),
        Query(description="Only groups that hold this monitor.", examples=[100001]),
    ] = None,
    recipient_id: Annotated[
        str | None,
        documented(ID_SCHEMA),
        Query(description="Only groups that hold this recipient.", examples=[100001]),
    ] = None,
    select: SelectText = None,
    limit: LimitText = None,
    offset: OffsetText = None,
) -> _ListQuery:
    reader = QueryReader(request)
    query = _ListQuery(
        monitor_id=reader.read("monitor_id", monitor_id, _ID.parse),
        recipient_id=reader.read("recipient_id", recipient_id, _ID.parse),
        select=reader.read("select", select, parse_select),
        page=read_page(reader, limit, offset),
    )
    await reader.check(call)
    return query


async def create(call: AuthenticatedCall, request: Request) -> Response:
    """Make a recipient group. From then on its monitors alert no recipients but those of their groups."""
    actor = await call.actor()
    require_edit(actor)
    changes = GROUPS.parse(await read_object(request))
    work = partial(groups.create, actor=actor, changes=changes.settings, now=call.now)
    group_id = await call.writing(partial(GROUPS.attempt, work, changes))
    return json_response({"id": str(group_id)}, ignored=changes.ignored)


async def edit(group_id: GroupID, call: AuthenticatedCall, request: Request) -> Response:
    """Change the fields that are given; the others keep their values, lists are replaced as a whole."""
    actor = await call.reading(partial(_may_edit, group_id))
    changes = GROUPS.parse(await read_object(request))
    work = partial(groups.edit, actor=actor, group_id=group_id, changes=changes.settings, now=call.now)
    await call.writing(partial(GROUPS.attempt, work, changes))
    return json_response({"id": str(group_id)}, ignored=changes.ignored)


async def list_all(call: AuthenticatedCall, query: Annotated[_ListQuery, Depends(_list_query)]) -> Response:
    """All recipient groups, or those that hold a monitor or a recipient, ordered by number."""
    return json_response(await call.reading(partial(_list, query)))


async def read(group_id: GroupID, call: AuthenticatedCall, request: Request, select: SelectText = None) -> Response:
    """One recipient group."""
    reader = QueryReader(request)
    names = reader.read("select", select, parse_select)
    await reader.check(call)
    return json_response(await call.reading(partial(_read, group_id, names)))


async def remove(group_id: GroupID, call: AuthenticatedCall) -> Response:
    """Remove a recipient group; its monitors and recipients stay."""
    actor = await call.actor()
    await call.writing(partial(groups.remove, actor=actor, group_id=group_id))
    return no_content()


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["recipient groups"])
    every, one = "/notifier-groups", "/notifier-groups/{group_id}"
    routes.add_api_route(
        every,
        create,
        methods=["POST"],
        name="create_recipient_group",
        summary="Create a recipient group",
        responses=CREATED,
        openapi_extra=CREATE,
    )
    routes.add_api_route(
        every,
        list_all,
        methods=["GET"],
        name="list_recipient_groups",
        summary="List recipient groups",
        responses=LISTED,
    )
    routes.add_api_route(
        one, read, methods=["GET"], name="read_recipient_group", summary="Read a recipient group", responses=READ
    )
    routes.add_api_route(
        one,
        edit,
        methods=["PATCH"],
        name="edit_recipient_group",
        summary="Edit a recipient group",
        responses=EDITED,
        openapi_extra=EDIT,
    )
    routes.add_api_route(
        one,
        remove,
        methods=["DELETE"],
        name="remove_recipient_group",
        summary="Delete a recipient group",
        responses=REMOVED,
        status_code=204,
    )
    return routes


def _may_edit(group_id: int, connection: Connection, actor: Actor) -> Actor:
    require_edit(actor)
    groups.get(connection, actor, group_id)
    return actor


def _read(group_id: int, select: frozenset[str] | None, connection: Connection, actor: Actor) -> bytes:
    return to_bytes(_shown(connection, actor, [groups.get(connection, actor, group_id)], select)[0])


def _list(query: _ListQuery, connection: Connection, actor: Actor) -> bytes:
    page = query.page
    found, count = groups.page(
        connection,
        actor,
        monitor_id=query.monitor_id,
        recipient_id=query.recipient_id,
        limit=page.limit,
        offset=page.start,
    )
    return to_bytes(envelope(_shown(connection, actor, found, query.select), count=count, page=page, actor=actor))


def _shown(
    connection: Connection, actor: Actor, found: Sequence[RecipientGroup], select: frozenset[str] | None
) -> list[dict[str, JSON]]:
    names = groups.monitor_names(connection, actor, found)
    people = groups.recipients_in(connection, actor, found)
    views = [GroupView(group=each, monitor_names=names, recipients=people) for each in found]
    return [GROUPS.show(view, select) for view in views]
