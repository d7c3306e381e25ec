"""`/notifier-groups`: which errors of which monitors go to which recipients (alertsite-v3.md, 4.3)."""

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter

from mailtrip.api.alertsite.group_fields import GROUPS, GroupView
from mailtrip.api.alertsite.record_routes import Filter, RecordKind, Select, Verb, router_of
from mailtrip.api.calls import Call
from mailtrip.api.codecs import JSON, identifier
from mailtrip.api.queries import ID_SCHEMA
from mailtrip.model import Actor, RecipientGroup
from mailtrip.service import groups
from mailtrip.service.revisions import RecordType
from mailtrip.store import Connection

__all__ = ["router"]

_ID: Final = identifier()


def router() -> APIRouter:
    """The routes of this module."""
    return router_of(_GROUPS)


def _show(
    connection: Connection, actor: Actor, found: Sequence[RecipientGroup], select: Select, call: Call
) -> list[dict[str, JSON]]:
    del call
    names = groups.monitor_names(connection, actor, found)
    people = groups.recipients_in(connection, actor, found)
    return [GROUPS.show(GroupView(group=each, monitor_names=names, recipients=people), select) for each in found]


_GROUPS: Final = RecordKind(
    type=RecordType.RECIPIENT_GROUP,
    path="/notifier-groups",
    tag="recipient groups",
    name="recipient group",
    noun="group",
    component="RecipientGroup",
    about={
        Verb.CREATE: "Make a recipient group. From then on its monitors alert no recipients but those of their groups.",
        Verb.LIST: "All recipient groups, or those that hold a monitor or a recipient, ordered by number.",
        Verb.READ: "One recipient group.",
        Verb.EDIT: "Change the fields that are given; the others keep their values, lists are replaced as a whole.",
        Verb.REMOVE: "Remove a recipient group; its monitors and recipients stay.",
    },
    filters=[
        Filter(
            name="monitor_id",
            setting="monitor_id",
            parse=_ID.parse,
            accepts=ID_SCHEMA,
            about="Only groups that hold this monitor.",
            example=100001,
        ),
        Filter(
            name="recipient_id",
            setting="recipient_id",
            parse=_ID.parse,
            accepts=ID_SCHEMA,
            about="Only groups that hold this recipient.",
            example=100001,
        ),
    ],
    table=GROUPS,
    create=lambda connection, actor, settings, call: groups.create(connection, actor, settings, now=call.now),
    edit=lambda connection, actor, id_, settings, call: groups.edit(connection, actor, id_, settings, now=call.now),
    remove=lambda connection, actor, id_, call: groups.remove(connection, actor, id_, now=call.now),
    get=groups.get,
    page=groups.page,
    show=_show,
)
