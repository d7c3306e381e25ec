"""`/slas`: service level agreements (alertsite-v3.md, 4.4)."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from mailtrip.api.alertsite.record_routes import Filter, RecordKind, Select, Settings, Verb, router_of
from mailtrip.api.alertsite.records import Changes
from mailtrip.api.alertsite.sla_fields import (
    BULK,
    BULK_EDIT,
    BULK_EDITED,
    FOUND,
    NEW_SLAS,
    SLAS,
    ExclusionsAction,
    SLAView,
)
from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall, Call
from mailtrip.api.codecs import JSON, identifier
from mailtrip.api.idempotency import IdempotencyKey, answer_once
from mailtrip.api.queries import ID_SCHEMA
from mailtrip.errors import Fault
from mailtrip.model import SLA, Actor
from mailtrip.service import locations, slas
from mailtrip.service.access import require_edit
from mailtrip.service.revisions import RecordType
from mailtrip.service.slas import BulkEdit
from mailtrip.store import Connection

__all__ = ["router"]

_ID: Final = identifier()
_OBJECTIVES: Final = ("availability_percent", "response_time", "secondary_response_time", "uptime_percent")


async def bulk_edit(call: AuthenticatedCall, request: Request, key: IdempotencyKey) -> Response:
    """Change goals, operating periods or exclusions of the SLAs of several monitors: all of them or none."""
    actor = await call.actor()
    require_edit(actor)
    body = await read_object(request)
    parsed = BULK.parse(body)
    changes = Changes(settings=parsed.settings, faults=(*parsed.faults, *_bulk_faults(parsed)), ignored=parsed.ignored)
    work = partial(
        slas.bulk_edit,
        actor=actor,
        monitor_ids=changes.settings.get("monitor_ids", ()),
        wanted=_wanted(changes.settings),
        now=call.now,
    )

    def make(connection: Connection) -> JSON:
        return {"ids": [str(each) for each in BULK.attempt(work, changes, connection)]}

    return await answer_once(call, request, actor, make, key=key, body=body, ignored=changes.ignored)


def router() -> APIRouter:
    """The routes of this module."""
    routes = router_of(_SLAS)
    routes.add_api_route(
        "/slas/bulk-edit",
        bulk_edit,
        methods=["POST"],
        name="bulk_edit_slas",
        summary="Edit the SLAs of several monitors",
        responses=BULK_EDITED,
        openapi_extra=BULK_EDIT,
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


def _create(connection: Connection, actor: Actor, settings: Settings, call: Call) -> int:
    changes = {name: value for name, value in settings.items() if name != "monitor_id"}
    return slas.create(connection, actor, settings.get("monitor_id"), changes, now=call.now)


def _page(
    connection: Connection, actor: Actor, *, limit: int | None, offset: int, **_: object
) -> tuple[list[SLA], int]:
    return slas.page(connection, actor, limit=limit, offset=offset)


def _only(connection: Connection, actor: Actor, *, monitor_id: int | None) -> SLA | None:
    return None if monitor_id is None else slas.get_of_monitor(connection, actor, monitor_id)


def _show(
    connection: Connection, actor: Actor, found: Sequence[SLA], select: Select, call: Call
) -> list[dict[str, JSON]]:
    del call
    names = {each.id: each.name for each in locations.list_all(connection, actor)}
    return [SLAS.show(SLAView(sla=each, location_names=names), select) for each in found]


_SLAS: Final = RecordKind(
    type=RecordType.SLA,
    path="/slas",
    tag="service levels",
    name="SLA",
    article="an",
    noun="SLA",
    component="SLA",
    about={
        Verb.CREATE: "Make the SLA of a monitor that has none. Whatever is not given takes its default.",
        Verb.LIST: "All SLAs, ordered by number, or the one of a monitor.",
        Verb.READ: "One SLA.",
        Verb.EDIT: "Change the fields that are given; the others keep their values, lists are replaced as a whole.",
        Verb.REMOVE: "Remove an SLA; its monitor stays.",
    },
    filters=[
        Filter(
            name="monitor_id",
            setting="monitor_id",
            parse=_ID.parse,
            accepts=ID_SCHEMA,
            about="Only the SLA of this monitor, without a list around it; 404 if it has none.",
            example=100001,
        )
    ],
    listed=FOUND,
    table=SLAS,
    new=NEW_SLAS,
    create=_create,
    edit=lambda connection, actor, id_, settings, call: slas.edit(connection, actor, id_, settings, now=call.now),
    remove=lambda connection, actor, id_, call: slas.remove(connection, actor, id_, now=call.now),
    get=slas.get,
    page=_page,
    only=_only,
    show=_show,
)
