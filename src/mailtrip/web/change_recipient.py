"""The pages that make and change recipients: the method first, then its form, with a preview of its wording."""

import asyncio
import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import Fault, InvalidInput, NotFound, PreconditionFailed
from mailtrip.model import Actor, AlertMethod, Recipient, SecretKind
from mailtrip.service import alert_templates, recipients, revisions
from mailtrip.service.access import require_edit
from mailtrip.service.alert_templates import Preview
from mailtrip.service.revisions import RecordType
from mailtrip.store import Connection
from mailtrip.web.alert_view import name_of
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.monitor_form import PlacedFaults
from mailtrip.web.recipient_fields import PASSWORD, Group, Kind, RecipientField, fields_of
from mailtrip.web.recipient_form import (
    Parsed,
    differences,
    entries_of,
    first_entries,
    parse_entries,
    place_faults,
    read_entries,
)
from mailtrip.web.recipient_view import MAIL, SENT_BY, method_name
from mailtrip.web.recipients import mail_warning
from mailtrip.web.run import number_in

__all__ = ["routes"]

_Work = Callable[[Connection, Actor, Parsed], int]

_HOME: Final = "/alerts/recipients"
_ABOUT: Final = {
    AlertMethod.EMAIL_HTML: "With pictures and colours, as text only, or in 300 characters.",
    AlertMethod.APPRISE: "Slack, Teams, Telegram, ntfy, PagerDuty, SMS gateways and a hundred others.",
    AlertMethod.WEB_SIGNED: "JSON with a signature that the receiver can check.",
    AlertMethod.WEB_JSON: "JSON with the field names that AlertSite has, or a web form with the same.",
    AlertMethod.SNMP_V2C: "For network management: version 2c or 1.",
}
"""What is offered, and what is said of it; the form has what is close to each."""
_STALE: Final = (
    "Somebody else has changed this recipient meanwhile, so nothing was saved. Where it differs from what you wrote, the "
    "field says so; save again to have it as it stands here."
)
_CANT_SEND: Final = (
    "Mailtrip can't send by this method: what is to be told this way is told to the fall-back, if there is one."
)


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        page(f"{_HOME}/new", show_new),
        action(f"{_HOME}/new", add),
        action(f"{_HOME}/new/preview", preview_new),
        page(f"{_HOME}/{{recipient_id:int}}/edit", show_form),
        action(f"{_HOME}/{{recipient_id:int}}/edit", change),
        action(f"{_HOME}/{{recipient_id:int}}/edit/preview", preview_changed),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a form is about; `recipient` is None for a new one, `others` can be its fall-back."""

    recipient: Recipient | None
    method: AlertMethod
    fields: tuple[RecipientField, ...]
    warning: str | None

    @property
    def stored(self) -> dict[str, str]:
        if self.recipient is None:
            return first_entries(self.method, self.fields)
        return entries_of(self.recipient.settings, self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What the page says beside the entries."""

    faults: PlacedFaults = field(default_factory=PlacedFaults)
    notes: Mapping[str, str] = field(default_factory=dict)
    notices: Sequence[str] = ()
    revision: str | None = None
    preview: Preview | None = None
    status: int = 200


async def show_new(call: PageCall) -> Response:
    """How the new recipient is to be told; then its form."""
    if "method" not in call.request.query_params:

        def find(_connection: Connection, actor: Actor) -> Mapping[str, object]:
            require_edit(actor)
            return {"methods": [(int(method), SENT_BY[method], about) for method, about in _ABOUT.items()]}

        return await call.show("recipient_methods.html", find)
    known = await _new(call, call.request.query_params["method"])
    return await _show(call, known, known.stored, _Said())


async def add(call: PageCall, form: Form) -> Response:
    """Make a recipient."""
    known = await _new(call, form.get("of", ""))

    def work(connection: Connection, actor: Actor, parsed: Parsed) -> int:
        return recipients.create(
            connection,
            actor,
            parsed.changes,
            password=parsed.password,
            secrets=call.services.secrets,
            now=call.now,
        )

    return await _save(call, known, form, work, done="added")


async def preview_new(call: PageCall, form: Form) -> Response:
    """The form as it stands, with an example in the words of its templates."""
    return await _preview(call, await _new(call, form.get("of", "")), form)


async def show_form(call: PageCall) -> Response:
    """The form with the settings as they are."""
    known = await _stored(call)
    return await _show(call, known, known.stored, _Said())


async def change(call: PageCall, form: Form) -> Response:
    """Save what the form says, if the recipient is still as it was when the form was shown."""
    known, revision = await _stored(call), form.get("revision", "")
    recipient_id = number_in(call, "recipient_id")
    seen = int(revision) if revision.isascii() and revision.isdigit() and len(revision) <= 18 else 0

    def work(connection: Connection, actor: Actor, parsed: Parsed) -> int:
        revisions.require(connection, actor, RecordType.RECIPIENT, recipient_id, {seen})
        return recipients.edit(
            connection,
            actor,
            recipient_id,
            parsed.changes,
            password=parsed.password,
            secrets=call.services.secrets,
            now=call.now,
        )

    return await _save(call, known, form, work, done="changed")


async def preview_changed(call: PageCall, form: Form) -> Response:
    """As `preview_new`, of one that is there."""
    return await _preview(call, await _stored(call), form)


async def _save(
    call: PageCall,
    known: _Known,
    form: Form,
    work: _Work,
    *,
    done: str,
) -> Response:
    entries, actor = read_entries(form, known.fields), await call.actor()
    parsed = parse_entries(entries, known.fields, known.method)
    try:
        recipient_id = await call.writing(partial(_attempt, actor=actor, work=work, parsed=parsed))
    except InvalidInput as error:
        faults = place_faults(error.faults, known.fields)
        return await _show(call, known, entries, _Said(faults=faults, revision=form.get("revision"), status=422))
    except PreconditionFailed:
        notes = differences(entries, known.stored, known.fields)
        return await _show(call, known, entries, _Said(notes=notes, notices=[_STALE]))
    return see_other(f"{_HOME}/{recipient_id}?done={done}")


def _attempt(connection: Connection, *, actor: Actor, work: _Work, parsed: Parsed) -> int:
    """Do it, and tell all faults at once; what can't be read keeps the transaction from being kept."""
    unread = {fault.field for fault in parsed.faults}
    found: list[Fault] = list(parsed.faults)
    try:
        recipient_id = work(connection, actor, parsed)
    except InvalidInput as error:
        found += [fault for fault in error.faults if fault.field not in unread]
        raise InvalidInput(found) from error
    if found:
        raise InvalidInput(found)
    return recipient_id


async def _preview(call: PageCall, known: _Known, form: Form) -> Response:
    entries = read_entries(form, known.fields)
    wanted = {name: entries.get(name, "").strip() or None for name in ("subject_template", "text_template")}
    said = _Said(revision=form.get("revision"))
    try:
        made = await asyncio.to_thread(partial(alert_templates.preview, **wanted))
        said = _Said(revision=form.get("revision"), preview=made)
    except InvalidInput as error:
        said = _Said(revision=form.get("revision"), faults=place_faults(error.faults, known.fields))
    return await _show(call, known, entries, said)


async def _new(call: PageCall, number: str) -> _Known:
    method = next((each for each in SENT_BY if str(int(each)) == number), None)
    if method is None:
        raise NotFound("there is no such method")
    return await call.reading(partial(_know, recipient_id=None, method=method, call=call))


async def _stored(call: PageCall) -> _Known:
    return await call.reading(
        partial(_know, recipient_id=number_in(call, "recipient_id"), method=AlertMethod.EMAIL_HTML, call=call)
    )


def _know(
    connection: Connection, actor: Actor, *, recipient_id: int | None, method: AlertMethod, call: PageCall
) -> _Known:
    """Raises Forbidden for those who may not change it, and NotFound."""
    recipient = None if recipient_id is None else recipients.get(connection, actor, recipient_id)
    require_edit(actor)
    if recipient is not None:
        method = recipient.settings.method
    found, _ = recipients.page(connection, actor)
    others = [(each.id, name_of(each)) for each in found if each.id != recipient_id]
    warning = mail_warning(call, connection, actor, [method]) if method in MAIL else None
    return _Known(
        recipient=recipient,
        method=method,
        fields=fields_of(method, others=others),
        warning=warning if method in SENT_BY else _CANT_SEND,
    )


async def _show(call: PageCall, known: _Known, entries: Mapping[str, str], said: _Said) -> Response:
    recipient, faulty = known.recipient, [each for each in known.fields if each.name in said.faults.by_field]
    home = _HOME if recipient is None else f"{_HOME}/{recipient.id}"
    form = {
        "title": f"New recipient: {method_name(known.method)}" if recipient is None else f"Edit {name_of(recipient)}",
        "action": f"{_HOME}/new" if recipient is None else f"{home}/edit",
        "submit": "Add" if recipient is None else "Save",
        "back": home,
        "entries": entries,
        "faults": said.faults,
        "notes": {**_notes(known), **said.notes},
        "hidden": _hidden(known, said),
    }
    usual = first_entries(known.method, known.fields)
    own = {name for name, text in entries.items() if text != usual[name]}
    groups = {group: [each for each in known.fields if each.group is group] for group in Group}
    values = {
        "form": form,
        "faulty": faulty,
        "usual": {group: groups.pop(group) for group in (Group.WHERE, Group.WHAT)},
        "folds": {group: fields for group, fields in groups.items() if fields},
        "open": {each.group for each in known.fields if each in faulty or each.name in said.notes or each.name in own},
        "preview": said.preview,
        "notices": [*([known.warning] if known.warning else []), *said.notices],
        "retyped": [each.label for each in known.fields if each.kind is Kind.PASSWORD and entries.get(each.name)],
    }
    return await call.show("recipient_form.html", lambda _connection, _actor: values, status=said.status)


def _notes(known: _Known) -> dict[str, str]:
    if known.recipient is not None and known.recipient.has_password:
        return {PASSWORD: "One is stored. Empty: it stays as it is."}
    if known.method.secret is SecretKind.SIGNING:
        fresh = base64.b64encode(secrets.token_bytes(32)).decode()
        return {PASSWORD: f"A fresh one, made for this page and stored nowhere yet: whsec_{fresh}"}
    return {}


def _hidden(known: _Known, said: _Said) -> dict[str, str]:
    if known.recipient is None:
        return {"of": str(int(known.method))}
    return {"revision": str(known.recipient.revision) if said.revision is None else said.revision}
