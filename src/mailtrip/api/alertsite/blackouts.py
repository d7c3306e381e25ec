"""`/blackouts`: make, edit, list, read and delete blackouts, and edit those of many monitors at once."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from mailtrip.api.alertsite.blackout_docs import BULK_EDITED, BULK_REQUEST
from mailtrip.api.alertsite.blackout_fields import BLACKOUTS, BlackoutView
from mailtrip.api.alertsite.blackout_wire import attempt_bulk, parse_bulk, parse_edit
from mailtrip.api.alertsite.record_routes import Filter, RecordKind, Select, Settings, Verb, router_of
from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall, Call
from mailtrip.api.codecs import JSON, boolean, choice, identifier
from mailtrip.api.idempotency import IdempotencyKey, answer_once
from mailtrip.api.queries import ID_SCHEMA
from mailtrip.model import Actor, Blackout, BlackoutType
from mailtrip.service import blackouts
from mailtrip.service.access import require_edit
from mailtrip.service.revisions import RecordType
from mailtrip.store import Connection

__all__ = ["router"]

_ID: Final = identifier()
_TYPE: Final = choice(BlackoutType)
_BOOLEAN: Final = boolean()


async def bulk_edit(call: AuthenticatedCall, request: Request, key: IdempotencyKey) -> Response:
    """Add to the blackouts of several monitors, or replace them: all of it or nothing.

    Blackouts of types `Monitor` and `Alert` belong to monitors; type `Monitor` unless given.
    """
    actor = await call.actor()
    require_edit(actor)
    body = await read_object(request)
    changes = parse_bulk(body)
    work = partial(
        blackouts.bulk_edit,
        actor=actor,
        monitor_ids=changes.monitor_ids,
        one_time=changes.one_time,
        weekly=changes.weekly,
        now=call.now,
    )

    def make(connection: Connection) -> JSON:
        return {"ids": [str(each) for each in attempt_bulk(work, changes.faults, connection)]}

    return await answer_once(call, request, actor, make, key=key, body=body, ignored=changes.ignored)


def router() -> APIRouter:
    """The routes of this module."""
    routes = router_of(_BLACKOUTS)
    routes.add_api_route(
        "/blackouts/bulk-edit",
        bulk_edit,
        methods=["POST"],
        name="edit_blackouts_of_monitors",
        summary="Edit blackouts of several monitors",
        responses=BULK_EDITED,
        openapi_extra=BULK_REQUEST,
    )
    return routes


def _create(connection: Connection, actor: Actor, settings: Settings, call: Call) -> int:
    return blackouts.create(connection, actor, blackouts.BlackoutDraft(**settings), now=call.now)


def _show(
    connection: Connection, actor: Actor, found: Sequence[Blackout], select: Select, call: Call
) -> list[dict[str, JSON]]:
    del connection, actor
    return [BLACKOUTS.show(BlackoutView(blackout=each, now=call.now), select) for each in found]


_BLACKOUTS: Final = RecordKind(
    type=RecordType.BLACKOUT,
    path="/blackouts",
    tag="blackouts",
    name="blackout",
    noun="blackout",
    component="Blackout",
    about={
        Verb.CREATE: "Make a one-time or a weekly blackout. Which of the two follows from the fields that are given.",
        Verb.LIST: "Blackouts, those to come and those that are over, ordered by id.",
        Verb.READ: "One blackout; fields of the other kind are null.",
        Verb.EDIT: "Change a weekly blackout. A one-time one is deleted and made anew.",
        Verb.REMOVE: "Remove a blackout; what it held back goes on.",
    },
    filters=[
        Filter(
            name="type",
            setting="type",
            parse=_TYPE.parse,
            accepts=_TYPE.accepts,
            about="Only blackouts of this type.",
            example="Monitor",
        ),
        Filter(
            name="assoc_id",
            setting="subject_id",
            parse=_ID.parse,
            accepts=ID_SCHEMA,
            about="Only blackouts of the monitor or recipient with this number.",
            example=100001,
        ),
        Filter(
            name="persistent",
            setting="is_weekly",
            parse=lambda text: _BOOLEAN.parse(text) or None,
            accepts={"type": "boolean"},
            about="`true`: only those that recur each week; `false`: both kinds, as when it is not given.",
            example=True,
        ),
    ],
    table=BLACKOUTS,
    parse_edit=parse_edit,
    create=_create,
    edit=lambda connection, actor, id_, settings, call: blackouts.edit(connection, actor, id_, settings, now=call.now),
    remove=lambda connection, actor, id_, call: blackouts.remove(connection, actor, id_, now=call.now),
    get=blackouts.get,
    page=blackouts.page,
    show=_show,
)
