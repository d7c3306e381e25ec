"""`/slas`: service level agreements (alertsite-v3.md, 4.4)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

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
from mailtrip.api.alertsite.records import Changes
from mailtrip.api.alertsite.sla_fields import (
    BULK,
    BULK_EDIT,
    BULK_EDITED,
    CREATE,
    CREATED,
    EDIT,
    EDITED,
    FOUND,
    NEW_SLAS,
    READ,
    REMOVED,
    SLAS,
    ExclusionsAction,
    SLAView,
)
from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON, identifier
from mailtrip.api.queries import ID_SCHEMA, QueryReader, documented, path_id
from mailtrip.api.responses import json_response, no_content, to_bytes
from mailtrip.errors import Fault
from mailtrip.model import SLA, Actor
from mailtrip.service import locations, slas
from mailtrip.service.access import require_edit
from mailtrip.service.slas import BulkEdit
from mailtrip.store import Connection

__all__ = ["router"]

_ID: Final = identifier()
_OBJECTIVES: Final = ("availability_percent", "response_time", "secondary_response_time", "uptime_percent")


async def _sla_id(
    sla_id: Annotated[str, documented(ID_SCHEMA), Path(description="The SLA's number.", examples=[100001])],
) -> int:
    return path_id(sla_id)


SLAID = Annotated[int, Depends(_sla_id)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ListQuery:
    monitor_id: int | None
    select: frozenset[str] | None
    page: Page


async def _list_query(
    call: AuthenticatedCall,
    request: Request,
    *,
    monitor_id: Annotated[
        str | None,
        documented(ID_SCHEMA),
        Query(
            description="Only the SLA of this monitor, without a list around it; 404 if it has none.", examples=[100001]
        ),
    ] = None,
    select: SelectText = None,
    limit: LimitText = None,
    offset: OffsetText = None,
) -> _ListQuery:
    reader = QueryReader(request)
    query = _ListQuery(
        monitor_id=reader.read("monitor_id", monitor_id, _ID.parse),
        select=reader.read("select", select, parse_select),
        page=read_page(reader, limit, offset),
    )
    await reader.check(call)
    return query


async def create(call: AuthenticatedCall, request: Request) -> Response:
    """Make the SLA of a monitor that has none. Whatever is not given takes its default."""
    actor = await call.actor()
    require_edit(actor)
    changes = NEW_SLAS.parse(await read_object(request))
    settings = dict(changes.settings)
    monitor_id = settings.pop("monitor_id", None)
    work = partial(slas.create, actor=actor, monitor_id=monitor_id, changes=settings, now=call.now)
    sla_id = await call.writing(partial(NEW_SLAS.attempt, work, changes))
    return json_response({"id": str(sla_id)}, ignored=changes.ignored)


async def edit(sla_id: SLAID, call: AuthenticatedCall, request: Request) -> Response:
    """Change the fields that are given; the others keep their values, lists are replaced as a whole."""
    actor = await call.reading(partial(_may_edit, sla_id))
    changes = SLAS.parse(await read_object(request))
    work = partial(slas.edit, actor=actor, sla_id=sla_id, changes=changes.settings, now=call.now)
    await call.writing(partial(SLAS.attempt, work, changes))
    return json_response({"id": str(sla_id)}, ignored=changes.ignored)


async def bulk_edit(call: AuthenticatedCall, request: Request) -> Response:
    """Change goals, operating periods or exclusions of the SLAs of several monitors: all of them or none."""
    actor = await call.actor()
    require_edit(actor)
    parsed = BULK.parse(await read_object(request))
    changes = Changes(settings=parsed.settings, faults=(*parsed.faults, *_bulk_faults(parsed)), ignored=parsed.ignored)
    work = partial(
        slas.bulk_edit,
        actor=actor,
        monitor_ids=changes.settings.get("monitor_ids", ()),
        wanted=_wanted(changes.settings),
        now=call.now,
    )
    ids = await call.writing(partial(BULK.attempt, work, changes))
    return json_response({"ids": [str(each) for each in ids]}, ignored=changes.ignored)


async def list_all(call: AuthenticatedCall, query: Annotated[_ListQuery, Depends(_list_query)]) -> Response:
    """All SLAs, ordered by number, or the one of a monitor."""
    return json_response(await call.reading(partial(_find, query)))


async def read(sla_id: SLAID, call: AuthenticatedCall, request: Request, select: SelectText = None) -> Response:
    """One SLA."""
    reader = QueryReader(request)
    names = reader.read("select", select, parse_select)
    await reader.check(call)
    return json_response(await call.reading(partial(_read, sla_id, names)))


async def remove(sla_id: SLAID, call: AuthenticatedCall) -> Response:
    """Remove an SLA; its monitor stays."""
    actor = await call.actor()
    await call.writing(partial(slas.remove, actor=actor, sla_id=sla_id))
    return no_content()


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["service levels"])
    every, one = "/slas", "/slas/{sla_id}"
    routes.add_api_route(
        every,
        create,
        methods=["POST"],
        name="create_sla",
        summary="Create an SLA",
        responses=CREATED,
        openapi_extra=CREATE,
    )
    routes.add_api_route(every, list_all, methods=["GET"], name="list_slas", summary="List SLAs", responses=FOUND)
    routes.add_api_route(
        "/slas/bulk-edit",
        bulk_edit,
        methods=["POST"],
        name="bulk_edit_slas",
        summary="Edit the SLAs of several monitors",
        responses=BULK_EDITED,
        openapi_extra=BULK_EDIT,
    )
    routes.add_api_route(one, read, methods=["GET"], name="read_sla", summary="Read an SLA", responses=READ)
    routes.add_api_route(
        one, edit, methods=["PATCH"], name="edit_sla", summary="Edit an SLA", responses=EDITED, openapi_extra=EDIT
    )
    routes.add_api_route(
        one,
        remove,
        methods=["DELETE"],
        name="remove_sla",
        summary="Delete an SLA",
        responses=REMOVED,
        status_code=204,
    )
    return routes


def _bulk_faults(changes: Changes) -> Iterator[Fault]:
    """What is missing, by the flags that say what changes; what could not be read is not missing."""
    given = changes.settings
    unread = {fault.field for fault in changes.faults}
    flags = ("update_sla_objectives", "update_operating_periods", "update_exclusions")
    if not any(given.get(flag) for flag in flags) and not unread.intersection(flags):
        yield Fault(flags[0], f"is true for no part; set one of {', '.join(flags)}")
    needed = {
        "update_sla_objectives": (),
        "update_operating_periods": ("operating_periods",),
        "update_exclusions": ("exclusions", "update_exclusions_action"),
    }
    for flag, names in needed.items():
        for name in names:
            if given.get(flag) and given.get(name) is None and name not in unread:
                yield Fault(name, f"is required with {flag}")
    if given.get("monitor_ids") is None and "monitors" not in unread:
        yield Fault("monitors", "is required")


def _wanted(given: Any) -> BulkEdit:  # Any: settings of many types, by name
    objectives = {name: given[name] for name in _OBJECTIVES if name in given}
    return BulkEdit(
        objectives=objectives if given.get("update_sla_objectives") else None,
        operating_periods=given.get("operating_periods") if given.get("update_operating_periods") else None,
        exclusions=given.get("exclusions") if given.get("update_exclusions") else None,
        keeps_exclusions=given.get("update_exclusions_action") is ExclusionsAction.APPEND,
    )


def _may_edit(sla_id: int, connection: Connection, actor: Actor) -> Actor:
    require_edit(actor)
    slas.get(connection, actor, sla_id)
    return actor


def _read(sla_id: int, select: frozenset[str] | None, connection: Connection, actor: Actor) -> bytes:
    return to_bytes(_shown(connection, actor, [slas.get(connection, actor, sla_id)], select)[0])


def _find(query: _ListQuery, connection: Connection, actor: Actor) -> bytes:
    if query.monitor_id is not None:
        sla = slas.get_of_monitor(connection, actor, query.monitor_id)
        return to_bytes(_shown(connection, actor, [sla], query.select)[0])
    page = query.page
    found, count = slas.page(connection, actor, limit=page.limit, offset=page.start)
    return to_bytes(envelope(_shown(connection, actor, found, query.select), count=count, page=page, actor=actor))


def _shown(
    connection: Connection, actor: Actor, found: Sequence[SLA], select: frozenset[str] | None
) -> list[dict[str, JSON]]:
    names = {each.id: each.name for each in locations.list_all(connection, actor)}
    return [SLAS.show(SLAView(sla=each, location_names=names), select) for each in found]
