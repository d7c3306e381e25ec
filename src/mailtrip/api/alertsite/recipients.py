"""`/recipients`: who is told of errors (alertsite-v3.md, 4.2)."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter

from mailtrip.api.alertsite.recipient_fields import METHOD, RECIPIENTS, RecipientView
from mailtrip.api.alertsite.record_routes import Filter, RecordKind, Select, Settings, Verb, router_of
from mailtrip.api.calls import Call
from mailtrip.api.codecs import JSON, choice
from mailtrip.model import Actor, AlertType, Recipient
from mailtrip.service import blackouts, recipients
from mailtrip.service.monitors import UNCHANGED
from mailtrip.service.revisions import RecordType
from mailtrip.store import Connection

__all__ = ["router"]

_TYPE: Final = choice(AlertType)


def router() -> APIRouter:
    """The routes of this module."""
    return router_of(_RECIPIENTS)


def _create(connection: Connection, actor: Actor, settings: Settings, call: Call) -> int:
    return recipients.create(connection, actor, **_split(settings), secrets=call.services.secrets, now=call.now)


def _edit(connection: Connection, actor: Actor, id_: int, settings: Settings, call: Call) -> int:
    return recipients.edit(connection, actor, id_, **_split(settings), secrets=call.services.secrets, now=call.now)


def _split(settings: Settings) -> dict[str, Any]:  # Any: of two types
    """The password goes its own way."""
    changes = {name: value for name, value in settings.items() if name != "password"}
    return {"changes": changes, "password": settings.get("password", UNCHANGED)}


def _show(
    connection: Connection, actor: Actor, found: Sequence[Recipient], select: Select, call: Call
) -> list[dict[str, JSON]]:
    del call
    ids = [each.id for each in found]
    groups = recipients.groups_of(connection, ids)
    blackout_ids = blackouts.ids_of_recipients(connection, actor, ids)
    views = [
        RecipientView(recipient=each, group_ids=groups.get(each.id, ()), blackout_ids=blackout_ids.get(each.id, ()))
        for each in found
    ]
    return [RECIPIENTS.show(view, select) for view in views]


_RECIPIENTS: Final = RecordKind(
    type=RecordType.RECIPIENT,
    path="/recipients",
    tag="recipients",
    name="recipient",
    noun="recipient",
    component="Recipient",
    about={
        Verb.CREATE: "Make a recipient. Whatever is not given takes its default.",
        Verb.LIST: "All recipients or those that are asked for, ordered by number.",
        Verb.READ: "One recipient.",
        Verb.EDIT: "Change the fields that are given; the others keep their values. Groups and blackouts are changed "
        "elsewhere.",
        Verb.REMOVE: "Remove a recipient, also from its groups, with its password, at once.",
    },
    filters=[
        Filter(
            name="type",
            setting="type",
            parse=_TYPE.parse,
            accepts=_TYPE.accepts,
            about="Only recipients of such alerts.",
            example="Availability",
        ),
        Filter(
            name="method_id",
            setting="method",
            parse=METHOD.parse,
            accepts=METHOD.returns,
            about="Only recipients with this method.",
            example=12,
        ),
    ],
    table=RECIPIENTS,
    create=_create,
    edit=_edit,
    remove=lambda connection, actor, id_, call: recipients.remove(connection, actor, id_, now=call.now),
    get=recipients.get,
    page=recipients.page,
    show=_show,
)
