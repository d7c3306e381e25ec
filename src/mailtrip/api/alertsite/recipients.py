"""`/recipients`: who is told of errors (alertsite-v3.md, 4.2)."""

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
from mailtrip.api.alertsite.recipient_fields import (
    CREATE,
    CREATED,
    EDIT,
    EDITED,
    LISTED,
    METHOD,
    READ,
    RECIPIENTS,
    REMOVED,
    RecipientView,
)
from mailtrip.api.alertsite.records import Changes
from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON, choice
from mailtrip.api.queries import ID_SCHEMA, QueryReader, documented, path_id
from mailtrip.api.responses import json_response, no_content, to_bytes
from mailtrip.model import Actor, AlertMethod, AlertType, Recipient
from mailtrip.service import blackouts, recipients
from mailtrip.service.access import require_edit
from mailtrip.service.monitors import UNCHANGED
from mailtrip.service.recipients import Password
from mailtrip.store import Connection

__all__ = ["router"]

_TYPE: Final = choice(AlertType)


async def _recipient_id(
    recipient_id: Annotated[str, documented(ID_SCHEMA), Path(description="The recipient's number.", examples=[100001])],
) -> int:
    return path_id(recipient_id)


RecipientID = Annotated[int, Depends(_recipient_id)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ListQuery:
    type: AlertType | None
    method: AlertMethod | None
    select: frozenset[str] | None
    page: Page


async def _list_query(
    call: AuthenticatedCall,
    request: Request,
    *,
    type: Annotated[  # noqa: A002  # the vendor's word
        str | None,
        documented(_TYPE.accepts),
        Query(description="Only recipients of such alerts.", examples=["Availability"]),
    ] = None,
    method_id: Annotated[
        str | None,
        documented(METHOD.returns),
        Query(description="Only recipients with this method.", examples=[12]),
    ] = None,
    select: SelectText = None,
    limit: LimitText = None,
    offset: OffsetText = None,
) -> _ListQuery:
    reader = QueryReader(request)
    query = _ListQuery(
        type=reader.read("type", type, _TYPE.parse),
        method=reader.read("method_id", method_id, METHOD.parse),
        select=reader.read("select", select, parse_select),
        page=read_page(reader, limit, offset),
    )
    await reader.check(call)
    return query


async def create(call: AuthenticatedCall, request: Request) -> Response:
    """Make a recipient. Whatever is not given takes its default."""
    actor = await call.actor()
    require_edit(actor)
    changes = RECIPIENTS.parse(await read_object(request))
    settings, password = _split(changes)
    work = partial(
        recipients.create,
        actor=actor,
        changes=settings,
        password=password,
        secrets=call.services.secrets,
        now=call.now,
    )
    recipient_id = await call.writing(partial(RECIPIENTS.attempt, work, changes))
    return json_response({"id": str(recipient_id)}, ignored=changes.ignored)


async def edit(recipient_id: RecipientID, call: AuthenticatedCall, request: Request) -> Response:
    """Change the fields that are given; the others keep their values. Groups and blackouts are changed elsewhere."""
    actor = await call.reading(partial(_may_edit, recipient_id))
    changes = RECIPIENTS.parse(await read_object(request))
    settings, password = _split(changes)
    work = partial(
        recipients.edit,
        actor=actor,
        recipient_id=recipient_id,
        changes=settings,
        password=password,
        secrets=call.services.secrets,
        now=call.now,
    )
    await call.writing(partial(RECIPIENTS.attempt, work, changes))
    return json_response({"id": str(recipient_id)}, ignored=changes.ignored)


async def list_all(call: AuthenticatedCall, query: Annotated[_ListQuery, Depends(_list_query)]) -> Response:
    """All recipients or those that are asked for, ordered by number."""
    return json_response(await call.reading(partial(_list, query)))


async def read(
    recipient_id: RecipientID, call: AuthenticatedCall, request: Request, select: SelectText = None
) -> Response:
    """One recipient."""
    reader = QueryReader(request)
    names = reader.read("select", select, parse_select)
    await reader.check(call)
    return json_response(await call.reading(partial(_read, recipient_id, names)))


async def remove(recipient_id: RecipientID, call: AuthenticatedCall) -> Response:
    """Remove a recipient, also from its groups, with its password, at once."""
    actor = await call.actor()
    await call.writing(partial(recipients.remove, actor=actor, recipient_id=recipient_id))
    return no_content()


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["recipients"])
    routes.add_api_route(
        "/recipients",
        create,
        methods=["POST"],
        name="create_recipient",
        summary="Create a recipient",
        responses=CREATED,
        openapi_extra=CREATE,
    )
    routes.add_api_route(
        "/recipients", list_all, methods=["GET"], name="list_recipients", summary="List recipients", responses=LISTED
    )
    one = "/recipients/{recipient_id}"
    routes.add_api_route(one, read, methods=["GET"], name="read_recipient", summary="Read a recipient", responses=READ)
    routes.add_api_route(
        one,
        edit,
        methods=["PATCH"],
        name="edit_recipient",
        summary="Edit a recipient",
        responses=EDITED,
        openapi_extra=EDIT,
    )
    routes.add_api_route(
        one,
        remove,
        methods=["DELETE"],
        name="remove_recipient",
        summary="Delete a recipient",
        responses=REMOVED,
        status_code=204,
    )
    return routes


def _split(changes: Changes) -> tuple[dict[str, object], Password]:
    settings = dict(changes.settings)
    return settings, settings.pop("password", UNCHANGED)


def _may_edit(recipient_id: int, connection: Connection, actor: Actor) -> Actor:
    require_edit(actor)
    recipients.get(connection, actor, recipient_id)
    return actor


def _read(recipient_id: int, select: frozenset[str] | None, connection: Connection, actor: Actor) -> bytes:
    return to_bytes(_shown(connection, actor, [recipients.get(connection, actor, recipient_id)], select)[0])


def _list(query: _ListQuery, connection: Connection, actor: Actor) -> bytes:
    page = query.page
    found, count = recipients.page(
        connection, actor, type=query.type, method=query.method, limit=page.limit, offset=page.start
    )
    return to_bytes(envelope(_shown(connection, actor, found, query.select), count=count, page=page, actor=actor))


def _shown(
    connection: Connection, actor: Actor, found: Sequence[Recipient], select: frozenset[str] | None
) -> list[dict[str, JSON]]:
    ids = [each.id for each in found]
    groups = recipients.groups_of(connection, ids)
    blackout_ids = blackouts.ids_of_recipients(connection, actor, ids)
    views = [
        RecipientView(recipient=each, group_ids=groups.get(each.id, ()), blackout_ids=blackout_ids.get(each.id, ()))
        for each in found
    ]
    return [RECIPIENTS.show(view, select) for view in views]
