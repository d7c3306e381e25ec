"""Where the status page is made: its texts, the monitors on it, its logo and its address."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import InvalidInput
from mailtrip.model import Actor
from mailtrip.model.status_page import StatusEntry, StatusPage
from mailtrip.service import monitors, status_pages
from mailtrip.store import Connection
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.faults import sentences

__all__ = ["may_publish", "routes"]

_LABELS: Final = {"title": "Title", "text": "Text", "entries": "Monitors:", "logo": "The logo"}
_DONE: Final = {
    "saved": "Saved. The public sees it within half a minute.",
    "renewed": "The page has another address. The old one leads nowhere any more.",
}
_NOT_SAVED: Final = StatusPage(account_id=0, slug="", key="")


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        page("/status-page", read_settings),
        action("/status-page", save_settings),
        action("/status-page/logo", set_logo, takes_files=True),
        action("/status-page/logo/remove", remove_logo),
        action("/status-page/renew", renew),
    ]


def may_publish(actor: Actor) -> bool:
    """Whether the actor may change what the public sees."""
    return actor.role.may_edit and actor.access is None


async def read_settings(call: PageCall) -> Response:
    """The page."""
    return await _page(call)


async def save_settings(call: PageCall, form: Form) -> Response:
    """Change the texts and the monitors."""
    changes = {
        "title": form.get("title", "").strip(),
        "text": form.get("text", "").replace("\r\n", "\n").strip() or None,
        "is_published": form.get("is_published") == "yes",
        "entries": _entries(form),
    }
    return await _change(call, changes, form=form)


async def set_logo(call: PageCall, form: Form) -> Response:
    """Take another logo."""
    return await _change(call, {"logo": form.get("logo", "").encode(errors="surrogateescape")})


async def remove_logo(call: PageCall, _form: Form) -> Response:
    """Have no logo."""
    return await _change(call, {"logo": None})


async def renew(call: PageCall, _form: Form) -> Response:
    """Give the page another address."""
    actor, before = await call.actor(), await call.reading(status_pages.get)
    await call.writing(partial(status_pages.renew, actor=actor, now=call.now))
    if before is not None:
        call.services.status_pages.forget(before.slug)
    return see_other("/status-page?done=renewed")


async def _change(call: PageCall, changes: Mapping[str, object], *, form: Form | None = None) -> Response:
    actor = await call.actor()

    def work(connection: Connection) -> str:
        status_pages.edit(connection, actor, changes, now=call.now)
        saved = status_pages.get(connection, actor)
        return "" if saved is None else saved.slug

    try:
        call.services.status_pages.forget(await call.writing(work))
    except InvalidInput as error:
        return await _page(call, faults=sentences(error, _LABELS), form=form)
    return see_other("/status-page?done=saved")


async def _page(call: PageCall, *, faults: Sequence[str] = (), form: Form | None = None) -> Response:
    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        saved = status_pages.get(connection, actor) or _NOT_SAVED
        names = dict(sorted(_names(connection, actor).items(), key=lambda item: item[1].casefold()))
        entries = saved.settings.entries if form is None else _entries(form)
        shown = {entry.monitor_id for entry in entries}
        return {
            "page": saved,
            "title": saved.settings.title if form is None else form.get("title", ""),
            "text": (saved.settings.text or "") if form is None else form.get("text", ""),
            "is_published": saved.settings.is_published if form is None else form.get("is_published") == "yes",
            "entries": entries,
            "names": names,
            "others": {id_: name for id_, name in names.items() if id_ not in shown},
            "may_change": may_publish(actor),
            "faults": faults,
            "done": _DONE.get(call.request.query_params.get("done", "")),
        }

    return await call.show("status_settings.html", find, status=422 if faults else 200)


def _names(connection: Connection, actor: Actor) -> dict[int, str]:
    found, _ = monitors.page(connection, actor, limit=None)
    return {monitor.id: monitor.settings.name for monitor in found}


def _entries(form: Form) -> tuple[StatusEntry, ...]:
    """The entries of the form by their places, and the one that is added at the end."""
    found = []
    for field, name in form.items():
        kind, _, number = field.partition(" ")
        if kind == "name" and _is_number(number) and form.get(f"remove {number}") != "yes":
            place = form.get(f"place {number}", "")
            key = int(place) if _is_number(place) else len(form)
            found.append((key, _entry(number, name, form.get(f"group {number}", ""))))
    added = form.get("add", "")
    new = [_entry(added, form.get("add_name", ""), form.get("add_group", ""))] if _is_number(added) else []
    return (*(entry for _, entry in sorted(found, key=lambda item: item[0])), *new)


def _entry(number: str, name: str, group: str) -> StatusEntry:
    return StatusEntry(monitor_id=int(number), name=name.strip(), group=group.strip() or None)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16
