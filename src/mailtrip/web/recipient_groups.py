"""The pages of recipient groups: which errors of which monitors go to whom."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import Forbidden, InvalidInput, PreconditionFailed
from mailtrip.model import Actor, RecipientGroup, RecipientGroupSettings
from mailtrip.service import groups, monitors, recipients, revisions
from mailtrip.service.access import may_change, require_edit
from mailtrip.service.revisions import RecordType
from mailtrip.store import Connection
from mailtrip.web.alert_view import name_of, show_group
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.faults import with_unread
from mailtrip.web.group_form import (
    LABELS,
    ParsedGroup,
    code_choices,
    differing,
    entries_of,
    parse_entries,
    read_entries,
)
from mailtrip.web.monitor_form import PlacedFaults, place_faults
from mailtrip.web.run import number_in

__all__ = ["routes"]

_HOME: Final = "/alerts/groups"
_EMPTY: Final = RecipientGroupSettings(name="", monitor_ids=(), recipient_ids=())
_DONE: Final = {"saved": "Saved.", "removed": "The group is removed."}
_STALE: Final = (
    "Somebody else has changed this group meanwhile, so nothing was saved. What you wrote differs in: {}. Save again to "
    "have it as it stands here."
)
_Work = Callable[[Connection, Actor, ParsedGroup], int]


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        page(_HOME, read_groups),
        page(f"{_HOME}/new", show_new),
        action(f"{_HOME}/new", add),
        page(f"{_HOME}/{{group_id:int}}/edit", show_form),
        action(f"{_HOME}/{{group_id:int}}/edit", change),
        page(f"{_HOME}/{{group_id:int}}/delete", ask_to_delete),
        action(f"{_HOME}/{{group_id:int}}/delete", delete),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What the page says beside the entries; `revision` is the one that the form was made of."""

    faults: PlacedFaults = field(default_factory=PlacedFaults)
    notice: str = ""
    revision: str | None = None


async def read_groups(call: PageCall) -> Response:
    """All groups."""

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        listed, _ = groups.page(connection, actor)
        names = groups.monitor_names(connection, actor, listed)
        told = groups.recipients_in(connection, actor, listed)
        called = {each.id: each.settings.name for each in listed}
        return {
            "groups": [
                (
                    show_group(each, monitors=names, recipients=told, groups=called),
                    groups.may_edit(actor, each.settings),
                )
                for each in listed
            ],
            "has_default": any(each.settings.is_default for each in listed),
            "may_edit": actor.role.may_edit,
            "done": _DONE.get(call.request.query_params.get("done", "")),
        }

    return await call.show("recipient_groups.html", find)


async def show_new(call: PageCall) -> Response:
    """The form of a new group."""
    return await _show(call, None, entries_of(_EMPTY), _Said())


async def add(call: PageCall, form: Form) -> Response:
    """Make a group."""

    def work(connection: Connection, actor: Actor, parsed: ParsedGroup) -> int:
        return groups.create(connection, actor, parsed.changes, now=call.now)

    return await _save(call, None, form, work)


async def show_form(call: PageCall) -> Response:
    """The form with the settings as they are."""
    group = await call.reading(partial(_find, group_id=number_in(call, "group_id")))
    return await _show(call, group, entries_of(group.settings), _Said())


async def change(call: PageCall, form: Form) -> Response:
    """Save what the form says, if the group is still as it was when the form was shown."""
    group = await call.reading(partial(_find, group_id=number_in(call, "group_id")))
    known = form.get("revision", "")
    seen = int(known) if known.isascii() and known.isdigit() and len(known) <= 18 else 0

    def work(connection: Connection, actor: Actor, parsed: ParsedGroup) -> int:
        revisions.require(connection, actor, RecordType.RECIPIENT_GROUP, group.id, {seen})
        return groups.edit(connection, actor, group.id, parsed.changes, now=call.now)

    return await _save(call, group, form, work)


async def ask_to_delete(call: PageCall) -> Response:
    """What would change, and the button that does it."""

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        return {"group": _find(connection, actor, group_id=number_in(call, "group_id"))}

    return await call.show("recipient_group_delete.html", find)


async def delete(call: PageCall, _form: Form) -> Response:
    """Remove a group."""
    actor, group_id = await call.actor(), number_in(call, "group_id")
    await call.writing(partial(groups.remove, actor=actor, group_id=group_id, now=call.now))
    return see_other(f"{_HOME}?done=removed")


async def _save(call: PageCall, group: RecipientGroup | None, form: Form, work: _Work) -> Response:
    entries, actor = read_entries(form), await call.actor()
    parsed = parse_entries(entries)

    def save(connection: Connection) -> int:
        return with_unread(parsed.faults, lambda: work(connection, actor, parsed))

    try:
        await call.writing(save)
    except InvalidInput as error:
        said = _Said(faults=place_faults(error.faults, LABELS), revision=form.get("revision"))
        return await _show(call, group, entries, said)
    except PreconditionFailed:
        stored = entries_of(_EMPTY if group is None else group.settings)
        differs = ", ".join(differing(entries, stored)) or "nothing"
        return await _show(call, group, entries, _Said(notice=_STALE.format(differs)))
    return see_other(f"{_HOME}?done=saved")


def _find(connection: Connection, actor: Actor, *, group_id: int) -> RecipientGroup:
    """The group; raises NotFound, and Forbidden for those who may not change it."""
    group = groups.get(connection, actor, group_id)
    require_edit(actor)
    if not groups.may_edit(actor, group.settings):
        raise Forbidden("this needs access Edit to all monitors of the group")
    return group


def _with_content(entries: Mapping[str, str]) -> Iterator[str]:
    """The folds in which something is set, by one of their fields."""
    if any(name.startswith("code-") for name in entries):
        yield "status_codes"
    if entries["escalate_after"] or any(name.startswith(("escalate-", "group-")) for name in entries):
        yield "escalate_after"
    if entries["is_urgent"] or entries["is_default"]:
        yield "is_urgent"


async def _show(call: PageCall, group: RecipientGroup | None, entries: Mapping[str, str], said: _Said) -> Response:
    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        require_edit(actor)
        settings = _EMPTY if group is None else group.settings
        others = [
            (each.id, each.settings.name)
            for each in groups.page(connection, actor)[0]
            if group is None or each.id != group.id
        ]
        people = [(each.id, name_of(each)) for each in recipients.page(connection, actor)[0]]
        watched = [
            (each.id, each.settings.name) for each in monitors.page(connection, actor)[0] if may_change(actor, each.id)
        ]
        revision = "" if group is None else str(group.revision)
        return {
            "title": "New group" if group is None else f"Edit {settings.name}",
            "group": group,
            "entries": entries,
            "faults": said.faults,
            "labels": LABELS,
            "notice": said.notice,
            "revision": revision if said.revision is None else said.revision,
            "recipients": people,
            "groups": others,
            "monitors": sorted(watched, key=lambda each: each[1].casefold()),
            "codes": code_choices(settings.status_codes),
            "may_be_default": actor.access is None,
            "open": list(_with_content(entries)),
        }

    return await call.show("recipient_group_form.html", find, status=422 if said.faults.count else 200)
