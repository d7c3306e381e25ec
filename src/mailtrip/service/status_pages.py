"""The status page of an account: read and changed by those who may; the public's view of it is `public_status`."""

import secrets
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from mailtrip import store
from mailtrip.errors import Fault, Forbidden, InvalidInput
from mailtrip.model import Actor, AuditAction
from mailtrip.model.status_page import StatusEntry, StatusPage, StatusPageSettings
from mailtrip.service import audit, pictures
from mailtrip.service.access import may_see, require_edit
from mailtrip.service.settings import settle
from mailtrip.service.text_rules import line_fault, note_fault
from mailtrip.store import Connection

__all__ = [
    "LONGEST_NAME",
    "LONGEST_TEXT",
    "MOST_ENTRIES",
    "edit",
    "get",
    "monitor_faults",
    "new_key",
    "renew",
    "require_publisher",
]

MOST_ENTRIES: Final = 100
LONGEST_NAME: Final = 100
"""Characters of titles, and of names of entries and groups."""
LONGEST_TEXT: Final = 2000


def get(connection: Connection, actor: Actor) -> StatusPage | None:
    """The account's page, with those entries whose monitors the actor may see; None before it is first saved."""
    page = store.status_pages.get(connection, actor.account_id)
    if page is None or actor.access is None:
        return page
    entries = tuple(entry for entry in page.settings.entries if may_see(actor, entry.monitor_id))
    return replace(page, settings=replace(page.settings, entries=entries))


def edit(
    connection: Connection,
    actor: Actor,
    changes: Mapping[str, Any],  # Any: values of many types
    *,
    now: datetime,
) -> None:
    """Change the account's page, which is made with its first change.

    Args:
        connection: of a writing transaction.
        actor: who asks.
        changes: fields of `StatusPageSettings` by name, and `logo` (bytes of a PNG or JPEG); None resets one.
        now: the time of the change.

    Raises:
        Forbidden: the role may not edit, or some monitors are kept from the actor.
        InvalidInput: with all faults.
    """
    require_publisher(actor)
    page = _locked(connection, actor)
    before = page.settings
    given = {name: value for name, value in changes.items() if name != "logo"}
    settings = replace(before, **settle(StatusPageSettings, given))
    faults = _faults(connection, actor, settings, given)
    logo = page.logo
    if "logo" in changes:
        try:
            logo = None if changes["logo"] is None else pictures.clean(changes["logo"], field="logo")
        except InvalidInput as error:
            faults += error.faults
    if faults:
        raise InvalidInput(faults)
    keys = {entry.monitor_id: page.entry_keys.get(entry.monitor_id) or new_key() for entry in settings.entries}
    store.status_pages.replace(connection, actor.account_id, settings, logo, keys)
    audit.record(
        connection,
        actor,
        AuditAction.STATUS_PAGE_CHANGED,
        actor.account_id,
        now=now,
        before=_noted(before),
        after=_noted(settings),
        secrets={"logo": (page.logo is not None, logo is not None)} if logo != page.logo else None,
        name=settings.title,
    )


def renew(connection: Connection, actor: Actor, *, now: datetime) -> None:
    """Give the page another address; the one that it has leads nowhere from now on. Raises Forbidden as `edit` does."""
    require_publisher(actor)
    page = _locked(connection, actor)
    store.status_pages.set_slug(connection, actor.account_id, _new_slug())
    audit.record(
        connection,
        actor,
        AuditAction.STATUS_PAGE_CHANGED,
        actor.account_id,
        now=now,
        before={},
        after={},
        secrets={"address": (True, True)},
        name=page.settings.title,
    )


def require_publisher(actor: Actor) -> None:
    """Raise Forbidden unless the actor may change what the public sees: it may be of any monitor."""
    require_edit(actor)
    if actor.access is not None:
        raise Forbidden("this needs access Edit to all monitors")


def monitor_faults(connection: Connection, actor: Actor, monitor_ids: Collection[int], *, field: str) -> list[Fault]:
    """What is wrong with monitors that are named."""
    there = {found.monitor.id for found in store.shown_monitors.get_all(connection, actor.account_id, monitor_ids)}
    missing = sorted(set(monitor_ids) - there)
    if missing:
        return [Fault(field, f"there is no monitor {missing[0]}; name those of this account")]
    if len(set(monitor_ids)) < len(monitor_ids):
        return [Fault(field, "names a monitor twice; name each once")]
    return []


def new_key() -> str:
    """A UUID that says nothing of what it names."""
    return str(uuid.uuid4())


def _new_slug() -> str:
    return secrets.token_urlsafe(24)


def _locked(connection: Connection, actor: Actor) -> StatusPage:
    store.status_pages.ensure(connection, StatusPage(account_id=actor.account_id, slug=_new_slug(), key=new_key()))
    page = store.status_pages.get(connection, actor.account_id, lock=True)
    if page is None:
        raise TypeError("the status page that was just made is not there")
    return page


def _faults(
    connection: Connection, actor: Actor, settings: StatusPageSettings, given: Mapping[str, object]
) -> list[Fault]:
    found = [("title", line_fault(settings.title, most=LONGEST_NAME)), ("text", _text_fault(settings.text))]
    faults = [Fault(field, fault) for field, fault in found if fault is not None]
    if "entries" not in given:
        return faults
    if len(settings.entries) > MOST_ENTRIES:
        faults.append(Fault("entries", f"has {len(settings.entries)} items; at most {MOST_ENTRIES} are allowed"))
    faults += _entry_faults(settings.entries)
    ids = [entry.monitor_id for entry in settings.entries]
    return faults + monitor_faults(connection, actor, ids, field="entries")


def _entry_faults(entries: Sequence[StatusEntry]) -> list[Fault]:
    named = [(entry, what, text) for entry in entries for what, text in (("name", entry.name), ("group", entry.group))]
    return [
        Fault("entries", f"the {what} of monitor {entry.monitor_id} {fault}")
        for entry, what, text in named
        if text is not None and (fault := line_fault(text, most=LONGEST_NAME)) is not None
    ]


def _text_fault(text: str | None) -> str | None:
    if text is None:
        return None
    if len(text) > LONGEST_TEXT:
        return f"has {len(text)} characters; at most {LONGEST_TEXT} are taken"
    return note_fault(text)


def _noted(settings: StatusPageSettings) -> dict[str, object]:
    """As the audit log tells it: entries in words."""
    entries = [
        f"{entry.monitor_id}: {entry.group} / {entry.name}" if entry.group else f"{entry.monitor_id}: {entry.name}"
        for entry in settings.entries
    ]
    return {
        "title": settings.title,
        "text": settings.text,
        "is_published": settings.is_published,
        "entries": entries,
    }
