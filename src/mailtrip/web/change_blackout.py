"""The pages that make, change and remove blackouts, of one or several monitors or recipients."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import Fault, InvalidInput, PreconditionFailed
from mailtrip.model import Actor, Blackout, BlackoutType, OneTimeWindow
from mailtrip.service import blackouts, groups, monitors, recipients, revisions
from mailtrip.service.access import may_change, require_edit
from mailtrip.service.blackouts import BlackoutDraft
from mailtrip.service.revisions import RecordType
from mailtrip.store import Connection
from mailtrip.web.alert_view import name_of
from mailtrip.web.blackout_form import (
    DAY_NAMES,
    ONCE,
    TYPE_WORDS,
    WEEKLY,
    entries_of,
    first_entries,
    parse,
    read_entries,
)
from mailtrip.web.blackout_view import show_blackout
from mailtrip.web.blackouts import named
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.faults import with_unread
from mailtrip.web.monitor_form import PlacedFaults, place_faults
from mailtrip.web.run import number_in

__all__ = ["routes"]

_MOST_SHOWN: Final = 500
_MOST_AT_ONCE: Final = 1000
_LONGEST_SEARCH: Final = 200
_CHANGEABLE: Final = ("type", "start_day", "start_time", "end_day", "end_time", "note")
_SUBJECT: Final = re.compile(r"(monitor|group|recipient)-([0-9]{1,18})\Z")
_STALE: Final = "Somebody else has changed this blackout meanwhile, so nothing was saved. This is how it stands now."


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        page("/alerts/blackouts/new", show_new),
        action("/alerts/blackouts/new", create),
        page("/alerts/blackouts/{blackout_id:int}", show_one),
        action("/alerts/blackouts/{blackout_id:int}", change),
        action("/alerts/blackouts/{blackout_id:int}/remove", remove),
    ]


async def show_new(call: PageCall) -> Response:
    """The empty form; the address may name a monitor or a recipient, and a day."""
    given = call.request.query_params
    chosen = {f"{kind}-{given[kind]}" for kind in ("monitor", "recipient") if kind in given}
    entries = first_entries()
    if "recipient" in given:
        entries["type"] = BlackoutType.NOTIFIER.value
    if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", day := given.get("day", "")):
        entries |= {"start": f"{day}T00:00", "end": ""}
    return await _new_page(call, entries, chosen)


async def create(call: PageCall, form: Form) -> Response:
    """Make a blackout of each monitor or recipient that was chosen: all of them or none."""
    actor, entries = await call.actor(), read_entries(form)
    chosen = {name for name in form if _SUBJECT.match(name)}
    draft, faults = parse(entries)
    work = partial(_create_all, actor=actor, draft=draft, chosen=chosen, unread=faults, now=call.now)
    try:
        await call.writing(work)
    except InvalidInput as error:
        return await _new_page(call, entries, chosen, faults=place_faults(error.faults, {**entries, "subjects": ""}))
    day = f"&day={draft.start:%Y-%m-%d}" if draft.start else ""
    return see_other(f"/alerts/blackouts?done=made{day}")


async def show_one(call: PageCall) -> Response:
    """A blackout, with its form for those who may change it."""
    return await _one_page(call)


async def change(call: PageCall, form: Form) -> Response:
    """Change a blackout that was not changed meanwhile; of a one-time one, another takes the place."""
    actor, entries = await call.actor(), read_entries(form)
    known = form.get("revision", "")
    revision = int(known) if known.isascii() and known.isdigit() and len(known) <= 18 else 0
    blackout_id = number_in(call, "blackout_id")

    def work(connection: Connection) -> int:
        before = blackouts.get(connection, actor, blackout_id)
        require_edit(actor)
        revisions.require(connection, actor, RecordType.BLACKOUT, blackout_id, {revision})
        return _replace(connection, actor, before, entries, now=call.now)

    try:
        new_id = await call.writing(work)
    except InvalidInput as error:
        return await _one_page(call, entries=entries, faults=place_faults(error.faults, entries))
    except PreconditionFailed:
        return await _one_page(call, notice=_STALE)
    return see_other(f"/alerts/blackouts/{new_id}?done=changed")


async def remove(call: PageCall, _form: Form) -> Response:
    """Remove a blackout; what it stopped goes on."""
    actor, blackout_id = await call.actor(), number_in(call, "blackout_id")
    await call.writing(partial(blackouts.remove, actor=actor, blackout_id=blackout_id, now=call.now))
    return see_other("/alerts/blackouts?done=removed")


def _replace(
    connection: Connection, actor: Actor, before: Blackout, entries: Mapping[str, str], *, now: datetime
) -> int:
    """The blackout as the form has it: its subject and whether it repeats stay."""
    is_once = isinstance(before.window, OneTimeWindow)
    kept = {"repeats": ONCE if is_once else WEEKLY}
    if before.type is BlackoutType.NOTIFIER:
        kept["type"] = before.type.value
    draft, unread = parse({**entries, **kept})
    draft = replace(draft, subject_id=before.subject_id)

    def save() -> int:
        if is_once:
            blackouts.remove(connection, actor, before.id, now=now)
            return blackouts.create(connection, actor, draft, now=now)
        changes = {name: getattr(draft, name) for name in _CHANGEABLE}
        return blackouts.edit(connection, actor, before.id, changes, now=now)

    return with_unread(unread, save)


def _create_all(
    connection: Connection,
    actor: Actor,
    draft: BlackoutDraft,
    *,
    chosen: Collection[str],
    unread: list[Fault],
    now: datetime,
) -> None:
    """A blackout for each subject; raises InvalidInput with all faults, each once."""
    require_edit(actor)
    kind = "recipient" if draft.type is BlackoutType.NOTIFIER else "monitor"
    ids, faults = _subjects(connection, actor, chosen, kind)

    def save() -> None:
        for id_ in ids or (None,):
            try:
                blackouts.create(connection, actor, replace(draft, subject_id=id_), now=now)
            except InvalidInput as error:
                faults.extend(fault for fault in error.faults if fault.field != "subject_id" or id_ is not None)
        if faults:
            raise InvalidInput(list(dict.fromkeys(faults)))

    with_unread(unread, save)


def _subjects(
    connection: Connection, actor: Actor, chosen: Collection[str], kind: str
) -> tuple[list[int], list[Fault]]:
    """The monitors or recipients that were chosen, those of groups among them, and what is wrong with the choice."""
    numbers = [(found[1], int(found[2])) for name in chosen if (found := _SUBJECT.match(name))]
    ids = {number for word, number in numbers if word == kind}
    wanted = {number for word, number in numbers if word == "group"}
    for group in groups.page(connection, actor)[0] if wanted else ():
        if group.id in wanted:
            settings = group.settings
            ids |= {*(settings.recipient_ids if kind == "recipient" else settings.monitor_ids)}
    if not ids:
        return [], [Fault("subjects", f"is empty; choose a {kind}, or a group that has one")]
    if len(ids) > _MOST_AT_ONCE:
        return [], [Fault("subjects", f"has {len(ids)} {kind}s; choose {_MOST_AT_ONCE} at most")]
    if kind == "monitor" and not all(may_change(actor, id_) for id_ in ids):
        return [], [Fault("subjects", "has monitors that you may not change; choose others")]
    return sorted(ids), []


async def _new_page(
    call: PageCall, entries: Mapping[str, str], chosen: Collection[str], *, faults: PlacedFaults | None = None
) -> Response:
    text = call.request.query_params.get("q", "").strip()[:_LONGEST_SEARCH]

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        require_edit(actor)
        listed = [each for each in monitors.page(connection, actor)[0] if may_change(actor, each.id)]
        return {
            "entries": entries,
            "faults": faults or PlacedFaults(),
            "chosen": chosen,
            "types": TYPE_WORDS,
            "day_names": DAY_NAMES,
            "now": call.now,
            "q": text,
            "monitors": _choices({each.id: each.settings.name for each in listed}, "monitor", chosen, text),
            "monitors_total": len(listed),
            "most": _MOST_SHOWN,
            "groups": [(f"group-{each.id}", each.settings.name) for each in groups.page(connection, actor)[0]],
            "recipients": [
                (f"recipient-{each.id}", name_of(each)) for each in recipients.page(connection, actor)[0][:_MOST_SHOWN]
            ],
        }

    return await call.show("blackout_form.html", find, status=422 if faults else 200)


def _choices(names: Mapping[int, str], kind: str, chosen: Collection[str], text: str) -> list[tuple[str, str]]:
    """Those that are chosen, and the others whose name has the text: as many as a page can show."""
    found = [(f"{kind}-{id_}", name) for id_, name in names.items()]
    found.sort(key=lambda each: (each[0] not in chosen, each[1].casefold()))
    return [each for each in found if each[0] in chosen or text.casefold() in each[1].casefold()][:_MOST_SHOWN]


async def _one_page(
    call: PageCall,
    *,
    entries: Mapping[str, str] | None = None,
    faults: PlacedFaults | None = None,
    notice: str | None = None,
) -> Response:
    blackout_id = number_in(call, "blackout_id")

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        blackout = blackouts.get(connection, actor, blackout_id)
        [(_, subject)] = named(connection, actor, [blackout])
        is_of_recipient = blackout.type is BlackoutType.NOTIFIER
        window = blackout.window
        return {
            "blackout": blackout,
            "row": show_blackout(blackout, now=call.now),
            "subject": subject,
            "types": {
                word: text for word, text in TYPE_WORDS.items() if (word is blackout.type) or not is_of_recipient
            },
            "entries": entries_of(blackout) if entries is None else entries,
            "faults": faults or PlacedFaults(),
            "day_names": DAY_NAMES,
            "now": call.now,
            "notice": notice,
            "done": call.request.query_params.get("done") == "changed",
            "is_once": isinstance(window, OneTimeWindow),
            "has_begun": isinstance(window, OneTimeWindow) and window.start <= call.now,
            "may_change": actor.role.may_edit and (is_of_recipient or may_change(actor, blackout.subject_id)),
        }

    return await call.show("blackout.html", find, status=422 if faults or notice else 200)
