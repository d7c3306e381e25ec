"""The pages that change a monitor: its form, a switch, and its removal."""

from collections.abc import Mapping
from functools import partial

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import InvalidInput, PreconditionFailed
from mailtrip.model import Actor, Monitor
from mailtrip.service import monitors, revisions
from mailtrip.service.access import require_edit, require_monitor_edit
from mailtrip.service.monitors import Passwords
from mailtrip.service.revisions import RecordType
from mailtrip.store import Connection
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.monitor_fields import Kind, fields_of
from mailtrip.web.monitor_form import PlacedFaults, attempt, entries_of, parse_entries, place_faults, read_entries
from mailtrip.web.monitor_form_page import FormPage
from mailtrip.web.run import number_in

__all__ = ["routes"]

_STALE = (
    "Somebody else has changed this monitor meanwhile, so nothing was saved. Where it differs from what you wrote, the "
    "field says so; save again to have it as it stands here."
)


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        page("/monitors/{monitor_id:int}/edit", show_form),
        action("/monitors/{monitor_id:int}/edit", change),
        action("/monitors/{monitor_id:int}/enabled", switch),
        page("/monitors/{monitor_id:int}/delete", ask_to_delete),
        action("/monitors/{monitor_id:int}/delete", delete),
    ]


async def show_form(call: PageCall) -> Response:
    """The form with the settings as they are."""
    monitor = await call.reading(partial(_find, monitor_id=number_in(call, "monitor_id")))
    return await _form_page(monitor, entries_of(monitor.settings)).show(call)


async def change(call: PageCall, form: Form) -> Response:
    """Save what the form says, if the monitor is still as it was when the form was shown."""
    monitor = await call.reading(partial(_find, monitor_id=number_in(call, "monitor_id")))
    type_, stored = monitor.settings.type, entries_of(monitor.settings)
    entries, actor = read_entries(form, type_), await call.actor()
    known = form.get("revision", "")
    parsed = parse_entries(entries, type_, before=stored)

    def work(connection: Connection) -> int:
        revision = int(known) if known.isascii() and known.isdigit() and len(known) <= 18 else 0
        revisions.require(connection, actor, RecordType.MONITOR, monitor.id, {revision})
        return monitors.edit(
            connection,
            actor,
            monitor.id,
            parsed.changes,
            type=type_,
            passwords=parsed.passwords,
            secrets=call.services.secrets,
            now=call.now,
            policy=call.services.policy,
        )

    try:
        await call.writing(partial(attempt, work=work, parsed=parsed))
    except InvalidInput as error:
        faults = place_faults(error.faults, entries)
        return await _form_page(monitor, entries, faults=faults, revision=known).show(call)
    except PreconditionFailed:
        notes = _differences(monitor, entries, stored)
        return await _form_page(monitor, entries, notices=[_STALE], notes=notes).show(call)
    return see_other(f"/monitors/{monitor.id}#settings")


async def switch(call: PageCall, form: Form) -> Response:
    """Enable the monitor, or pause it."""
    monitor = await call.reading(partial(_find, monitor_id=number_in(call, "monitor_id")))
    work = partial(
        monitors.edit,
        actor=await call.actor(),
        monitor_id=monitor.id,
        changes={"enabled": form.get("enabled") == "yes"},
        type=monitor.settings.type,
        passwords=Passwords(),
        secrets=call.services.secrets,
        now=call.now,
    )
    await call.writing(work)
    return see_other(f"/monitors/{monitor.id}")


async def ask_to_delete(call: PageCall) -> Response:
    """What would be lost, and the button that does it."""
    monitor_id = number_in(call, "monitor_id")

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        return {"monitor": _find(connection, actor, monitor_id=monitor_id)}

    return await call.show("monitor_delete.html", find)


async def delete(call: PageCall, _form: Form) -> Response:
    """Remove the monitor."""
    actor, monitor_id = await call.actor(), number_in(call, "monitor_id")
    await call.writing(partial(monitors.remove, actor=actor, monitor_id=monitor_id, now=call.now))
    return see_other("/overview")


def _find(connection: Connection, actor: Actor, *, monitor_id: int) -> Monitor:
    """The monitor; raises Forbidden for those who may not change it, and NotFound."""
    monitor = monitors.get(connection, actor, monitor_id)
    require_edit(actor)
    require_monitor_edit(actor, [monitor_id])
    return monitor


def _form_page(
    monitor: Monitor,
    entries: Mapping[str, str],
    *,
    faults: PlacedFaults | None = None,
    notices: list[str] | None = None,
    notes: Mapping[str, str] | None = None,
    revision: str | None = None,
) -> FormPage:
    has = {"password": monitor.has_password, "smtp_password": monitor.has_smtp_password}
    kept = {name: "One is stored. Empty: it stays as it is." for name, is_there in has.items() if is_there}
    return FormPage(
        title=f"Edit {monitor.settings.name}",
        action=f"/monitors/{monitor.id}/edit",
        submit="Save",
        back=f"/monitors/{monitor.id}",
        type=monitor.settings.type,
        entries=entries,
        faults=faults or PlacedFaults(),
        notes=kept | dict(notes or {}),
        notices=notices or [],
        hidden={"revision": str(monitor.revision) if revision is None else revision},
    )


def _differences(monitor: Monitor, entries: Mapping[str, str], stored: Mapping[str, str]) -> dict[str, str]:
    """What is stored, beside each field that says something else."""
    return {
        field.name: f"Stored now: {_in_words(field.kind, stored[field.name], dict(field.choices))}"
        for field in fields_of(monitor.settings.type)
        if field.kind is not Kind.PASSWORD and entries[field.name].strip() != stored[field.name].strip()
    }


def _in_words(kind: Kind, text: str, choices: Mapping[str, str]) -> str:
    if kind is Kind.YES:
        return "yes" if text else "no"
    return choices.get(text, text) or "nothing"
