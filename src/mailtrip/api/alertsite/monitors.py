"""`/monitors`: create and edit monitors of each type that is about mail, list, read and delete monitors of any type."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from mailtrip.api.alertsite.envelope import LimitText, OffsetText, SelectText, parse_select, read_page
from mailtrip.api.alertsite.monitor_docs import LISTED, READ, REMOVED, TYPES
from mailtrip.api.alertsite.monitor_reads import ListQuery, read_list, read_one
from mailtrip.api.alertsite.monitor_types import FOREIGN_PATHS, TYPES_SCHEMA, explain_foreign, parse_types
from mailtrip.api.alertsite.monitor_wire import MonitorChanges, faults_beside, parse_monitor, wire_faults
from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON
from mailtrip.api.idempotency import IdempotencyKey, answer_once
from mailtrip.api.preconditions import IfMatch, tagged
from mailtrip.api.queries import ID_SCHEMA, QueryReader, documented, path_id
from mailtrip.api.responses import json_response, no_content
from mailtrip.errors import Fault, InvalidInput, NotFound
from mailtrip.model import Actor, MailProtocol, Monitor, MonitorType
from mailtrip.service import monitors, revisions
from mailtrip.service.access import require_edit
from mailtrip.service.revisions import RecordType
from mailtrip.store import Connection

__all__ = ["router"]

_ShowScripts = Annotated[
    str | None,
    documented({"type": "string"}),
    Query(description="As with the vendor; changes nothing, as mail monitors have no scripts.", examples=["false"]),
]


async def _monitor_id(
    monitor_id: Annotated[str, documented(ID_SCHEMA), Path(description="The monitor's number.", examples=[100001])],
) -> int:
    return path_id(monitor_id)


MonitorID = Annotated[int, Depends(_monitor_id)]


async def _list_query(
    call: AuthenticatedCall,
    request: Request,
    *,
    type: Annotated[  # noqa: A002  # the vendor's word
        str | None,
        documented(TYPES_SCHEMA),
        Query(description="One type of monitor, or several separated by commas; all unless given."),
    ] = None,
    select: SelectText = None,
    limit: LimitText = None,
    offset: OffsetText = None,
    show_scripts: _ShowScripts = None,
) -> ListQuery:
    del show_scripts
    reader = QueryReader(request)
    query = ListQuery(
        types=reader.read("type", type, parse_types),
        select=reader.read("select", select, parse_select),
        page=read_page(reader, limit, offset),
    )
    await reader.check(call)
    return query


def _creating(type_: MonitorType) -> Callable[..., Awaitable[Response]]:
    """The operation that makes a monitor of the type."""

    async def create(call: AuthenticatedCall, request: Request, key: IdempotencyKey) -> Response:
        """Make a monitor. Whatever is not given takes its default."""
        actor = await call.actor()
        require_edit(actor)
        body = await read_object(request)
        changes = parse_monitor(body, type_, create=True)
        work = partial(
            monitors.create,
            actor=actor,
            changes=changes.settings,
            passwords=changes.passwords,
            secrets=call.services.secrets,
            now=call.now,
            policy=call.services.policy,
        )

        def make(connection: Connection) -> JSON:
            return {"id": str(_attempt(work, changes, type_, MailProtocol.POP3, connection))}

        first = tagged(revisions.FIRST)
        return await answer_once(call, request, actor, make, key=key, body=body, ignored=changes.ignored, headers=first)

    return create


def _editing(type_: MonitorType) -> Callable[..., Awaitable[Response]]:
    """The operation that changes a monitor of the type."""

    async def edit(monitor_id: MonitorID, call: AuthenticatedCall, request: Request, known: IfMatch) -> Response:
        """Change the fields that are given; the others keep their values."""
        actor, current = await call.reading(partial(_current, monitor_id, type_))
        changes = parse_monitor(await read_object(request), type_, create=False)
        work = partial(
            monitors.edit,
            actor=actor,
            monitor_id=monitor_id,
            changes=changes.settings,
            type=type_,
            passwords=changes.passwords,
            secrets=call.services.secrets,
            now=call.now,
            policy=call.services.policy,
        )

        def change(connection: Connection) -> int:
            revisions.require(connection, actor, RecordType.MONITOR, monitor_id, known)
            work(connection)
            return revisions.current(connection, actor, RecordType.MONITOR, monitor_id)

        protocol = current.settings.mailbox_protocol
        revision = await call.writing(partial(_attempt, change, changes, type_, protocol))
        return json_response({"id": str(monitor_id)}, ignored=changes.ignored, headers=tagged(revision))

    return edit


def _refusing(word: str) -> Callable[..., Awaitable[Response]]:
    """The operation that says of a type of the vendor that it is not about mail."""

    async def refuse(call: AuthenticatedCall) -> Response:
        require_edit(await call.actor())
        raise InvalidInput([Fault("type", explain_foreign(word))])

    return refuse


async def list_all(call: AuthenticatedCall, query: Annotated[ListQuery, Depends(_list_query)]) -> Response:
    """Monitors of all types or of those named, ordered by id."""
    return json_response(await call.reading(partial(read_list, call.services.monitor_texts, query)))


async def read(monitor_id: MonitorID, call: AuthenticatedCall, request: Request, select: SelectText = None) -> Response:
    """One monitor, of any type."""
    reader = QueryReader(request)
    names = reader.read("select", select, parse_select)
    await reader.check(call)
    shown, revision = await call.reading(partial(read_one, monitor_id, names))
    return json_response(shown, headers=tagged(revision))


async def remove(monitor_id: MonitorID, call: AuthenticatedCall, known: IfMatch) -> Response:
    """Remove a monitor of any type, with its passwords, at once."""
    actor = await call.actor()
    require_edit(actor)

    def work(connection: Connection) -> None:
        monitors.get(connection, actor, monitor_id)  # who may not know of it is not told its revision
        revisions.require(connection, actor, RecordType.MONITOR, monitor_id, known)
        monitors.remove(connection, actor, monitor_id, now=call.now)

    await call.writing(work)
    return no_content()


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["monitors"])
    # Routes are tried in their order: first those that are called often.
    routes.add_api_route(
        "/monitors", list_all, methods=["GET"], name="list_monitors", summary="List monitors", responses=LISTED
    )
    routes.add_api_route(
        "/monitors/{monitor_id}", read, methods=["GET"], name="read_monitor", summary="Read a monitor", responses=READ
    )
    routes.add_api_route(
        "/monitors/{monitor_id}",
        remove,
        methods=["DELETE"],
        name="remove_monitor",
        summary="Delete a monitor",
        responses=REMOVED,
        status_code=204,
    )
    for type_, docs in TYPES.items():
        routes.add_api_route(
            f"/monitors/{type_}",
            _creating(type_),
            methods=["POST"],
            name=f"create_{docs.word}_monitor",
            summary=f"Create {docs.noun}",
            responses=docs.created,
            openapi_extra=docs.create,
        )
        routes.add_api_route(
            f"/monitors/{type_}/{{monitor_id}}",
            _editing(type_),
            methods=["PATCH"],
            name=f"edit_{docs.word}_monitor",
            summary=f"Edit {docs.noun}",
            responses=docs.edited,
            openapi_extra=docs.edit,
        )
    for method, path, word in FOREIGN_PATHS:
        # Not described: nobody should call them, but scripts may, and are to learn why it does not work.
        routes.add_api_route(
            f"/monitors/{path}", _refusing(word), methods=[method], name=f"{method} {path}", include_in_schema=False
        )
    return routes


def _current(monitor_id: int, type_: MonitorType, connection: Connection, actor: Actor) -> tuple[Actor, Monitor]:
    require_edit(actor)
    monitor = monitors.get(connection, actor, monitor_id)
    if monitor.settings.type is not type_:
        raise NotFound(f"there is no {type_} monitor {monitor_id}")
    return actor, monitor


def _attempt(
    work: Callable[[Connection], int],
    changes: MonitorChanges,
    type_: MonitorType,
    protocol: MailProtocol,
    connection: Connection,
) -> int:
    """Create or edit, and tell all faults of the body at once.

    Faults that were found in reading the body don't keep `service` from looking at the other fields; they do keep the
    transaction from being kept.

    Args:
        work: gives the monitor's id.
        changes: what the body asks for.
        type_: of the monitor.
        protocol: how the mailbox is read, where the body does not say.
        connection: of a writing transaction.
    """
    try:
        monitor_id = work(connection)
    except InvalidInput as error:
        others = wire_faults(error.faults, type_, changes.settings.get("mailbox_protocol", protocol))
        raise InvalidInput((*changes.faults, *faults_beside(changes.faults, others))) from error
    if changes.faults:
        raise InvalidInput(changes.faults)
    return monitor_id
