"""Incidents: what the public is told of on the status page."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import Fault, InvalidInput
from mailtrip.model import Actor
from mailtrip.model.status_page import Incident, IncidentState
from mailtrip.service import incidents, status_pages
from mailtrip.store import Connection
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.cursors import parse_id
from mailtrip.web.faults import sentences
from mailtrip.web.run import number_in
from mailtrip.web.status_settings import may_publish
from mailtrip.web.status_view import INCIDENT_STATES

__all__ = ["routes"]

_PER_PAGE: Final = 50
_LABELS: Final = {"title": "Title", "text": "What is known", "began_at": "Began", "monitor_ids": "Affected:"}
_DONE: Final = {
    "told": "The public is told of it, if the status page is published.",
    "saved": "Saved.",
    "removed": "The incident is removed.",
}
_PATH: Final = "/status-page/incidents"
_MINUTE: Final = "%Y-%m-%dT%H:%M"


def routes() -> list[Route]:
    """The routes of this module."""
    one = f"{_PATH}/{{incident_id:int}}"
    return [
        page(_PATH, list_incidents),
        action(_PATH, create),
        page(one, read),
        action(one, edit),
        action(f"{one}/updates", tell),
        action(f"{one}/remove", remove),
    ]


async def list_incidents(call: PageCall) -> Response:
    """All incidents, and a form for another one."""
    return await _list_page(call)


async def create(call: PageCall, form: Form) -> Response:
    """Tell of an incident."""
    actor = await call.actor()
    try:
        given = {
            "title": form.get("title", "").strip(),
            "text": _text(form),
            "state": _state(form),
            "began_at": _began(form),
            "monitor_ids": _monitor_ids(form),
        }
        incident_id = await call.writing(
            lambda connection: incidents.create(connection, actor, now=call.now, **given)  # type: ignore[arg-type]  # by name
        )
    except InvalidInput as error:
        return await _list_page(call, faults=sentences(error, _LABELS), form=form)
    return await _after(call, f"{_PATH}/{incident_id}?done=told")


async def read(call: PageCall) -> Response:
    """One incident, and what can be done about it."""
    return await _incident_page(call)


async def edit(call: PageCall, form: Form) -> Response:
    """Change what it is called, when it began, and what it affects."""
    actor, incident_id = await call.actor(), number_in(call, "incident_id")
    try:
        changes: dict[str, object] = {"title": form.get("title", "").strip(), "monitor_ids": _monitor_ids(form)}
        before = await call.reading(partial(_get, incident_id=incident_id))
        if form.get("began_at") != before.began_at.strftime(_MINUTE):
            changes["began_at"] = _began(form)
        work = partial(incidents.edit, actor=actor, incident_id=incident_id, changes=changes, now=call.now)
        await call.writing(work)
    except InvalidInput as error:
        return await _incident_page(call, faults=sentences(error, _LABELS))
    return await _after(call, f"{_PATH}/{incident_id}?done=saved")


async def tell(call: PageCall, form: Form) -> Response:
    """Tell more of it."""
    actor, incident_id = await call.actor(), number_in(call, "incident_id")
    add = partial(incidents.add_update, actor=actor, incident_id=incident_id, text=_text(form), state=_state(form))
    try:
        await call.writing(partial(add, now=call.now))
    except InvalidInput as error:
        return await _incident_page(call, faults=sentences(error, _LABELS), text=form.get("text", ""))
    return await _after(call, f"{_PATH}/{incident_id}?done=told")


async def remove(call: PageCall, _form: Form) -> Response:
    """Remove it with all that was told of it."""
    actor, incident_id = await call.actor(), number_in(call, "incident_id")
    await call.writing(partial(incidents.remove, actor=actor, incident_id=incident_id, now=call.now))
    return await _after(call, f"{_PATH}?done=removed")


async def _after(call: PageCall, path: str) -> Response:
    """Have the public see the change at once, and lead on."""
    shown = await call.reading(status_pages.get)
    if shown is not None:
        call.services.status_pages.forget(shown.slug)
    return see_other(path)


async def _list_page(call: PageCall, *, faults: Sequence[str] = (), form: Form | None = None) -> Response:
    before = parse_id(call.request.query_params.get("before", ""))

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        found = incidents.page(connection, actor, limit=_PER_PAGE + 1, before=before)
        return {
            "incidents": found[:_PER_PAGE],
            "more": f"{_PATH}?before={found[_PER_PAGE - 1].id}" if len(found) > _PER_PAGE else None,
            "form": form or {},
            **_frame(connection, actor, call, faults),
        }

    return await call.show("incidents.html", find, status=422 if faults else 200)


async def _incident_page(call: PageCall, *, faults: Sequence[str] = (), text: str = "") -> Response:
    incident_id = number_in(call, "incident_id")

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        incident = incidents.get(connection, actor, incident_id)
        return {
            "incident": incident,
            "began_at": incident.began_at.strftime(_MINUTE),
            "text": text,
            **_frame(connection, actor, call, faults),
        }

    return await call.show("incident.html", find, status=422 if faults else 200)


def _frame(connection: Connection, actor: Actor, call: PageCall, faults: Sequence[str]) -> Mapping[str, object]:
    shown = status_pages.get(connection, actor)
    return {
        "entries": () if shown is None else shown.settings.entries,
        "states": INCIDENT_STATES,
        "may_change": may_publish(actor),
        "faults": faults,
        "done": _DONE.get(call.request.query_params.get("done", "")),
    }


def _get(connection: Connection, actor: Actor, *, incident_id: int) -> Incident:
    return incidents.get(connection, actor, incident_id)


def _text(form: Form) -> str:
    return form.get("text", "").replace("\r\n", "\n").strip()


def _state(form: Form) -> IncidentState | None:
    return next((state for state in IncidentState if state == form.get("state")), None)


def _monitor_ids(form: Form) -> tuple[int, ...]:
    numbers = (name.partition(" ")[2] for name, value in form.items() if name.startswith("monitor ") and value == "yes")
    return tuple(number for text in numbers if (number := parse_id(text)) is not None)


def _began(form: Form) -> datetime | None:
    """A time as forms send it, in UTC; None where none is given.

    Raises:
        InvalidInput: it is none.
    """
    given = form.get("began_at", "").strip()
    if not given:
        return None
    try:
        return datetime.strptime(given[:16], _MINUTE).replace(tzinfo=UTC)
    except ValueError:
        raise InvalidInput([Fault("began_at", "is no time; give one like 2026-01-31T12:00")]) from None
